// How much memory Limits and a Promise need, while compiling: what a board's arena is sized by.
// Sizes are the objects' own, and pages are counted by the rules that take them.
//
// A core on an arena of Budget::arena_bytes accepts all that is promised, whatever came and went
// before: page_count.hpp tells why the pages suffice. What is beyond may still find room, or is
// refused.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "broker/base/arena.hpp"
#include "broker/base/page_count.hpp"
#include "broker/connection/incoming.hpp"
#include "broker/connection/outbox_plan.hpp"
#include "broker/core/budget.hpp"
#include "broker/core/promise.hpp"
#include "broker/core/state.hpp"
#include "broker/settings/limits.hpp"

namespace midge::core {

// What a static array can have. No board has so much memory, so its linker tells what is too much.
inline constexpr std::uint64_t kMostBytes = 0x7FFF'0000;

// The limits with the memory that they need.
[[nodiscard]] constexpr settings::Limits with_memory(settings::Limits limits,
                                                     const Budget& budget) {
  limits.memory_bytes = static_cast<std::size_t>(std::min(budget.arena_bytes, kMostBytes));
  return limits;
}

class Reckoning {
 public:
  constexpr Reckoning(const settings::Limits& limits, const Promise& promise, const Paging& paging)
      : limits_(limits), promise_(promise), paging_(paging) {}

  constexpr Budget make() {
    put_core();
    put_clients();
    put_subscriptions();
    put_retained();
    put_messages();
    put_hash_tables();
    put_work();
    finish();
    return budget_;
  }

 private:
  using Place = PageCount::Place;
  using Cost = PageCount::Cost;

  // The pieces of memory that one thing is made of.
  class Parts {
   public:
    constexpr Parts(const Place& place) { *this += place; }  // implicit: most have but one
    constexpr Parts& add(const Place& place, std::uint64_t count) {
      parts_[size_++] = {place, count};
      return *this;
    }
    constexpr Parts& operator+=(const Place& place) { return add(place, 1); }
    constexpr Parts operator+(const Parts& other) const {
      Parts sum = *this;
      for (std::size_t i = 0; i < other.size_; ++i) sum.parts_[sum.size_++] = other.parts_[i];
      return sum;
    }
    template <class Visit>
    constexpr void for_each(Visit visit) const {
      for (std::size_t i = 0; i < size_; ++i) visit(parts_[i].place, parts_[i].count);
    }

   private:
    struct Part {
      Place place;
      std::uint64_t count = 0;
    };
    std::array<Part, 8> parts_{};
    std::size_t size_ = 0;
  };

  [[nodiscard]] constexpr Place memory(std::size_t bytes) const { return pages_.memory(bytes); }
  [[nodiscard]] constexpr Budget::Line& line(User user) {
    return budget_.lines[static_cast<std::size_t>(user)];
  }
  [[nodiscard]] constexpr Cost cost(const Parts& parts) const {
    Cost sum;
    parts.for_each(
        [&](const Place& place, std::uint64_t count) { sum = sum + pages_.cost(place) * count; });
    return sum;
  }
  constexpr void put(User user, const Parts& parts, std::uint64_t things) {
    line(user).count = things;
    put_besides(user, parts, things);
  }
  // Of something that is counted by another part.
  constexpr void put_besides(User user, const Parts& parts, std::uint64_t things) {
    parts.for_each([&](const Place& place, std::uint64_t count) {
      pages_.add(place, count * things);
      line(user).bytes += place.bytes * count * things;
    });
  }
  constexpr void put_pages(User user, std::uint64_t count) {
    pages_.add_pages(count);
    line(user).count = count;
    line(user).bytes += count * paging_.page_bytes;
  }
  // What is promised, but never more than there can be.
  [[nodiscard]] static constexpr std::uint64_t at_most(std::uint32_t promised, std::uint64_t most) {
    return promised == Promise::kAsLimits ? most : std::min<std::uint64_t>(promised, most);
  }

  // --- what things are made of ---

