// Arm MPS2 board: 4 MiB each of memory for code and data. What an image for it has room for.
#pragma once

#include "broker/core/budget.hpp"
#include "broker/core/promise.hpp"
#include "broker/settings/limits.hpp"
#include "platform/boards/common/keeping.hpp"
#include "platform/boards/common/network.hpp"
#include "platform/boards/mps2/lwip/board_sizes.h"

namespace midge::board {

inline constexpr std::string_view kName = MIDGE_BOARD_NAME;  // mps2-an385, ...

inline constexpr core::Paging kPaging{.page_bytes = 1'024, .reserve_pages = 32};

inline constexpr settings::Limits kLimits{
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

// For what of it memory is enough at the same time; it sizes the arena.
inline constexpr core::Promise kPromise{.inflight = 1'024, .half_packets = 2};

// There is no storage.
inline constexpr KeepingRoom kKeepingRoom{};
inline constexpr core::Promise kKeepingPromise = kPromise;

// QEMU's user network.
inline constexpr Address kAddress{
    .address = {10, 0, 2, 15}, .netmask = {255, 255, 255, 0}, .gateway = {10, 0, 2, 2}};

}  // namespace midge::board
