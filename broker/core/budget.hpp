// What memory goes to, byte by byte: the arena that Limits and a Promise need. make_budget() makes
// it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "broker/base/page_count.hpp"

namespace midge::core {

// What memory goes to. In the order of the table.
enum class User : std::uint8_t {
  Core,
  Journal,
  SizeClasses,
  Scratch,
  Matching,
  Connections,
  Sessions,
  Subscriptions,
  Filters,
  Groups,
  RetainedTopics,
  RetainedMessages,
  Queued,
  Inflight,
  Handled,
  Wills,
  InboundQos2,
  Aliases,
  HashTables,
  Busy,
  HalfPackets,
  Mixed,
  Reserve,
  Rounding,
  Map,
};
inline constexpr std::size_t kUsers = static_cast<std::size_t>(User::Map) + 1;
inline constexpr std::array<std::string_view, kUsers> kUserNames = {
    "core and its state",
    "journal",
    "tables of size classes",
    "scratch of the outbox",
    "stack of matching",
    "connections",
    "sessions",
    "subscriptions",
    "filters in the tree",
    "shared groups",
    "retained topics",
    "retained messages",
    "queued messages",
    "messages in flight",
    "a message being delivered",
    "wills",
    "QoS 2 without PUBREL",
    "clients with topic aliases",
    "hash tables",
    "busy clients",
    "half packets",
    "pages for mixed lengths",
    "reserve",
    "heads and rests of pages",
    "map of pages",
};

struct Paging {
  std::size_t page_bytes;  // a power of two, at least 256
  std::size_t reserve_pages;
};

struct Budget {
  struct Line {
    std::uint64_t count = 0;
    std::uint64_t bytes = 0;  // of all
  };
  std::array<Line, kUsers> lines{};
  std::uint64_t pages = 0;
  // All lines together.
  std::uint64_t arena_bytes = 0;

  // One more, with its part of the pages.
  struct Costs {
    PageCount::Cost connection;  // without its session
    PageCount::Cost session;
    PageCount::Cost subscription;  // to a filter that somebody has
    PageCount::Cost filter;        // that nobody has, besides
    PageCount::Cost retained;
    PageCount::Cost queued;
  };
  Costs costs;

  [[nodiscard]] constexpr const Line& operator[](User user) const {
    return lines[static_cast<std::size_t>(user)];
  }
};

}  // namespace midge::core