  [[nodiscard]] constexpr Parts message(std::uint32_t payload_bytes) const {
    // Whoever promises that messages expire promises it for all.
    const std::size_t head = sizeof(message::Message) +
                             (promise_.expiring > 0 ? sizeof(Instant) : 0) +
                             (promise_.journal ? sizeof(message::Stored) : 0) +
                             promise_.topic_bytes + std::size_t{promise_.properties_bytes};
    const std::size_t largest = pages_.largest_class_bytes();
    if (head + payload_bytes <= largest) return memory(head + payload_bytes);
    const std::size_t block = largest - sizeof(message::Block);
    return Parts(memory(head)).add(memory(largest), (payload_bytes + block - 1) / block);
  }
  [[nodiscard]] constexpr Parts message() const { return message(promise_.payload_bytes); }
  [[nodiscard]] constexpr Parts delivered() const { return Parts(delivery_) + message(); }
  [[nodiscard]] constexpr Parts session() const {
    return memory(sizeof(session::Session) + promise_.client_id_bytes + promise_.user_name_bytes);
  }
  [[nodiscard]] constexpr Parts filter() const {
    return memory(sizeof(routing::TreeNode) + promise_.filter_bytes);
  }
  [[nodiscard]] constexpr Parts retained_topic() const {
    return memory(sizeof(routing::RetainedNode) + sizeof(const char*));
  }
  [[nodiscard]] constexpr Parts aliases(std::uint16_t maximum) const {
    return Parts(memory(connection::TopicAliases::table_bytes(maximum)))
        .add(memory(promise_.topic_bytes), maximum);
  }
  [[nodiscard]] constexpr Parts extras() const { return memory(sizeof(connection::Extras)); }
  // Half in: a buffer that has grown, and the one before it, which is copied from. For a PUBLISH,
  // its message and what its head was read into. The larger of both.
  [[nodiscard]] constexpr Parts half_packet() const {
    const std::uint32_t bytes = std::min(promise_.half_packet_bytes, limits_.packet_bytes);
    const Parts incoming = memory(sizeof(connection::Incoming));
    const Parts any = incoming + Parts(memory(bytes)).add(memory(bytes), 1);
    const Parts publish =
        incoming + message(std::min(bytes, limits_.payload_bytes)) +
        memory(promise_.topic_bytes + std::size_t{promise_.properties_bytes} + 16);
    return cost(any).with_page > cost(publish).with_page ? any : publish;
  }

  // --- how many of them ---

  [[nodiscard]] constexpr std::uint64_t window() const {
    return limits_.inflight_messages == 0 ? 0xFFFF : limits_.inflight_messages;
  }
  [[nodiscard]] constexpr std::uint64_t groups() const {
    return at_most(promise_.groups, limits_.subscriptions);
  }
  [[nodiscard]] constexpr std::uint64_t filter_nodes() const {
    return std::uint64_t{limits_.subscriptions} +
           at_most(promise_.filter_branches, limits_.subscriptions);
  }
  [[nodiscard]] constexpr std::uint64_t topic_nodes() const {
    return std::uint64_t{limits_.retained_messages} +
           at_most(promise_.topic_branches, limits_.retained_messages);
  }

  constexpr void put_core() {
    put_pages(User::Core, Core::pages_of(paging_.page_bytes));
    put_pages(User::Journal, promise_.journal_pages);
    const SizeClassTable classes(paging_.page_bytes, Slab::usable_page_bytes(paging_.page_bytes));
    put_pages(User::SizeClasses,
              round_up(classes.bytes(sizeof(Slab)), paging_.page_bytes) / paging_.page_bytes);
    put(User::Scratch, memory(connection::OutboxScratch::memory_bytes(scratch_bytes(limits_))), 1);
    put(User::Matching, memory(routing::SubscriptionTree::stack_bytes(limits_.topic_levels)), 1);
  }

  constexpr void put_clients() {
    const Place connection = pages_.pool(sizeof(connection::Connection));
    const std::uint64_t arriving = at_most(promise_.arriving, limits_.connections);
    put(User::Connections, connection, limits_.connections + arriving);
    put_besides(User::Connections, memory(sizeof(connection::Arrival)), arriving);
    put(User::Sessions, session(), limits_.sessions);
    budget_.costs.connection = cost(connection);
    budget_.costs.session = cost(session());

    const Place will = pages_.pool(sizeof(session::Will));
    put(User::Wills, Parts(will) + message(), at_most(promise_.wills, limits_.sessions));
    const Place inbound = pages_.pool(sizeof(session::InboundIdentifier));
    const std::uint64_t open = std::max<std::uint64_t>(window(), limits_.inbound_qos2);
    put(User::InboundQos2, inbound, at_most(promise_.inbound_qos2, limits_.sessions * open));
    put(User::Aliases,
        extras() + aliases(limits_.topic_alias_maximum) + aliases(limits_.topic_alias_maximum_out),
        at_most(promise_.aliasing, limits_.connections));
  }

  constexpr void put_subscriptions() {
    const Place subscription = pages_.pool(sizeof(session::Subscription));
    put(User::Subscriptions, subscription, limits_.subscriptions);
    put(User::Filters, filter(), filter_nodes());
    put(User::Groups, memory(sizeof(session::Group) + promise_.share_name_bytes), groups());
    budget_.costs.subscription = cost(subscription);
    budget_.costs.filter = cost(filter());
  }

