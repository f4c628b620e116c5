// The workspace of the outbox, one for all connections: packets are built here and written at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "broker/base/memory.hpp"
#include "broker/hal/transport.hpp"
#include "broker/message/message.hpp"
#include "broker/session/delivery.hpp"

namespace midge::connection {

// One packet of a write, so that what was taken can be told from what was not.
struct PlannedPacket {
  enum class Kind : std::uint8_t {
    Pingresp,         // one that is owed
    Acknowledgement,  // the front of the connection's acknowledgements
    Resend,           // the session's resend position
    Delivery,         // the front of the session's queue
  };
  const std::uint8_t* own = nullptr;  // in the scratch; a long acknowledgement where it is kept
  std::uint32_t own_bytes = 0;
  std::uint32_t end = 0;                // offset in the write behind its last byte
  message::Message* payload = nullptr;  // its shared bytes follow the own ones; null: nothing
  std::uint16_t aliases = 0;  // outgoing aliases defined with this packet and those before it
  Kind kind{};
};

struct OutboxScratch {
  static constexpr std::size_t kChunks = 64;

  MutableBytes bytes;
  std::span<PlannedPacket> packets;
  hal::Chunk chunks[kChunks];

  // Takes its memory once; false when there is none.
  [[nodiscard]] bool allocate(Memory& memory, std::size_t scratch_bytes) {
    const std::size_t count = scratch_bytes / 32;
    auto* const data = static_cast<std::uint8_t*>(memory.allocate(scratch_bytes));
    auto* const planned =
        static_cast<PlannedPacket*>(memory.allocate(count * sizeof(PlannedPacket)));
    if (data == nullptr || planned == nullptr) return false;
    bytes = {data, scratch_bytes};
    packets = {planned, count};
    return true;
  }
};

}  // namespace midge::connection
