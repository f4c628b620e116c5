// The journal of a broker: what has to outlive it, as records in a log (docs/persistence.md).
//
//   Core::create(.. .journal = store ..);  store.mount(core, ..);   once, before the first turn
//   store.begin(now, wall); core.begin(now, wall); .. core.turn(); store.turn();
//
// Kept: sessions that outlive their connection, with subscriptions, queues, what is in flight and
// open QoS 2 identifiers; wills; shared groups with their queues; retained messages.
//
// A record names by number what others have told before it: to whom it speaks of something unknown,
// it speaks of something that is over. So what is still there of the oldest segment is told again,
// what it names before it, until that segment can go.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "broker/base/hash_index.hpp"
#include "broker/base/list.hpp"
#include "broker/base/log.hpp"
#include "broker/base/memory.hpp"
#include "broker/base/slab.hpp"
#include "broker/base/time.hpp"
#include "broker/core/core.hpp"
#include "broker/hal/storage.hpp"
#include "broker/message/message.hpp"
#include "broker/metrics/metrics.hpp"
#include "broker/persist/log.hpp"
#include "broker/persist/record.hpp"
#include "broker/routing/retained.hpp"
#include "broker/session/journal.hpp"
#include "broker/session/session.hpp"

namespace midge::persist {

// What a mount brought back, and what it could not.
struct Restored {
  Findings findings;
  std::uint32_t sessions = 0;
  std::uint32_t subscriptions = 0;
  std::uint32_t retained = 0;
  std::uint32_t queued = 0;           // deliveries, of sessions and groups
  std::uint32_t damaged_records = 0;  // which made no sense
  std::uint32_t unknown_records = 0;  // of a newer midge
};

enum class MountError : std::uint8_t {
  None,
  Unfit,       // the device is too small
  Unreadable,  // it does not answer
  TooLong,     // its frames are longer than the buffer
  MemoryFull,  // what must be in memory does not fit, or a limit refuses it
};

class Store final : public session::Journal, private LogHandler {
 public:
  struct Parts {
    hal::Storage& storage;
    Arena& arena;
    MutableBytes buffer;  // see Log
    // 0: what is acknowledged is safe. Else a crash loses at most so much.
    Duration interval{0};
    // The most that the store may take of the storage; in whole segments, at least a few.
    std::uint64_t most_bytes = ~std::uint64_t{0};
  };
  explicit Store(const Parts& parts);

  // Brings back into `core` what the storage has. On storage without a store one begins, whose name
  // is `new_store`: a random number. `core` outlives the store, or is not used by it any more.
  [[nodiscard]] MountError mount(core::Core& core, std::uint32_t new_store, Instant now,
                                 WallTime wall, Restored& restored);

  // Opens a turn, before the core's.
  void begin(Instant now, WallTime wall) {
    now_ = now;
    wall_ = wall;
  }
  // Ends it, after the core's.
  void turn();
  // When turn() must come even without an event.
  [[nodiscard]] Instant next_deadline() const;
  // At the end of the broker, in each turn until is_idle(): everything is to be safe.
  void finish();
  [[nodiscard]] bool is_idle() const { return !log_.is_busy() && !is_dirty_; }
  [[nodiscard]] bool is_failed() const { return log_.is_failed(); }

  // session::Journal
  [[nodiscard]] bool is_active() const override { return true; }
  bool record(const session::Record& record) override;
  [[nodiscard]] bool has_room(std::size_t bytes, std::size_t receivers) const override;
  void commit(session::DurableHandler& handler) override;
  void on_unused(const message::Message& message) override;

 private:
  // Whoever has a queue: a session that outlives its connection or has a will, or a shared group.
  // The hash is the session's or the group's.
  struct Owner : HashNode, ListNode<Owner> {
    OwnerNumber number = 0;
    SegmentNumber segment = 0;  // all that is told of it is there or behind
    session::Session* session = nullptr;
    session::Group* group = nullptr;
    std::uint64_t ended = 0;  // when both are null: the commit that makes that safe, or 0: untold
    // As they were told.
    std::uint32_t expiry_seconds = 0;
    std::uint32_t grace_seconds = 0;
    bool is_away = false;
    bool is_behind = false;  // something of it found no room: all is to be told anew
    bool is_copied = false;  // all of it is told again, while room is made
  };

  // What is told again so that the oldest segment can go.
  enum class Copying : std::uint8_t { Nothing, Owners, GroupDeliveries, Retained, Commit };
  // How far that is with one owner.
  enum class OwnerStep : std::uint8_t { Begin, Subscriptions, Deliveries };

  struct Mounting;

  // One is written, the other one is copied from.
  static constexpr std::uint32_t kFewSegments = 2;

