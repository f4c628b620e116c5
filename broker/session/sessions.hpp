// The table of sessions by client id, and the memory of what hangs in them.
#pragma once

#include <optional>
#include <string_view>

#include "broker/base/hash.hpp"
#include "broker/base/hash_index.hpp"
#include "broker/base/memory.hpp"
#include "broker/base/slab.hpp"
#include "broker/metrics/metrics.hpp"
#include "broker/session/commits.hpp"
#include "broker/session/delivery.hpp"
#include "broker/session/session.hpp"
#include "broker/settings/limits.hpp"

namespace midge::session {

class Sessions {
 public:
  // Looked into once for each CONNECT.
  static constexpr HashTable::Load kTableLoad = HashTable::Load::Heavy;

  Sessions(Memory& memory, message::Messages& messages, metrics::Metrics& metrics,
           const settings::Limits& limits, Commits& commits, Hasher hasher);
  Sessions(const Sessions&) = delete;
  Sessions& operator=(const Sessions&) = delete;

  [[nodiscard]] Session* find(std::string_view client_id) const;
  // A new, empty session; null when the session limit is reached or memory is full.
  [[nodiscard]] Session* create(std::string_view client_id, std::string_view user_name);
  // The session is over: frees its queues and its will and takes it out of the table.
  void retire(Session& session);
  // Then its subscriptions and replays are taken away (Router::forget()), and at last it is freed.
  void destroy(Session& session);

  template <class Visit>
  void for_each(Visit visit) const {
    table_.for_each(visit);
  }

  // --- outgoing ---

  // Appends to the waiting deliveries; takes ownership.
  void enqueue(Session& session, Delivery& delivery);
  void requeue_front(Session& session, Delivery& delivery);
  // Takes the first waiting delivery; the caller owns it.
  [[nodiscard]] Delivery* dequeue(Session& session);
  // Takes out what follows `before` (null: the first) of the waiting ones.
  [[nodiscard]] Delivery* dequeue_after(Session& session, Delivery* before);

  // Takes what follows `before` (null: the first) of the waiting ones out of memory: the journal
  // has it, and it goes on to count.
  void evict_after(Session& session, Delivery* before);
  // So many more wait that are not in memory.
  void count_evicted(Session& session, std::uint32_t count, std::uint64_t payload_bytes);
  // Puts one back behind the others.
  void bring_back(Session& session, Delivery& delivery);
  // All are back. How many are not, and are lost.
  [[nodiscard]] std::uint32_t end_evicted(Session& session);

  // Identifiers are given in turn, so that those in flight are a run behind the last one: the
  // oldest in flight is the first that the next could collide with.
  [[nodiscard]] static constexpr wire::PacketIdentifier identifier_after(
      wire::PacketIdentifier id) {
    return static_cast<wire::PacketIdentifier>(id == 0xFFFF ? 1 : id + 1);
  }
  // The next one behind `id` that is not open in the session [MQTT-2.2.1-4]. Not all are.
  [[nodiscard]] static wire::PacketIdentifier free_identifier_after(const Session& session,
                                                                    wire::PacketIdentifier id);
  // Gives `delivery` the next free identifier and moves it to the end of the flight.
  void launch(Session& session, Delivery& delivery, OutboundState state);

  struct Found {
    Delivery* delivery = nullptr;
    Delivery* before = nullptr;  // in flight right before it, null: it is the first
  };
  [[nodiscard]] static Found find_inflight(const Session& session, wire::PacketIdentifier id);
  // Takes a delivery out of flight; the caller owns it. Frees its quota.
  Delivery* land(Session& session, Found found);

  // Puts a delivery that has its identifier and its state behind those in flight.
  void restore_flight(Session& session, Delivery& delivery);

  // A new connection starts: everything in flight is to be sent again, with a new quota
  // [MQTT-4.4.0-1] [MQTT-4.9.0-1].
  static void restart_flight(Session& session);

  // Drops waiting QoS 0 deliveries, which do not outlive a connection unless configured.
  void drop_qos0(Session& session);

  // --- incoming ---

  [[nodiscard]] static bool has_inbound(const Session& session, wire::PacketIdentifier id);
  // False when memory is full.
  [[nodiscard]] bool open_inbound(Session& session, wire::PacketIdentifier id);
  // Closes it; nothing when it was not open. Else whether it took quota of this connection.
  std::optional<bool> close_inbound(Session& session, wire::PacketIdentifier id);

  // --- will ---

  // Takes ownership of one reference to `message`. False when memory is full.
  [[nodiscard]] bool set_will(Session& session, message::Message& message,
                              std::uint32_t delay_seconds,
                              std::optional<std::uint32_t> expiry_seconds);
  // Gives up the will unpublished.
  void drop_will(Session& session);
  // Takes the will's message out; the caller owns the reference.
  [[nodiscard]] message::Message* take_will(Session& session);

  [[nodiscard]] Deliveries& deliveries() { return deliveries_; }
  [[nodiscard]] message::Messages& messages() { return messages_; }
  [[nodiscard]] Commits& commits() { return commits_; }

 private:
  Memory& memory_;
  message::Messages& messages_;
  metrics::Metrics& metrics_;
  const settings::Limits& limits_;
  Commits& commits_;
  Hasher hasher_;
  Deliveries deliveries_;
  Pool<InboundIdentifier> inbound_;
  Pool<Will> wills_;
  HashIndex<Session> table_;
};

}  // namespace midge::session
