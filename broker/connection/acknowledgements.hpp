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
  struct Block;
  [[nodiscard]] Block* append(Memory& memory, std::uint32_t bytes, Reserve reserve);
  [[nodiscard]] Block* first() const;
  [[nodiscard]] const Block* behind(const Block& block) const;

  Block* last_ = nullptr;  // its `next` is the first
};

}  // namespace midge::connection
