// What the records of a store come to: how many sessions, subscriptions, messages ... there are at
// its end. It counts, and keeps no more of a record than that needs; texts are told apart by a hash
// of 64 bits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "broker/base/arena.hpp"
#include "broker/base/hash.hpp"
#include "broker/base/hash_index.hpp"
#include "broker/base/list.hpp"
#include "broker/base/memory.hpp"
#include "broker/base/slab.hpp"
#include "broker/persist/inspect.hpp"

namespace midge::persist {

class Contents final {
 public:
  explicit Contents(Arena& arena);
  Contents(const Contents&) = delete;
  Contents& operator=(const Contents&) = delete;

  // In the order of the log.
  void add(const Record& record);
  // All were added: what waits for owners that were never told does not count.
  void finish();
  // False when the arena was too small: then there is more than was counted.
  [[nodiscard]] bool is_complete() const { return is_complete_; }

  struct Counts {
    std::size_t sessions = 0;
    std::size_t groups = 0;
    std::size_t subscriptions = 0;
    std::size_t messages = 0;  // that something below refers to
    // Of sessions and groups; a message that waits for one of them several times counts once.
    std::size_t queued = 0;
    std::size_t launched = 0;  // of these, with a packet identifier
    std::size_t inbound = 0;   // QoS 2 identifiers of clients
    std::size_t retained = 0;
    std::size_t wills = 0;
  };
  [[nodiscard]] const Counts& counts() const { return counts_; }

 private:
  enum class Kind : std::uint8_t {
    Session,       // owner
    Group,         // owner
    Untold,        // owner: one or the other, for which something waits
    Message,       // message
    Subscription,  // owner, filter
    Queued,        // owner, message
    Launched,      // owner, packet identifier
    Inbound,       // owner, packet identifier
    Retained,      // topic
    Will,          // owner
  };
  // Something that counts. What it is found by is said at each kind.
  struct Item : HashNode, ListNode<Item> {
    Kind kind{};
    std::uint64_t first = 0;
    std::uint64_t second = 0;
    List<Item, Item> belongings{};  // of an owner
    Item* owner = nullptr;          // whose it belongs to
    Item* message = nullptr;        // that it refers to
    Item* pair = nullptr;           // Queued and its Launched
    std::uint64_t topic = 0;        // of a message
    std::size_t references = 0;     // of a message
  };

  [[nodiscard]] static std::uint32_t hash_of(Kind kind, std::uint64_t first, std::uint64_t second);
  [[nodiscard]] static std::uint64_t hash_of(std::string_view text);
  [[nodiscard]] Item* find(Kind kind, std::uint64_t first, std::uint64_t second = 0) const;
  [[nodiscard]] Item* owner(OwnerNumber number) const;
  // Finds or makes.
  Item* have(Kind kind, std::uint64_t first, std::uint64_t second = 0, Item* owner = nullptr);
  void have_owner(Kind kind, OwnerNumber number);
  void refer(Item* item, Item* message);
  void remove(Item* item);
  void remove_owner(OwnerNumber number);
  void forget_contents(Item& owner, MessageNumber from);
  void launch(Item* owner, std::uint64_t message, std::uint64_t id);
  std::size_t& count_of(Kind kind);

  Pool<Item> items_;
  Memory memory_;
  HashIndex<Item> index_;
  Counts counts_;
  std::size_t told_messages_ = 0;
  std::size_t untold_owners_ = 0;
  bool is_complete_ = true;
};

}  // namespace midge::persist
