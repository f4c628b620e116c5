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

#include <algorithm>
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
#include "broker/persist/runs.hpp"
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
  // When queues leave memory, and how much of one is in it.
  struct Eviction {
    std::uint32_t kept = 64;      // the front of a queue stays, and so many come back at a time,
    std::uint32_t brought = 512;  // or so many while memory is not short
    std::size_t from_pages = 0;   // in use when it is short; 0: half of what there is
  };
  struct Parts {
    hal::Storage& storage;
    Arena& arena;
    MutableBytes buffer;  // see Log
    // Of the same size: to read what waits on storage only. Empty: everything stays in memory.
    MutableBytes reading{};
    // 0: what is acknowledged is safe. Else a crash loses at most so much.
    Duration interval{0};
    // The most that the store may take of the storage; in whole segments, at least a few.
    std::uint64_t most_bytes = ~std::uint64_t{0};
    Eviction eviction{};
  };
  explicit Store(const Parts& parts);

  // What it takes of an arena, for boards, whose arena has the size of what it is to hold
  // (needs.hpp).
  struct Needs {
    std::size_t pages = 0;        // for what it knows of so many sessions
    std::size_t mount_pages = 0;  // besides, while it mounts with so many messages
  };
  [[nodiscard]] static constexpr Needs needs(std::size_t page_bytes, std::uint32_t sessions,
                                             std::uint32_t messages);

  // Brings back into `core` what the storage has. On storage without a store one begins, whose name
  // is `new_store`: a random number. `core` outlives the store, or is not used by it any more. What
  // lies in memory during the mount only lies in `spare` as long as that has room; null: there is
  // none.
  [[nodiscard]] MountError mount(core::Core& core, std::uint32_t new_store, Instant now,
                                 WallTime wall, Restored& restored, Arena* spare = nullptr);

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

  // What it takes of the storage, in whole segments; and about what the records take that tell all
  // there is.
  [[nodiscard]] std::uint64_t used_bytes() const {
    return std::uint64_t{used_segments()} * segment_bytes_;
  }
  [[nodiscard]] std::uint64_t live_bytes() const;
  // How many were safe, since the start.
  [[nodiscard]] std::uint64_t commits() const { return committed_; }
  // How often the device did not take what it was given.
  [[nodiscard]] std::uint32_t failures() const { return failures_; }

  // session::Journal
  [[nodiscard]] bool is_active() const override { return true; }
  bool record(const session::Record& record) override;
  [[nodiscard]] bool has_room(std::size_t bytes, std::size_t receivers) const override;
  void commit(session::DurableHandler& handler) override;
  void on_unused(const message::Message& message) override;
  void evict() override;
  [[nodiscard]] session::BroughtBack bring_back(session::Session& session) override;

 private:
  // Whoever has a queue: a session that outlives its connection or has a will, or a shared group.
  // The hash is the session's or the group's.
  struct Owner : HashNode, ListNode<Owner>, ListNode<Runs> {
    OwnerNumber number = 0;
    SegmentNumber segment = 0;  // all that is told of it is there or behind
    session::Session* session = nullptr;
    session::Group* group = nullptr;
    std::uint64_t ended = 0;  // when both are null: the commit that makes that safe, or 0: untold
    // As they were told.
    std::uint32_t expiry_seconds = 0;
    std::uint32_t grace_seconds = 0;
    bool is_away = false;
    bool is_behind = false;   // something of it found no room: all is to be told anew
    bool is_copied = false;   // all of it is told again, while room is made
    bool has_queued = false;  // since evict() was there
    MessageNumber last_queued = 0;
    Runs runs;  // what waits on storage only, behind what is queued
  };

  // What is told again so that the oldest segment can go.
  enum class Copying : std::uint8_t { Nothing, Owners, GroupDeliveries, Retained, Runs, Commit };
  // How far that is with one owner.
  enum class OwnerStep : std::uint8_t { Begin, Subscriptions, Deliveries };

  struct Mounting;
  class QueueReader;
  class RunCopier;

  // One is written, the other one is copied from.
  static constexpr std::uint32_t kFewSegments = 2;

  // The most that a record takes beside its texts.
  static constexpr std::size_t kRecord = 64;
  // About what the record of a message has beside its texts, and what a delivery takes.
  static constexpr std::size_t kAroundMessage = 40;
  static constexpr std::size_t kAroundDelivery = 24;

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
    return owner != nullptr && owner->session != nullptr &&
           (owner->session->expiry_seconds > 0 || owner->session->has_evicted);
  }
  [[nodiscard]] static std::size_t bytes_of(const message::Message& message);
  // Segments in use when one is freed: what is copied is then half of it at most.
  [[nodiscard]] std::uint64_t wanted_segments() const {
    return 2 * live_bytes() / segment_bytes_ + kFewSegments;
  }
  // What is told now is there or behind.
  [[nodiscard]] SegmentNumber here() const { return std::max(log_.newest(), fence_ + 1); }

  // --- store_record.cpp ---
  // Whether something has to be safe before it is acknowledged.
  [[nodiscard]] bool take(const session::Record& record);
  [[nodiscard]] bool take_session(const session::Record& record);
  [[nodiscard]] bool take_delivery(const session::Record& record);
  void launch(Owner* session, Owner* owner, session::Delivery& delivery,
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
  bool tell_will(Owner& owner, bool again);
  bool tell_queued(Owner& owner, const session::Delivery& delivery, std::uint64_t flags);
  bool tell_launched(Owner& owner, const session::Delivery& delivery,
                     wire::PacketIdentifier packet_id, std::uint64_t flags);
  void tell_discarded(Owner* owner, const session::Delivery& delivery);
  // QoS and RETAIN of what waits, as they are told.
  [[nodiscard]] static std::uint64_t flags_of(const Owner& owner,
                                              const session::Delivery& delivery);
  bool tell_retained(message::Message& message);
  // Makes sure that what follows may name the message; it and `more` bytes behind it go into one
  // frame. `again`: it is said even if it was before.
  bool tell(message::Message& message, std::size_t more = 0, bool again = false);
  [[nodiscard]] bool is_told_here(MessageNumber number) const {
    return number == last_told_ && told_frame_ == log_.filling_frame();
  }
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
  void tell_copy(Owner& owner, session::Delivery& delivery, std::uint64_t told_flags);
  template <class Visit>
  void for_each_of_groups(Visit visit);
  [[nodiscard]] bool copy_group_deliveries();
  [[nodiscard]] bool copy_retained(std::uint32_t& visits);
  void end_copying();
  [[nodiscard]] bool is_to_copy(const message::Message& message) const;
  [[nodiscard]] bool has_copy_room(std::size_t bytes) const;
  [[nodiscard]] std::uint32_t used_segments() const { return log_.newest() + 1 - log_.oldest(); }

  // --- store_runs.cpp ---
  [[nodiscard]] bool is_short();
  [[nodiscard]] bool may_evict(const session::Delivery& delivery) const;
  void evict(Owner& owner, std::uint32_t kept);
  [[nodiscard]] static bool may_be_of(const Run& run, const Record& queued,
                                      const Position& position);
  [[nodiscard]] static Evicted describe(const session::Delivery& delivery);
  [[nodiscard]] session::BroughtBack read_back(Runs& runs, OwnerNumber owner,
                                               Queue<session::Delivery>& out);
  void wake();
  [[nodiscard]] bool copy_runs();
  [[nodiscard]] static wire::QoS qos_of(std::uint64_t told_flags);
  // The message of a record; null: memory is full.
  [[nodiscard]] message::Message* make_message(const Record& record, const Position& position,
                                               std::uint32_t publisher);
  [[nodiscard]] session::Delivery* make_delivery(const Record& record, message::Message& message);

  // LogHandler
  void on_committed(std::uint64_t count) override;
  void on_log_failed() override;

  void commit_own();

  Memory memory_;
  const Duration interval_;
  const std::uint32_t segments_;  // that may be used
  const std::uint32_t segment_bytes_;
  Log log_;
  const MutableBytes reading_;
  const Eviction eviction_;
  std::optional<core::Rooms> rooms_;  // none: not mounted
  core::Core* core_ = nullptr;        // once mounted; then what happens is recorded
  Instant now_{};
  WallTime wall_{};

  HashIndex<Owner> index_;
  List<Owner, Owner> owners_;
  List<Owner, Owner> ended_;  // whose end is not safe yet
  Pool<Owner> owner_pool_;
  OwnerNumber next_owner_ = 1;
  MessageNumber next_message_ = 1;
  std::uint64_t message_bytes_ = 0;  // of the records of messages that are needed
  MessageNumber last_told_ = 0;      // and in which frame
  std::uint32_t told_frame_ = 0;
  std::uint32_t stamps_ = 0;  // what was queued, told with its message

  Pool<Run> run_pool_;
  List<Owner, Runs> evicted_;        // who has some on storage only
  std::uint64_t evicted_bytes_ = 0;  // of their records
  Owner* evicted_owner_ = nullptr;   // whose turn it is
  SegmentNumber fence_ = 0;          // runs end with it; the last one at the mount
  bool frees_nothing_ = false;       // a segment could not be read: perhaps the next start can
  bool is_waited_for_ = false;       // somebody was told Later
  Instant wake_at_{};                // and is to ask again then, at the latest

  // Commits of the core are numbered from 1; those of the store's own come between, when none of
  // the core's is under way.
  session::DurableHandler* handler_ = nullptr;
  std::uint64_t asked_ = 0;      // by the core
  std::uint64_t safe_ = 0;       // of these
  std::uint64_t own_ = 0;        // of the store
  std::uint64_t committed_ = 0;  // of all
  std::uint32_t failures_ = 0;
  bool found_no_room_ = false;  // a record since the last commit of the core's
  bool is_dirty_ = false;       // something waits for a commit of the store's own
  Instant dirty_since_{};
  Instant retry_at_{};

  Copying copying_ = Copying::Nothing;
  SegmentNumber copied_segment_ = 0;  // what is being copied
  SegmentNumber copying_began_in_ = 0;
  MessageNumber copying_began_at_ = 0;  // the number of the first message that is newer
  std::uint64_t release_at_ = 0;        // the commit that makes the copies safe
  Instant copy_at_{};                   // not before: the device could not be read
  bool any_behind_ = false;
  Owner* copied_owner_ = nullptr;
  OwnerStep owner_step_ = OwnerStep::Begin;
  session::Subscription* copied_subscription_ = nullptr;
  routing::RetainedCursor retained_{};
  Cursor copied_frame_{};             // of the segment, whose runs are copied
  std::uint32_t copied_records_ = 0;  // bytes of the frame that are done
};

}  // namespace midge::persist
