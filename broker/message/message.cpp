#include "broker/message/message.hpp"

#include <algorithm>
#include <new>

#include "broker/base/assert.hpp"

namespace midge::message {

Instant Message::expires() const {
  return has_expiry_ ? *expiry() : kNever;
}

Message* Messages::create(const Head& head) {
  const bool expires = head.expires != kNever;
  const std::size_t extra =
      (expires ? sizeof(Instant) : 0) + (journal_ != nullptr ? sizeof(Stored) : 0);
  const std::size_t fixed =
      sizeof(Message) + extra + head.topic_name.size() + std::size_t{head.properties_bytes};
  // A payload that fits a size class with its head lies there; a longer one is in blocks.
  const bool whole = fixed + head.payload_bytes <= memory_.largest_class_bytes();
  void* const memory = memory_.allocate(whole ? fixed + head.payload_bytes : fixed);
  if (memory == nullptr) return nullptr;
  auto* const message = new (memory) Message;
  message->is_whole_ = whole;
  if (whole) message->whole_bytes_ = head.payload_bytes;
  message->properties_bytes_ = head.properties_bytes;
  message->topic_bytes_ = static_cast<std::uint16_t>(head.topic_name.size());
  message->extra_bytes_ = static_cast<std::uint8_t>(extra);
  message->qos_ = head.qos;
  message->retain_ = head.retain;
  message->has_expiry_ = expires;
  message->is_stored_ = journal_ != nullptr;
  if (expires) set_expires(*message, head.expires);
  if (journal_ != nullptr) new (message->stored()) Stored;
  copy(message->tail(), head.topic_name);
  ++gauges_.messages;
  ++created_;
  return message;
}

std::size_t Messages::block_bytes_for(std::uint32_t payload_bytes) const {
  const std::size_t block = memory_.largest_class_bytes() - sizeof(Block);
  return (payload_bytes + block - 1) / block * memory_.arena().page_bytes();
}

bool Messages::append(Message& message, Bytes payload) {
  if (message.is_whole_) {
    MIDGE_ASSERT(message.payload_bytes_ + payload.size() <= message.whole_bytes_);
    copy(message.tail() + message.topic_bytes_ + message.properties_bytes_ + message.payload_bytes_,
         payload);
  } else if (!payload.empty()) {
    Block* const last = message.blocks_.last();
    const std::size_t capacity = memory_.largest_class_bytes() - sizeof(Block);
    const std::size_t room = last == nullptr ? 0 : capacity - last->bytes;
    // First all blocks that are needed, so that nothing is half done.
    Ring<Block> fresh;
    for (std::size_t have = room; have < payload.size(); have += capacity) {
      void* const memory = memory_.allocate(memory_.largest_class_bytes());
      if (memory == nullptr) {
        release(fresh);
        return false;
      }
      fresh.push_back(*new (memory) Block);
    }
    Bytes rest = payload;
    const auto fill = [&rest](Block& block, std::size_t most) {
      const std::size_t count = std::min(most, rest.size());
      copy(block.data() + block.bytes, rest.first(count));
      block.bytes += static_cast<std::uint32_t>(count);
      rest = rest.subspan(count);
    };
    if (last != nullptr) fill(*last, room);
    while (Block* const block = fresh.pop_front()) {
      message.blocks_.push_back(*block);
      fill(*block, capacity);
    }
  }
  message.payload_bytes_ += static_cast<std::uint32_t>(payload.size());
  gauges_.payload_bytes += payload.size();
  return true;
}

void Messages::destroy(Message& message) {
  if (journal_ != nullptr && message.stored()->number != 0) journal_->on_unused(message);
  --gauges_.messages;
  gauges_.payload_bytes -= message.payload_bytes_;
  std::size_t bytes = sizeof(Message) + message.extra_bytes_ + message.topic_bytes_ +
                      std::size_t{message.properties_bytes_};
  if (message.is_whole_) {
    bytes += message.whole_bytes_;
  } else {
    release(message.blocks_);
  }
  memory_.release(&message, bytes);
}

void Messages::release(Ring<Block>& blocks) {
  while (Block* const block = blocks.pop_front()) {
    memory_.release(block, memory_.largest_class_bytes());
  }
}

}  // namespace midge::message