  // A device that failed is asked again after this.
  static constexpr Duration kRetry{1'000};
  // What may be lost without harm is safe after this.
  static constexpr Duration kLazy{5'000};

  // --- store.cpp: owners ---
  [[nodiscard]] Owner* find(const session::Session* session) const;
  [[nodiscard]] Owner* find(const session::Group* group) const;
  [[nodiscard]] Owner* make(session::Session* session, session::Group* group);
  void forget_ended();
  // When what waits for a commit of the store's own gets one.
  [[nodiscard]] Instant due() const {
    return dirty_since_ + (interval_.count() > 0 ? interval_ : kLazy);
  }
  // Whether the end of a session with that hash is not safe yet: it might come back.
  [[nodiscard]] bool may_come_back(std::uint32_t hash) const;
  // Whether what its session has is kept, and not only its will.
  [[nodiscard]] static bool keeps_all(const Owner* owner) {
    return owner != nullptr && owner->session != nullptr && owner->session->expiry_seconds > 0;
  }
  // About what the records take that tell all there is.
  [[nodiscard]] std::uint64_t live_bytes() const;
  [[nodiscard]] static std::size_t bytes_of(const message::Message& message);
  // Segments in use when one is freed: what is copied is then half of it at most.
  [[nodiscard]] std::uint64_t wanted_segments() const {
    return 2 * live_bytes() / segment_bytes_ + kFewSegments;
  }
  [[nodiscard]] SegmentNumber here() const { return log_.newest() > 0 ? log_.newest() : 1; }

  // --- store_record.cpp ---
  // Whether something has to be safe before it is acknowledged.
  [[nodiscard]] bool take(const session::Record& record);
  [[nodiscard]] bool take_session(const session::Record& record);
  [[nodiscard]] bool take_delivery(const session::Record& record);
  void launch(Owner* session, Owner* owner, const session::Delivery& delivery,
              wire::PacketIdentifier packet_id);
  [[nodiscard]] bool take_group(const session::Record& record);
  [[nodiscard]] bool take_will(const session::Record& record);
  // The owner of a delivery: its group until nobody else may have it.
  [[nodiscard]] Owner* owner_of(const session::Delivery& delivery, Owner* session) const;
  // Writes a record of an owner; without room it is behind. `more` bytes of text are written by
  // fill(out).
  bool put(Owner* owner, const Record& record);
  template <class Fill>
  bool put(Owner* owner, const Record& record, std::size_t more, Fill fill);
  bool tell(Owner& owner, std::uint64_t flags);
  bool tell_away(Owner& owner);
  bool tell(Owner& owner, const session::Subscription& subscription);
  bool tell_will(Owner& owner);
  bool tell_queued(Owner& owner, const session::Delivery& delivery, std::uint64_t flags);
  bool tell_launched(Owner& owner, const session::Delivery& delivery,
                     wire::PacketIdentifier packet_id, std::uint64_t flags);
  void tell_discarded(Owner* owner, const message::Message& message);
  bool tell_retained(message::Message& message);
  // Makes sure that what follows may name the message.
  bool tell(message::Message& message);
  bool end(Owner& owner);
  void fall_behind(Owner* owner);
  [[nodiscard]] std::uint64_t expiry_of(const message::Message& message,
                                        std::uint64_t& flags) const;

  // --- store_copy.cpp: making room ---
  void begin_copying();
  // A part of it; false when nothing more can be done now.
  bool copy_some();
  [[nodiscard]] bool copy_owners(std::uint32_t& visits);
  [[nodiscard]] bool begin_owner(Owner& owner);
  [[nodiscard]] bool copy_group(Owner& owner, const session::Group& group);
  [[nodiscard]] bool copy_session(Owner& owner, session::Session& session, std::uint32_t& visits);
  [[nodiscard]] bool begin_session(Owner& owner, session::Session& session);
  [[nodiscard]] bool copy_deliveries(Owner& owner, session::Delivery* first, bool in_flight,
                                     std::uint32_t& visits);
  [[nodiscard]] std::uint64_t copies_before(Owner& owner, const session::Delivery& delivery) const;
  void tell_copy(Owner& owner, const session::Delivery& delivery);
  template <class Visit>
  void for_each_of_groups(Visit visit);
  [[nodiscard]] bool copy_group_deliveries();
  [[nodiscard]] bool copy_retained(std::uint32_t& visits);
  void end_copying();
  [[nodiscard]] bool is_to_copy(const message::Message& message) const;
  [[nodiscard]] bool has_copy_room(std::size_t bytes) const;
  [[nodiscard]] std::uint32_t used_segments() const { return log_.newest() + 1 - log_.oldest(); }

  // LogHandler
  void on_written(std::uint64_t, std::uint32_t, Position) override {}
  void on_committed(std::uint64_t count) override;
  void on_log_failed() override;

  void commit_own();

  Memory memory_;
  const Duration interval_;
  const std::uint32_t segments_;  // that may be used
  const std::uint32_t segment_bytes_;
  Log log_;
  std::optional<core::Rooms> rooms_;  // none: not mounted; then nothing is recorded
  Instant now_{};
  WallTime wall_{};

  HashIndex<Owner> index_;
  List<Owner, Owner> owners_;
  List<Owner, Owner> ended_;  // whose end is not safe yet
  Pool<Owner> owner_pool_;
  OwnerNumber next_owner_ = 1;
  MessageNumber next_message_ = 1;
  std::uint64_t message_bytes_ = 0;  // of the records of messages that are needed

  // Commits of the core are numbered from 1; those of the store's own come between, when none of
  // the core's is under way.
  session::DurableHandler* handler_ = nullptr;
  std::uint64_t asked_ = 0;      // by the core
  std::uint64_t safe_ = 0;       // of these
  std::uint64_t own_ = 0;        // of the store
  std::uint64_t committed_ = 0;  // of all
  bool found_no_room_ = false;   // a record since the last commit of the core's
  bool is_dirty_ = false;        // something waits for a commit of the store's own
  Instant dirty_since_{};
  Instant retry_at_{};

  Copying copying_ = Copying::Nothing;
  SegmentNumber copied_segment_ = 0;  // what is being copied
  SegmentNumber copying_began_in_ = 0;
  MessageNumber copying_began_at_ = 0;  // the number of the first message that is newer
  std::uint64_t release_at_ = 0;        // the commit that makes the copies safe
  bool any_behind_ = false;
  Owner* copied_owner_ = nullptr;
  OwnerStep owner_step_ = OwnerStep::Begin;
  session::Subscription* copied_subscription_ = nullptr;
  routing::RetainedCursor retained_{};
};

}  // namespace midge::persist
