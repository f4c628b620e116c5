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
  Bytes packet{};                    // whole; empty when the fields below say it all. For a PUBACK
                                     // or PUBREC, `reason` is what it says
  wire::PacketType type{};
  wire::ReasonCode reason{};
  wire::PacketIdentifier packet_id = 0;
};

class Acknowledgements {
 public:
  [[nodiscard]] bool empty() const { return last_ == nullptr; }

  // Appends one. Its packet, if it has one, is copied: needed for all but a PUBACK, PUBREC, PUBREL,
  // PUBCOMP or DISCONNECT without properties. Uses the reserve; false when even that is full.
  [[nodiscard]] bool push(Memory& memory, const Acknowledgement& owed);

  // What owed acknowledgements take of memory: those without a packet, up to five of them in a
  // piece, or one with its packet.
  [[nodiscard]] static constexpr std::size_t small_bytes() {
    return sizeof(Block) + Block::kEntries * sizeof(Block::Entry);
  }
  [[nodiscard]] static constexpr std::size_t packet_bytes(std::size_t bytes) {
    return sizeof(Block) + sizeof(Block::Entry) + bytes;
  }

  // Walks without taking: a Place begins in front of the first.
  class Place {
   public:
    Place() = default;

   private:
    friend class Acknowledgements;
    const void* block = nullptr;  // null: in front of the first
    std::uint32_t index = 0;
  };
  // The next one and moves behind it; false at the end.
  [[nodiscard]] bool next(Place& place, Acknowledgement& out) const {
    return last_ != nullptr && next_of_some(place, out);
  }

  // Takes the first away.
  void pop(Memory& memory);
  // Takes away the first that still waits for its commit, and all behind it.
  void drop_waiting(Memory& memory, const session::Commits& commits);
  void clear(Memory& memory);

 private:
  // Up to kEntries acknowledgements, or one with its packet behind it.
  struct Block {
    struct Entry {
      std::uint32_t commit = 0;  // counted from the block's own: what waits is never 2^31 old
      wire::PacketIdentifier packet_id = 0;
      wire::PacketType type{};
      wire::ReasonCode reason{};
    };
    static constexpr std::uint32_t kEntries = 5;

    Block* next = nullptr;
    std::uint32_t bytes = 0;           // of the whole block
    session::CommitNumber commit = 0;  // of the first entry
    std::uint32_t packet_bytes = 0;
    std::uint8_t first = 0;
    std::uint8_t end = 0;

    [[nodiscard]] Entry* entries() { return reinterpret_cast<Entry*>(this + 1); }
    [[nodiscard]] const Entry* entries() const { return reinterpret_cast<const Entry*>(this + 1); }
    [[nodiscard]] Bytes packet() const {
      return {reinterpret_cast<const std::uint8_t*>(entries() + 1), packet_bytes};
    }
    // Whether one more fits; those that wait for nothing stand apart.
    [[nodiscard]] bool takes(const Acknowledgement& owed) const {
      return packet_bytes == 0 && owed.packet.empty() && end < kEntries &&
             (owed.commit == 0) == (commit == 0);
    }
  };
  [[nodiscard]] Block* append(Memory& memory, const Acknowledgement& owed);
  [[nodiscard]] bool next_of_some(Place& place, Acknowledgement& out) const;

  Block* last_ = nullptr;  // its `next` is the first
};

}  // namespace midge::connection
