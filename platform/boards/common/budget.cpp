// What the board's RAM goes to, as a table for cmake/budget. It is part of the image's file, in a
// section that is not loaded: it takes neither flash nor RAM, and can be read before linking.
#include <lwip/tcp.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "platform/boards/common/board_budget.hpp"
#include "platform/lwip/transports.hpp"

namespace midge::board {

namespace {

// As cmake/budget reads it, in the byte order of the core. What `count` and `bytes` are depends on
// the group:
//   board    its name; bytes of a page
//   arena    how many of them; bytes of all
//   static   the same, of what lies beside the arena
//   holds    how many are promised at the same time; bytes of what is in each, such as a payload
//   costs    bytes of one more; bytes with its part of a page
struct Row {
  std::array<char, 8> group;
  std::array<char, 40> what;
  std::uint64_t count;
  std::uint64_t bytes;
};

using Connections = lwip::Transports::Storage<MEMP_NUM_TCP_PCB, MIDGE_LEFTOVER_BLOCKS>;

class Table {
 public:
  static constexpr std::size_t kRows = core::kUsers + 20;

  constexpr Table() {
    using core::User;
    add("board", kName, 0, kPaging.page_bytes);
    for (std::size_t user = 0; user < core::kUsers; ++user) {
      const core::Budget::Line& line = kLargerBudget.lines[user];
      add("arena", core::kUserNames[user], line.count, line.bytes);
    }
    add("static", "transports", MEMP_NUM_TCP_PCB, sizeof(Connections::transports));
    add("static", "blocks of received bytes", MIDGE_LEFTOVER_BLOCKS, sizeof(Connections::blocks));

    add("holds", "clients", kLimits.connections, kPromise.client_id_bytes);
    add("holds", "sessions", kBudget[User::Sessions].count, kPromise.client_id_bytes);
    add("holds", "subscriptions", kBudget[User::Subscriptions].count, kPromise.filter_bytes);
    add("holds", "retained messages", kBudget[User::RetainedMessages].count,
        kPromise.payload_bytes);
    add("holds", "queued messages", kBudget[User::Queued].count, kPromise.payload_bytes);
    add("holds", "queued messages, kept", kKeepingBudget[User::Queued].count,
        kKeepingPromise.payload_bytes);
    add("holds", "topics", 0, kPromise.topic_bytes);

    const core::Budget::Costs& costs = kLargerBudget.costs;
    const PageCount::Cost transport{sizeof(lwip::Transport), sizeof(lwip::Transport)};
    add("costs", "connected client", costs.connection + costs.session + transport);
    add("costs", "lwIP's own for it", {sizeof(tcp_pcb), sizeof(tcp_pcb)});
    add("costs", "session without a client", costs.session);
    add("costs", "subscription, filter in use", costs.subscription);
    add("costs", "subscription, new filter", costs.subscription + costs.filter);
    add("costs", "retained message", costs.retained);
    constexpr std::uint64_t kOwn = kPromise.topic_bytes + kPromise.payload_bytes;
    add("costs", "of it beyond topic and payload",
        {costs.retained.bytes - kOwn, costs.retained.with_page - kOwn});
    add("costs", "queued message", costs.queued);
  }

 private:
  constexpr void add(std::string_view group, std::string_view what, std::uint64_t count,
                     std::uint64_t bytes) {
    Row& row = rows_[count_++];
    std::copy(group.begin(), group.end(), row.group.begin());
    std::copy(what.begin(), what.end(), row.what.begin());
    row.count = count;
    row.bytes = bytes;
  }
  constexpr void add(std::string_view group, std::string_view what, const PageCount::Cost& cost) {
    add(group, what, cost.bytes, cost.with_page);
  }

  std::array<Row, kRows> rows_{};
  std::size_t count_ = 0;
};

[[gnu::used, gnu::section(".midge_budget")]] constexpr Table kTable;

}  // namespace

}  // namespace midge::board
