#include "broker/message/message.hpp"

#include <algorithm>
#include <new>

#include "broker/base/assert.hpp"

namespace midge::message {

Message* Messages::create(const Head& head) {
  const std::size_t fixed =
      sizeof(Message) + head.topic_name.size() + std::size_t{head.properties_bytes};
  // A payload that fits the size class of its head, or a class of its own with it, lies there
  // whole; a longer one fills what is left of the head's class and goes on in blocks.
  const bool whole = fixed + head.payload_bytes <= memory_.largest_class_bytes();
  const std::size_t bytes = whole ? fixed + head.payload_bytes : fixed;
  void* const memory = memory_.allocate(bytes);
  if (memory == nullptr) return nullptr;
  auto* const message = new (memory) Message;
  message->allocated_bytes_ = static_cast<std::uint32_t>(bytes);
  message->expires_ = head.expires;
  message->inline_payload_bytes_ = whole ? head.payload_bytes : 0;
  message->properties_bytes_ = head.properties_bytes;
  message->topic_bytes_ = static_cast<std::uint16_t>(head.topic_name.size());
  message->qos_ = head.qos;
  message->retain_ = head.retain;
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
  if (message.inline_payload_bytes_ > 0) {
    MIDGE_ASSERT(message.payload_bytes_ + payload.size() <= message.inline_payload_bytes_);
    copy(message.tail() + message.topic_bytes_ + message.properties_bytes_ + message.payload_bytes_,
         payload);
  } else if (!payload.empty()) {
    const std::size_t capacity = memory_.largest_class_bytes() - sizeof(Block);
    Block* const last = message.last_block_;
    const std::size_t room = last == nullptr ? 0 : capacity - last->bytes;
    // First all blocks that are needed, so that nothing is half done.
    Block* fresh = nullptr;
    for (std::size_t have = room; have < payload.size(); have += capacity) {
      void* const memory = memory_.allocate(memory_.largest_class_bytes());
      if (memory == nullptr) {
        while (fresh != nullptr) {
          Block* const next = fresh->next;
          memory_.release(fresh, memory_.largest_class_bytes());
          fresh = next;
        }
        return false;
      }
      fresh = new (memory) Block{.next = fresh};
    }
    Bytes rest = payload;
    const auto fill = [&rest](Block& block, std::size_t most) {
      const std::size_t count = std::min(most, rest.size());
      copy(block.data() + block.bytes, rest.first(count));
      block.bytes += static_cast<std::uint32_t>(count);
      rest = rest.subspan(count);
    };
    if (room > 0) fill(*last, room);
    while (fresh != nullptr) {
      Block* const block = fresh;
      fresh = fresh->next;
      block->next = nullptr;
      (message.last_block_ != nullptr ? message.last_block_->next : message.blocks_) = block;
      message.last_block_ = block;
      fill(*block, capacity);
    }
  }
  message.payload_bytes_ += static_cast<std::uint32_t>(payload.size());
  gauges_.payload_bytes += payload.size();
  return true;
}

void Messages::destroy(Message& message) {
  --gauges_.messages;
  gauges_.payload_bytes -= message.payload_bytes_;
  for (Block* block = message.blocks_; block != nullptr;) {
    Block* const next = block->next;
    memory_.release(block, memory_.largest_class_bytes());
    block = next;
  }
  memory_.release(&message, message.allocated_bytes_);
}

}  // namespace midge::message
