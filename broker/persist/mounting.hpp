// What a mount builds while it reads: for this room only.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "broker/persist/store.hpp"

namespace midge::persist {

struct Store::Mounting final : FrameVisitor {
  // A message that was told, by its number. Counted.
  struct Known : HashNode {
    MessageNumber number = 0;
    message::Message* message = nullptr;
  };
  // An owner, by its number, and what it has so far.
  struct Held : HashNode {
    OwnerNumber number = 0;
    SegmentNumber segment = 0;
    session::Session* session = nullptr;  // null: a group
    std::uint32_t filter_bytes = 0;       // of a group; the filter lies behind the object
    std::uint32_t grace_seconds = 0;
    bool is_away = false;
    WallTime away_since{};                    // 0: nobody knows
    Queue<session::Delivery> flight;          // in the order in which they were launched
    Queue<session::Delivery> queued;          // in the order of their messages' numbers
    session::Delivery* last_found = nullptr;  // in `queued`: the next is mostly behind it

    [[nodiscard]] std::string_view filter() const {
      return {reinterpret_cast<const char*>(this + 1), filter_bytes};
    }
  };
  // One in a queue, and what is before it there.
  struct Place {
    session::Delivery* before = nullptr;
    session::Delivery* delivery = nullptr;  // null: not there, but to be behind `before`
  };

  Mounting(Store& to, const core::Rooms& in, Restored& counts);
  Mounting(const Mounting&) = delete;
  Mounting& operator=(const Mounting&) = delete;
  ~Mounting();

  void on_frame(Bytes records, Position position) override;
  // All was read: what was held becomes the broker's.
  void finish();

  [[nodiscard]] Known* find_message(MessageNumber number) const;
  [[nodiscard]] Held* find_owner(OwnerNumber number) const;

  void apply(const Record& record, SegmentNumber segment);
  void on_session(const Record& record, SegmentNumber segment);
  void on_group(const Record& record, SegmentNumber segment);
  void on_message(const Record& record, SegmentNumber segment);
  void on_subscribed(Held& owner, const Record& record);
  void on_queued(Held& owner, const Record& record);
  void on_launched(Held& owner, const Record& record);
  void on_will(Held& owner, const Record& record);
  void discard(Held& owner, MessageNumber number);
  void drop_deliveries(Held& owner);
  void forget_contents(Held& owner);
  void end(Held& owner);

  [[nodiscard]] static MessageNumber number_of(const session::Delivery& delivery);
  [[nodiscard]] static Place find_queued(Held& owner, MessageNumber number);
  template <class Is>
  [[nodiscard]] static Place find_in(const Queue<session::Delivery>& queue, Is is);
  [[nodiscard]] session::Delivery* take(Held& owner, const Place& place);

  void restore(Held& owner);
  void restore_session(Held& owner, session::Session& session);
  void restore_times(const Held& owner, session::Session& session);
  void restore_group(Held& owner, session::Group* group);
  void release(Held& owner);

  Store& store;
  const core::Rooms rooms;
  Restored& restored;
  HashIndex<Known> messages;
  HashIndex<Held> owners;
  Pool<Known> known_pool;
  bool is_full = false;  // memory, or a limit
};

}  // namespace midge::persist
