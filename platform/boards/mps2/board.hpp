// Arm MPS2 board: 4 MiB each of memory for code and data. What an image for it has room for.
#pragma once

#include "broker/settings/limits.hpp"
#include "platform/boards/common/network.hpp"
#include "platform/boards/mps2/lwip/board_sizes.h"

namespace midge::board {

inline constexpr std::string_view kName = MIDGE_BOARD_NAME;  // mps2-an385, ...

inline constexpr std::size_t kPageBytes = 1'024;
inline constexpr std::size_t kArenaBytes = 2 * 1'024 * 1'024;
inline constexpr std::size_t kReservePages = 32;

inline constexpr settings::Limits kLimits{
    .memory_bytes = kArenaBytes,
    .connections = MIDGE_CLIENTS,
    .sessions = 4 * MIDGE_CLIENTS,
    .subscriptions = 16 * MIDGE_CLIENTS,
    .retained_messages = 1'024,
    .queued_messages = 256,
    .total_queued_messages = 4'096,
    .group_queued_messages = 256,
    .inflight_messages = 20,
    .inbound_qos2 = 64,
    .packet_bytes = 256 * 1'024,
    .topic_levels = 64,
};

// QEMU's user network.
inline constexpr Address kAddress{
    .address = {10, 0, 2, 15}, .netmask = {255, 255, 255, 0}, .gateway = {10, 0, 2, 2}};

}  // namespace midge::board