  constexpr void put_retained() {
    const std::uint64_t count = limits_.retained_messages;
    const Place expiry = pages_.pool(sizeof(routing::RetainedExpiry));
    put(User::RetainedTopics, retained_topic(), topic_nodes());
    put_besides(User::RetainedTopics, expiry, at_most(promise_.expiring, count));
    put(User::RetainedMessages, message(), count);
    budget_.costs.retained = cost(retained_topic() + message());
  }

  constexpr void put_messages() {
    delivery_ = pages_.pool(session::Deliveries::delivery_bytes());
    const std::uint64_t waiting = std::uint64_t{limits_.sessions} * limits_.queued_messages +
                                  groups() * limits_.group_queued_messages;
    const std::uint64_t queued = at_most(limits_.total_queued_messages, waiting);
    put(User::Queued, delivered(), at_most(promise_.queued, queued));
    put(User::Inflight, delivered(), at_most(promise_.inflight, limits_.sessions * window()));
    put(User::Handled, message(), 1);
    put_besides(User::Handled, delivery_, at_most(promise_.receivers, limits_.subscriptions));
    budget_.costs.queued = cost(delivered());
  }

  constexpr void put_table(std::uint64_t nodes, HashTable::Load load) {
    const auto most = static_cast<std::size_t>(std::min<std::uint64_t>(nodes, 1U << 30));
    HashTable::for_each_piece(
        most, load, [this](std::size_t bytes) { put_besides(User::HashTables, memory(bytes), 1); });
  }
  constexpr void put_hash_tables() {
    put_table(limits_.sessions, session::Sessions::kTableLoad);
    put_table(filter_nodes(), routing::LevelTree::kTableLoad);
    put_table(topic_nodes(), routing::LevelTree::kTableLoad);
    put_table(groups(), HashTable::Load::Even);
    line(User::HashTables).count = 4;
  }

  constexpr void put_work() {
    // Small acknowledgements and a CONNACK or SUBACK; a replay; the rest of a packet's head, with
    // the topic in it.
    constexpr std::size_t kReplyBytes = 64;
    using connection::Acknowledgements;
    put(User::Busy,
        extras() + memory(Acknowledgements::small_bytes()) +
            memory(Acknowledgements::packet_bytes(kReplyBytes)) +
            memory(sizeof(routing::Replay) + promise_.filter_bytes) +
            memory(sizeof(connection::Held) + promise_.topic_bytes + 16),
        at_most(promise_.busy, limits_.connections));
    put(User::HalfPackets, half_packet(), at_most(promise_.half_packets, limits_.connections));
    // Lengths up to those that are promised: the objects of a class fill all pages but one.
    std::size_t longest = 0;
    for (const Parts& parts : {session(), filter(), retained_topic(), message()}) {
      parts.for_each([&longest](const Place& place, std::uint64_t) {
        longest = std::max(longest, place.bytes);
      });
    }
    put_pages(User::Mixed, at_most(promise_.mixed_pages, pages_.classes_up_to(longest) - 1));
    put_pages(User::Reserve, paging_.reserve_pages);
  }

  constexpr void finish() {
    std::uint64_t bytes = 0;
    for (const Budget::Line& at : budget_.lines) bytes += at.bytes;
    // Half packets have at most half of the arena together.
    const std::uint64_t half = line(User::HalfPackets).bytes / paging_.page_bytes + 1;
    budget_.pages = std::max(pages_.pages(), 2 * half);
    line(User::Rounding) = {budget_.pages, budget_.pages * paging_.page_bytes - bytes};
    budget_.arena_bytes = budget_.pages * paging_.page_bytes;
    if (budget_.arena_bytes < kMostBytes) {
      budget_.arena_bytes =
          Arena::range_bytes(static_cast<std::size_t>(budget_.pages), paging_.page_bytes);
    }
    line(User::Map) = {1, budget_.arena_bytes - budget_.pages * paging_.page_bytes};
  }

  settings::Limits limits_;
  Promise promise_;
  Paging paging_;
  PageCount pages_{paging_.page_bytes};
  Place delivery_;
  Budget budget_;
};

// Limits::memory_bytes does not count: it follows from the others.
[[nodiscard]] constexpr Budget make_budget(const settings::Limits& limits, const Promise& promise,
                                           const Paging& paging) {
  // Some of the core's own memory grows with all of it, by far less than that.
  settings::Limits sized = limits;
  sized.memory_bytes = 0;
  for (;;) {
    const Budget budget = Reckoning(sized, promise, paging).make();
    const std::size_t before = sized.memory_bytes;
    sized = with_memory(sized, budget);
    if (sized.memory_bytes == before) return budget;
  }
}

}  // namespace midge::core
