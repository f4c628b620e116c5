// LM3S6965 evaluation board: 256 KiB of flash, 64 KiB of RAM. What an image for it has room for.
#pragma once

#include "broker/core/budget.hpp"
#include "broker/core/promise.hpp"
#include "broker/persist/needs.hpp"
#include "broker/settings/limits.hpp"
#include "platform/boards/common/keeping.hpp"
#include "platform/boards/common/network.hpp"
#include "platform/boards/lm3s6965evb/lwip/board_sizes.h"

namespace midge::board {

inline constexpr std::string_view kName = "lm3s6965evb";

inline constexpr core::Paging kPaging{.page_bytes = 512, .reserve_pages = 4};

inline constexpr settings::Limits kLimits{
    .connections = MIDGE_CLIENTS,
    .sessions = MIDGE_CLIENTS + 8,
    .subscriptions = 2 * MIDGE_CLIENTS + 8,
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

// For what of it memory is enough at the same time; it sizes the arena. docs/sizing.md tells how
// to choose.
inline constexpr core::Promise kPromise{
    .filter_bytes = 20,
    .topic_bytes = 21,
    .payload_bytes = 32,
    .queued = 8 * 16,
    .filter_branches = MIDGE_CLIENTS + 2,
    .topic_branches = 2,
    .groups = 0,
    .expiring = 0,
    .wills = 0,
    .inflight = 1,
    .receivers = 8,
    .inbound_qos2 = 0,
    .aliasing = 0,
    .busy = 1,
    .half_packets = 0,
    .mixed_pages = 0,
};

// With a card sessions and messages take more memory, so fewer messages that wait are promised.
inline constexpr std::uint32_t kKeptQueued = 5 * 8;

// The log's blocks are 512 bytes. A message has three quarters of what they hold: five are enough
// for the largest payload and its topic.
inline constexpr std::size_t kLogBufferBytes = persist::SegmentHeader::kBytes + 5 * 512;

// A start must not fail for what clients have filled the memory with: of messages at most what the
// limits let wait and be retained, and some that are under way or have gone while it reads.
inline constexpr persist::Store::Needs kStoreNeeds =
    persist::Store::needs(kPaging.page_bytes, kLimits.sessions,
                          kLimits.retained_messages + kLimits.total_queued_messages + 16);
// What it has beside that is the reserve, and lwIP's heap but for what is lost at its ends.
inline constexpr std::size_t kFreeAtStart =
    kPaging.reserve_pages + MEM_SIZE / kPaging.page_bytes - 3;
inline constexpr KeepingRoom kKeepingRoom{
    .buffer_bytes = kLogBufferBytes,
    .mount_pages = kStoreNeeds.mount_pages - kFreeAtStart,
};

inline constexpr core::Promise kKeepingPromise = [] {
  core::Promise promise = kPromise;
  promise.queued = kKeptQueued;
  promise.journal = true;
  static_assert(kLogBufferBytes % alignof(persist::Store) == 0, "the store lies behind it");
  const std::size_t bytes = round_up(kLogBufferBytes + sizeof(persist::Store), kPaging.page_bytes);
  promise.journal_pages = static_cast<std::uint32_t>(bytes / kPaging.page_bytes +
                                                     kStoreNeeds.pages + kKeepingRoom.mount_pages);
  return promise;
}();

// QEMU's user network.
inline constexpr Address kAddress{
    .address = {10, 0, 2, 15}, .netmask = {255, 255, 255, 0}, .gateway = {10, 0, 2, 2}};

}  // namespace midge::board
