// The seam to persistence: what changes in durable state is recorded, one commit a turn makes it
// safe, and what was promised to a peer is held until then. NoJournal keeps nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "broker/message/message.hpp"
#include "broker/wire/protocol.hpp"

namespace midge::session {

class Session;
struct Delivery;
struct Group;
struct Subscription;

// Commits are numbered from 1 in the order they were asked for; 0 waits for nothing.
using CommitNumber = std::uint64_t;

// What happened. Which members count is said at each kind. A delivery that came from a shared group
// stays the group's until it is done or, at QoS 2, has its identifier: a member that is lost leaves
// it there.
enum class RecordKind : std::uint8_t {
  SessionOpened,       // session, number: seconds that its client has to come back after a restart
  SessionLeft,         // session: its client has gone, and it stays
  SessionEnded,        // session
  Subscribed,          // session, subscription, text: filter as the client wrote it
  Unsubscribed,        // session, text: filter
  Replayed,            // session, subscription: it has got what was retained (may be lazy)
  Queued,              // session, delivery
  QueuedChanged,       // session, delivery: the last one queued, by another subscription
  Discarded,           // session, delivery: ended without being acknowledged
  OutboundIdAssigned,  // session, delivery, packet_id
  OutboundReceived,    // session, delivery: PUBREC came
  OutboundDone,        // session, delivery: PUBACK, PUBCOMP or a refusal came (may be lazy)
  InboundOpened,       // session, packet_id: a QoS 2 PUBLISH is owned
  InboundClosed,       // session, packet_id: its PUBREL came
  Retained,            // message
  RetainedGone,        // text: the topic
  WillChanged,         // session; message: the will that it had, null when it has one now
  GroupQueued,         // group, delivery
  GroupTaken,          // group, delivery: gone, but to nobody who acknowledges it
  GroupEnded,          // group
};

struct Record {
  RecordKind kind{};
  const Session* session = nullptr;
  const Group* group = nullptr;
  message::Message* message = nullptr;
  const Delivery* delivery = nullptr;
  const Subscription* subscription = nullptr;
  std::string_view text{};
  wire::PacketIdentifier packet_id = 0;
  std::uint32_t number = 0;
};

enum class BroughtBack : std::uint8_t {
  Done,   // some is there; Session::has_evicted tells whether there is more
  Later,  // nothing can be read now: Core::on_loaded() tells when
  NoMemory,
};

class DurableHandler {
 public:
  // Everything up to commit `number` is safe. May be called from inside commit().
  virtual void on_durable(CommitNumber number) = 0;

  // Commit `number` and what follows it failed: nothing of it may be acknowledged. What it recorded
  // has happened in memory all the same, so the journal keeps it and writes it with its next
  // commit: a later on_durable() covers the records of failed commits too.
  virtual void on_commit_failed(CommitNumber number) = 0;

 protected:
  ~DurableHandler() = default;
};

class Journal : public message::StoredHandler {
 public:
  // False when it keeps nothing, ever: then it is not called again.
  [[nodiscard]] virtual bool is_active() const = 0;

  // Takes note of a change; true when something has to become durable before it is acknowledged.
  // Only copies what it needs: the views live during the call.
  virtual bool record(const Record& record) = 0;

  // Whether the records of a message of so many bytes with so many receivers find room now. The
  // others always do.
  [[nodiscard]] virtual bool has_room(std::size_t bytes, std::size_t receivers) const = 0;

  // In each turn before connections write: takes out of memory what may wait on storage only. It is
  // the far end of a queue, and what is queued behind that.
  virtual void evict() = 0;
  // Brings back what comes next, some of it, to the end of the session's queue.
  [[nodiscard]] virtual BroughtBack bring_back(Session& session) = 0;

  // Asks that all records since the last commit become durable. The caller numbers commits: the
  // n-th call is commit n.
  virtual void commit(DurableHandler& handler) = 0;

 protected:
  ~Journal() = default;
};

class NoJournal final : public Journal {
 public:
  [[nodiscard]] bool is_active() const override { return false; }
  bool record(const Record&) override { return false; }
  void on_unused(const message::Message&) override {}
  [[nodiscard]] bool has_room(std::size_t, std::size_t) const override { return true; }
  void evict() override {}
  [[nodiscard]] BroughtBack bring_back(Session&) override { return BroughtBack::Done; }
  void commit(DurableHandler&) override {}
};

}  // namespace midge::session
