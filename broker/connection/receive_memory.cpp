// Connection: the memory of packets that are half in. All of them together have their share; who
// has stalled for too long gives way.
#include <algorithm>
#include <new>

#include "broker/base/assert.hpp"
#include "broker/connection/incoming.hpp"

namespace midge::connection {

using wire::PacketType;

namespace {

// A packet that is never refused and comes in pieces has this much of the reserve at most.
constexpr std::uint32_t kReserveBytes = 256;

// Most of these free memory, so memory that is full must not keep them out.
constexpr unsigned kNeverRefused =
    bits(PacketType::Puback, PacketType::Pubrec, PacketType::Pubrel, PacketType::Pubcomp,
         PacketType::Unsubscribe, PacketType::Pingreq, PacketType::Disconnect);

}  // namespace

// What comes in pieces may go as far into the reserve as the whole packet.
Reserve Connection::reserve_to_read(PacketType type) const {
  if (phase_ == Phase::AwaitConnect) return Reserve::Enter;
  return (kNeverRefused & bits(type)) != 0 ? Reserve::Use : Reserve::Keep;
}

// Memory for a half packet, perhaps what others had that have stalled. Null when there is none:
// then it has been dealt with.
void* Connection::claim(std::size_t bytes, Reserve reserve) {
  void* memory = nullptr;
  if (may_hold(bytes) || reserve == Reserve::Use) {
    do {
      memory = context_.memory.allocate(bytes, reserve);
    } while (memory == nullptr && make_way());
  }
  if (memory != nullptr) {
    end_stall();
  } else {
    on_no_room();
  }
  return memory;
}

bool Connection::make_incoming(PacketType type) {
  void* const memory = claim(sizeof(Incoming), reserve_to_read(type));
  if (memory == nullptr) return false;
  incoming_ = new (memory) Incoming(*this);
  account_incoming();
  return true;
}

void Connection::drop_incoming() {
  if (incoming_ == nullptr) return;
  set_waiting(false);
  if (incoming_->message != nullptr) release(*incoming_->message);
  if (incoming_->buffer != nullptr) {
    context_.memory.release(incoming_->buffer, incoming_->capacity);
  }
  context_.halves.account(incoming_->held_bytes, 0);
  incoming_->~Incoming();
  context_.memory.release(incoming_, sizeof(Incoming));
  incoming_ = nullptr;
}

bool Connection::grow_incoming(std::uint32_t bytes) {
  Incoming& incoming = *incoming_;
  if (bytes <= incoming.capacity) return true;
  const std::uint32_t wished =
      std::min(std::max(bytes, incoming.capacity * 2), incoming.header.remaining_length);
  const auto capacity = static_cast<std::uint32_t>(context_.memory.capacity_for(wished));
  Reserve reserve = reserve_to_read(incoming.header.type);
  if (reserve == Reserve::Use && capacity > kReserveBytes) reserve = Reserve::Keep;
  auto* const buffer = static_cast<std::uint8_t*>(claim(capacity, reserve));
  if (buffer == nullptr) return false;
  if (incoming.buffer != nullptr) {
    copy(buffer, incoming.body());
    context_.memory.release(incoming.buffer, incoming.capacity);
  }
  incoming.buffer = buffer;
  incoming.capacity = capacity;
  account_incoming();
  return true;
}

bool Connection::may_hold(std::size_t bytes) {
  while (!context_.halves.has_room(bytes)) {
    if (!make_way()) return false;
  }
  return true;
}

// The half packet that has stalled for longest gives way, when that is as long as anybody waits for
// memory. False when there is none.
bool Connection::make_way() {
  Incoming* const stalled = context_.halves.waiting.first();
  if (stalled == nullptr || stalled == incoming_ ||
      context_.now - stalled->last_bytes < context_.settings.backpressure_time) {
    return false;
  }
  stalled->connection.give_way();
  return true;
}

void Connection::give_way() {
  MIDGE_ASSERT(incoming_ != nullptr);
  if (incoming_->stage == Incoming::Stage::Payload) {
    refuse_for_memory(incoming_->qos, incoming_->packet_id);
  } else {
    close_for_memory();
  }
  if (phase_ == Phase::Open) {
    discard_payload();
  } else {
    drop_incoming();
  }
}

void Connection::on_no_room() {
  // Before CONNECT was read there is nobody to wait for.
  if (phase_ == Phase::Open && may_wait()) return pause(kMemory);
  end_stall();
  close_for_memory();
}

void Connection::account_incoming() {
  Incoming& incoming = *incoming_;
  std::size_t bytes = context_.memory.capacity_for(sizeof(Incoming)) + incoming.capacity;
  bytes += incoming.reserved_bytes;
  // What is read over holds nothing that others could have.
  if (incoming.stage == Incoming::Stage::Discard) bytes = 0;
  context_.halves.account(incoming.held_bytes, bytes);
  incoming.held_bytes = bytes;
}

void Connection::set_waiting(bool waits_for_client) {
  Incoming& incoming = *incoming_;
  if (incoming.waits_for_client) context_.halves.waiting.remove(incoming);
  incoming.waits_for_client = waits_for_client;
  if (waits_for_client) context_.halves.waiting.push_back(incoming);
}

}  // namespace midge::connection
