// What a mount builds while it reads: for this room only.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "broker/persist/store.hpp"

namespace midge::persist {

struct Store::Mounting final : FrameVisitor {
  // A message that was told, by its number. Counted.
  struct Known : HashNode, ListNode<Known> {
    message::Message* message = nullptr;
    bool is_moved = false;  // told again here, and no longer where it was at first
    bool is_spare = false;  // lies in the spare memory
    // Told again, and what names it perhaps not yet: that is so until the segment is released.
    bool is_copy = false;

    [[nodiscard]] MessageNumber number() const { return message->stored()->number; }
  };
  // An owner, by its number, and what it has so far.
  struct Held : HashNode {
    OwnerNumber number = 0;
    SegmentNumber segment = 0;
    bool is_told = false;  // else something was said of it, but not what it is
    bool is_group = false;
    bool is_spare = false;  // lies in the spare memory
    bool is_away = false;
    session::Session* session = nullptr;
    std::uint32_t filter_bytes = 0;  // of a group; the filter lies behind the object
    std::uint32_t grace_seconds = 0;
    WallTime away_since{};                    // 0: nobody knows
    Queue<session::Delivery> flight;          // in the order in which they were launched
    Queue<session::Delivery> queued;          // in the order of their messages' numbers
    session::Delivery* last_found = nullptr;  // in `queued`: the next is mostly behind it
    Runs runs;                                // what waits on storage only, in that order too

    [[nodiscard]] std::string_view filter() const {
      return {reinterpret_cast<const char*>(this + 1), filter_bytes};
    }
  };
  // One in a queue, and what is before it there.
  struct Place {
    session::Delivery* before = nullptr;
    session::Delivery* delivery = nullptr;  // null: not there, but to be behind `before`
  };

  Mounting(Store& to, const core::Rooms& in, Restored& counts, Arena* spare);
  Mounting(const Mounting&) = delete;
  Mounting& operator=(const Mounting&) = delete;
  ~Mounting();

  void on_frame(Bytes records, Position position) override;
  [[nodiscard]] SegmentNumber released_by(Bytes records) override;
  void on_dropped(SegmentNumber segment) override { store.fence_ = segment; }
  // All was read: what was held becomes the broker's.
  void finish();

  [[nodiscard]] Known* find_message(MessageNumber number) const;
  [[nodiscard]] Held* find_owner(OwnerNumber number) const;

  [[nodiscard]] Known* make_known();
  [[nodiscard]] Held* hold(OwnerNumber number, std::size_t filter_bytes);
  void apply(const Record& record, const Position& position);
  void on_session(const Record& record, const Position& position);
  void on_group(const Record& record, const Position& position);
  void on_message(const Record& record, const Position& position);
  void on_released();
  void on_subscribed(Held& owner, const Record& record);
  void on_queued(Held& owner, const Record& record, const Position& position);
  void on_launched(Held& owner, const Record& record);
  void on_will(Held& owner, const Record& record);
  void move(Held& owner, const Record& record, const Position& position);
  void discard(Held& owner, const Record& record);
  void forget(Known& one);
  void drop_deliveries(Held& owner, MessageNumber from);
  // What waits with the message `from` or a later one stays; 0: nothing does.
  void forget_contents(Held& owner, MessageNumber from = 0);
  void end(Held& owner);

  [[nodiscard]] static bool is_told_as(const session::Delivery& delivery, std::uint64_t told_flags);
  [[nodiscard]] static MessageNumber number_of(const session::Delivery& delivery);
  [[nodiscard]] static Place find_queued(Held& owner, MessageNumber number);
  // The first that was told with those flags, QoS and RETAIN.
  [[nodiscard]] static Place find_queued(Held& owner, MessageNumber number,
                                         std::uint64_t told_flags);
  template <class Is>
  [[nodiscard]] static Place find_in(const Queue<session::Delivery>& queue, Is is) {
    session::Delivery* before = nullptr;
    for (session::Delivery* at = queue.first(); at != nullptr; before = at, at = at->next) {
      if (is(*at)) return {before, at};
    }
    return {before, nullptr};
  }
  [[nodiscard]] session::Delivery* take(Held& owner, const Place& place);

  // With memory short: what nobody names any more goes, and what may be on storage only.
  void relieve();
  void forget_unused();
  void evict(Held& owner, SegmentNumber spared);
  // The same, from storage if need be.
  [[nodiscard]] Place fetch(Held& owner, MessageNumber number, std::uint64_t told_flags);
  [[nodiscard]] bool fetch_some(Held& owner);
  void settle(Held& owner);

  void restore(Held& owner);
  void restore_session(Held& owner, session::Session& session);
  void restore_times(const Held& owner, session::Session& session);
  void restore_group(Held& owner, session::Group* group);
  void release(Held& owner);

  Store& store;
  const core::Rooms rooms;
  Restored& restored;
  HashIndex<Known> messages;
  List<Known, Known> all_known;
  HashIndex<Held> owners;
  Pool<Known> known_pool;
  std::optional<Memory> spare_memory;
  std::optional<Pool<Known>> spare_pool;
  MessageNumber told = 0;     // the last message of this frame
  std::uint32_t created = 0;  // messages since relieve()
  bool keeps_known = false;   // deliveries were forgotten that are told again
  bool is_full = false;       // memory, or a limit
};

}  // namespace midge::persist
