// One message on its way to one session: the small entry that a session keeps for it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "broker/base/slab.hpp"
#include "broker/message/message.hpp"
#include "broker/metrics/metrics.hpp"
#include "broker/session/outbound_state.hpp"
#include "broker/wire/protocol.hpp"

namespace midge::session {

struct Group;

// The Subscription Identifiers of a delivery that has more than one. Fits the place of a Delivery
// and comes from the same pool, so that a bound on matching subscriptions bounds both together.
struct IdentifierList {
  static constexpr std::size_t kIdentifiers = sizeof(void*) == 8 ? 7 : 4;
  IdentifierList* next = nullptr;
  std::uint32_t count = 0;
  std::uint32_t identifiers[kIdentifiers] = {};
};

struct Delivery {
  Delivery* next = nullptr;
  message::Message* message = nullptr;  // counted
  Group* group = nullptr;  // counted; the shared group that it came from, null for none
  union {
    std::uint32_t identifier = 0;  // Subscription Identifier, 0: none
    IdentifierList* identifiers;   // when has_list
  };
  // AwaitCommit: the low half of that commit's number. Queued: counts what the journal was told, to
  // compare by the sign of the difference.
  std::uint32_t hold = 0;
  wire::PacketIdentifier packet_id = 0;  // 0 while it has none
  OutboundState state : 3 = OutboundState::Queued;
  bool is_apart : 1 = false;  // the journal did not tell it together with its message
  bool is_copy : 1 = false;   // the journal told it again elsewhere
  bool is_late : 1 = false;   // its message was retained, and others may have had it before
  wire::QoS qos : 2 = wire::QoS::AtMostOnce;  // effective
  bool retain : 1 = false;                    // RETAIN as it goes out
  bool has_list : 1 = false;
  bool dup : 1 = false;          // the PUBLISH went out on an earlier connection
  bool takes_quota : 1 = false;  // counts against the receiver's Receive Maximum now
  bool is_passed : 1 = false;    // identifiers have gone once round and passed its own by
  bool is_copied : 1 = false;    // the journal is making room, and has told it again
};

static_assert(sizeof(IdentifierList) <= sizeof(Delivery));

// Makes and frees deliveries.
class Deliveries {
 public:
  Deliveries(Memory& memory, message::Messages& messages, metrics::Metrics& metrics)
      : memory_(memory), pool_(memory.arena()), messages_(messages), metrics_(metrics) {}
  Deliveries(const Deliveries&) = delete;
  Deliveries& operator=(const Deliveries&) = delete;

  // What a delivery takes of memory.
  [[nodiscard]] static constexpr std::size_t delivery_bytes() { return sizeof(Slot); }

  // Makes sure that the next `count` calls of create() and add_identifier() succeed.
  [[nodiscard]] bool prepare(std::size_t count) { return pool_.prepare(count); }
  // Ends that.
  void settle() { pool_.settle(); }

  // Adds a reference to `message`; null when memory is full.
  [[nodiscard]] Delivery* create(message::Message& message);

  // False when memory is full; then nothing changes. `identifier` is not 0.
  [[nodiscard]] bool add_identifier(Delivery& delivery, std::uint32_t identifier);

  // Calls visit(identifier) for each Subscription Identifier.
  template <class Visit>
  static void for_each_identifier(const Delivery& delivery, Visit visit) {
    if (!delivery.has_list) {
      if (delivery.identifier != 0) visit(delivery.identifier);
      return;
    }
    for (const IdentifierList* list = delivery.identifiers; list != nullptr; list = list->next) {
      for (std::uint32_t i = 0; i < list->count; ++i) visit(list->identifiers[i]);
    }
  }

  void destroy(Delivery* delivery);

  // Makes `delivery` one that came from `group`.
  static void set_group(Delivery& delivery, Group& group);
  // Frees a group that has neither members nor deliveries under way.
  void release_if_unused(Group& group);

  [[nodiscard]] message::Messages& messages() { return messages_; }
  [[nodiscard]] std::size_t used() const { return pool_.used(); }

 private:
  union Slot {
    Slot() {}
    ~Slot() {}
    Delivery delivery;
    IdentifierList list;
  };

  Memory& memory_;
  Pool<Slot> pool_;
  message::Messages& messages_;
  metrics::Metrics& metrics_;
};

}  // namespace midge::session
