// The workspace of the outbox, one for all connections: packets are built here and written at once.
#pragma once

#include <algorithm>
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
  const std::uint8_t* own = nullptr;    // in the scratch; a long acknowledgement where it is kept
  message::Message* payload = nullptr;  // its shared bytes follow the own ones; null: nothing
  std::uint32_t own_bytes = 0;
  std::uint32_t end = 0;      // offset in the write behind its last byte
  std::uint16_t aliases = 0;  // outgoing aliases defined with this packet and those before it
  Kind kind{};
  // A PUBLISH that is the same for each receiver of that form: what it was made of, only compared.
  std::uint8_t form = 0;
  const message::Message* encoded = nullptr;
};

// What the last write was made of stays until the next one is put together. When that begins with
// the same PUBLISHes, as it does for the receivers of a message for many, they lie there already.
struct OutboxScratch {
  MutableBytes bytes;
  std::span<PlannedPacket> packets;
  std::span<hal::Chunk> chunks;
  std::size_t kept = 0;  // packets of the last write that may still be there
  std::uint64_t generation =
      0;  // Messages::created() then: a message's place may have changed hands

  // What it takes of memory. What tells of the packets is as large as one for each 32 bytes, so
  // that all is whole pages; where all memory is small fewer of them go in one write.
  [[nodiscard]] static constexpr std::size_t memory_bytes(std::size_t scratch_bytes) {
    const std::size_t packets = scratch_bytes / (scratch_bytes > 2'048 ? 32 : 96);
    return packets * sizeof(PlannedPacket) + scratch_bytes;
  }
  // Takes its memory once, in one piece; false when there is none.
  [[nodiscard]] bool allocate(Memory& memory, std::size_t scratch_bytes) {
    constexpr std::size_t kMostChunks = 64;
    const std::size_t records = memory_bytes(scratch_bytes) - scratch_bytes;
    const std::size_t chunk_count = std::min(scratch_bytes / 128, kMostChunks);
    const std::size_t packet_count =
        (records - chunk_count * sizeof(hal::Chunk)) / sizeof(PlannedPacket);
    void* const place = memory.allocate(memory_bytes(scratch_bytes));
    if (place == nullptr) return false;
    packets = {static_cast<PlannedPacket*>(place), packet_count};
    chunks = {reinterpret_cast<hal::Chunk*>(packets.data() + packet_count), chunk_count};
    bytes = {reinterpret_cast<std::uint8_t*>(chunks.data() + chunk_count), scratch_bytes};
    return true;
  }
};

}  // namespace midge::connection
