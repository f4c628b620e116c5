// The acknowledgements that a connection owes, in order of arrival. Each goes out when the commit
// that it waits for is durable. Small ones are kept as numbers, others as ready packets.
#pragma once

#include <cstdint>

#include "broker/base/bytes.hpp"
#include "broker/base/memory.hpp"
#include "broker/session/commits.hpp"
#include "broker/wire/protocol.hpp"

namespace midge::connection {

struct Acknowledgement {
  session::CommitNumber commit = 0;  // 0: waits for nothing
  Bytes packet{};                    // whole; empty when the fields below say it all
  wire::PacketType type{};
  wire::ReasonCode reason{};
  wire::PacketIdentifier packet_id = 0;
};

class Acknowledgements {
 public:
  [[nodiscard]] bool empty() const { return last_ == nullptr; }

  // Appends a PUBACK, PUBREC, PUBREL or PUBCOMP without properties. Uses the reserve;
  // false when even that is full.
  [[nodiscard]] bool push(Memory& memory, wire::PacketType type, wire::PacketIdentifier packet_id,
                          wire::ReasonCode reason, session::CommitNumber commit);

  // Appends a copy of a ready packet of `type`. For a PUBACK or PUBREC, `reason` is what it says.
  [[nodiscard]] bool push_packet(Memory& memory, wire::PacketType type, wire::ReasonCode reason,
                                 Bytes packet, session::CommitNumber commit,
                                 Reserve reserve = Reserve::Use);

  // What owed acknowledgements take of memory: small ones, up to kSmall of them in a piece, or a
  // ready packet.
  [[nodiscard]] static constexpr std::size_t small_bytes() {
    return sizeof(Block) + kSmall * sizeof(Small);
  }
  [[nodiscard]] static constexpr std::size_t packet_bytes(std::size_t bytes) {
    return sizeof(Block) + bytes;
  }

  // Walks without taking: a Place begins in front of the first.
  class Place {
   public:
    Place() = default;

   private:
    friend class Acknowledgements;
    const void* block = nullptr;
    std::uint32_t index = 0;
    bool started = false;
  };
  // The next one and moves behind it; false at the end.
  [[nodiscard]] bool next(Place& place, Acknowledgement& out) const;

  // Takes the first away.
  void pop(Memory& memory);
  // Takes away the first that still waits for its commit, and all behind it.
  void drop_waiting(Memory& memory, const session::Commits& commits);
  void clear(Memory& memory);

 private:
  struct Small {
    std::uint32_t commit = 0;  // the low half: what waits is never 2^31 commits old
    wire::PacketIdentifier packet_id = 0;
    wire::PacketType type{};
    wire::ReasonCode reason{};
  };
  static constexpr std::uint32_t kSmall = 5;

  // Either up to kSmall small acknowledgements or one ready packet.
  struct Block {
    Block* next = nullptr;
    session::CommitNumber commit = 0;  // of the packet; of the first small one otherwise
    std::uint32_t bytes = 0;           // of the whole block
    std::uint32_t packet_bytes = 0;    // 0: small ones
    std::uint8_t first = 0;
    std::uint8_t end = 0;
    wire::PacketType type{};
    wire::ReasonCode reason{};

    [[nodiscard]] Small* small() { return reinterpret_cast<Small*>(this + 1); }
    [[nodiscard]] const Small* small() const { return reinterpret_cast<const Small*>(this + 1); }
    [[nodiscard]] const std::uint8_t* packet() const {
      return reinterpret_cast<const std::uint8_t*>(this + 1);
    }
  };
  [[nodiscard]] Block* append(Memory& memory, std::uint32_t bytes, Reserve reserve);
  [[nodiscard]] Block* first() const;
  [[nodiscard]] const Block* behind(const Block& block) const;

  Block* last_ = nullptr;  // its `next` is the first
};

}  // namespace midge::connection
