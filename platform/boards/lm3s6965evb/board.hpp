// LM3S6965 evaluation board: 256 KiB of flash, 64 KiB of RAM. What an image for it has room for.
#pragma once

#include "broker/settings/limits.hpp"
#include "platform/boards/common/network.hpp"
#include "platform/boards/lm3s6965evb/lwip/board_sizes.h"

namespace midge::board {

inline constexpr std::string_view kName = "lm3s6965evb";

inline constexpr std::size_t kPageBytes = 512;
inline constexpr std::size_t kArenaBytes = 34 * 1024;
inline constexpr std::size_t kReservePages = 4;

inline constexpr settings::Limits kLimits{
    .memory_bytes = kArenaBytes,
    .connections = MIDGE_CLIENTS,
    .sessions = MIDGE_CLIENTS + 8,
    .subscriptions = 2 * (MIDGE_CLIENTS + 8),
    .retained_messages = 32,
    .queued_messages = 16,
    .queued_bytes = 4'096,
    .total_queued_messages = 8 * 16,
    .group_queued_messages = 16,
    .inflight_messages = 8,
    .inflight_bytes = 4'096,
    .inbound_qos2 = 8,
    .packet_bytes = 2'048,
    .payload_bytes = 1'536,
    .topic_levels = 16,
    .topic_alias_maximum = 4,
    .topic_alias_maximum_out = 4,
};

// QEMU's user network.
inline constexpr Address kAddress{
    .address = {10, 0, 2, 15}, .netmask = {255, 255, 255, 0}, .gateway = {10, 0, 2, 2}};

}  // namespace midge::board
