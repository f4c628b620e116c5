// A write being put together, and what a connection keeps of one that was taken in part.
#pragma once

#include <cstdint>
#include <span>

#include "broker/base/bytes.hpp"
#include "broker/base/function_ref.hpp"
#include "broker/connection/acknowledgements.hpp"
#include "broker/connection/outbox_scratch.hpp"
#include "broker/hal/transport.hpp"
#include "broker/message/message.hpp"

namespace midge::connection {

// What follows the own bytes of a PUBLISH: forwarded properties (5.0) and payload.
[[nodiscard]] inline std::size_t shared_bytes(const message::Message& message, bool v5) {
  return (v5 ? message.properties().size() : 0) + message.payload_bytes();
}

// Calls visit(piece) for the pieces of it behind `offset` until visit answers false.
void for_each_piece(const message::Message& message, bool v5, std::size_t offset,
                    FunctionRef<bool(Bytes)> visit);

// The rest of a packet of which the transport took the front.
struct Held {
  std::uint32_t bytes = 0;              // of this object and its tail
  std::uint32_t own_bytes = 0;          // header bytes kept in the tail
  std::uint32_t offset = 0;             // taken of own and shared bytes together
  std::uint32_t total = 0;              // own and shared bytes
  message::Message* message = nullptr;  // counted; its shared bytes follow; null: none
  bool v5 = false;

  [[nodiscard]] Bytes own() const {
    return {reinterpret_cast<const std::uint8_t*>(this + 1), own_bytes};
  }
};

// One write being put together.
class Plan {
 public:
  // `generation`: Messages::created().
  Plan(OutboxScratch& scratch, std::uint64_t generation, std::uint16_t aliases_defined)
      : aliases_before(aliases_defined), aliases(aliases_defined), scratch_(scratch) {
    if (scratch.generation != generation) scratch.kept = 0;
    scratch.generation = generation;
  }
  Plan(const Plan&) = delete;
  Plan& operator=(const Plan&) = delete;
  ~Plan() { scratch_.kept = count_; }

  // The next `bytes` of the scratch, to be filled; null when there is no room for them or for one
  // more packet.
  [[nodiscard]] std::uint8_t* room(std::size_t bytes);

  // Adds a packet that lies in the room just filled, `bytes` long, and `shared` of its message's
  // bytes behind it.
  void add(PlannedPacket::Kind kind, std::size_t bytes, message::Message* payload = nullptr,
           bool v5 = false);

  // Adds a copy of `packet`, or one that `stays` where it lies: the scratch may be smaller than it.
  // False when there is no room.
  [[nodiscard]] bool add_whole(PlannedPacket::Kind kind, Bytes packet, bool stays = false);

  // Adds an acknowledgement without properties in its shortest form (section 3.4.2.1): a reason
  // code only for 5.0 and only when it says something. A DISCONNECT has nothing else.
  [[nodiscard]] bool add_small(PlannedPacket::Kind kind, const Acknowledgement& owed, bool v5);

  // Adds a PUBLISH of `message` in `form` if the last write had the same one in this place, and it
  // is not longer than `most_bytes` in all; false otherwise.
  [[nodiscard]] bool add_again(const message::Message& message, std::uint8_t form,
                               std::size_t most_bytes);
  // Marks the packet added last as one that add_again() may find.
  void keep(const message::Message& message, std::uint8_t form) {
    scratch_.packets[count_ - 1].encoded = &message;
    scratch_.packets[count_ - 1].form = form;
  }

  // Puts the rest of a packet in front.
  void add_held(const Held& held);

  [[nodiscard]] std::span<const hal::Chunk> chunks() const {
    return scratch_.chunks.first(chunks_);
  }
  [[nodiscard]] std::span<const PlannedPacket> packets() const {
    return scratch_.packets.first(count_);
  }
  [[nodiscard]] bool empty() const { return chunks_ == 0; }
  [[nodiscard]] std::uint32_t held_end() const { return held_end_; }

  // Something was left out because there was no room.
  bool is_full = false;
  // A QoS > 0 delivery was left out because the client's window is full.
  bool is_window_full = false;
  // Something waits for its commit: of the deliveries behind it only QoS 0 goes out.
  bool waits_for_commit = false;
  // Outgoing aliases defined before this write, and with what it has so far.
  std::uint16_t aliases_before = 0;
  std::uint16_t aliases = 0;
  // PUBLISHes with QoS > 0 that are open or planned.
  std::uint32_t quota = 0;

 private:
  [[nodiscard]] bool has_place() const {
    return count_ < scratch_.packets.size() && chunks_ + 1 < scratch_.chunks.size() && !is_cut_;
  }
  void add_packet(PlannedPacket::Kind kind, Bytes own, message::Message* payload, bool v5);
  void add_scratch(std::size_t bytes);
  void add_shared(const message::Message& message, bool v5, std::size_t offset);
  void add_chunk(Bytes bytes, hal::Keep keep);

  OutboxScratch& scratch_;
  std::size_t used_ = 0;
  std::size_t chunks_ = 0;
  std::size_t count_ = 0;
  std::uint32_t offered_end_ = 0;
  std::uint32_t held_end_ = 0;
  bool last_is_scratch_ = false;
  bool is_cut_ = false;
};

}  // namespace midge::connection
