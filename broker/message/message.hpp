// An application message: written once, shared by everyone who gets it, freed with its last
// reference. Topic name, forwarded properties and as much of the payload as fits lie in one piece
// behind the object, the rest of the payload in a chain of blocks.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string_view>

#include "broker/base/bytes.hpp"
#include "broker/base/memory.hpp"
#include "broker/base/time.hpp"
#include "broker/wire/protocol.hpp"

namespace midge::message {

// A further piece of a payload.
struct Block {
  Block* next = nullptr;
  std::uint32_t bytes = 0;  // filled so far

  [[nodiscard]] std::uint8_t* data() { return reinterpret_cast<std::uint8_t*>(this + 1); }
  [[nodiscard]] Bytes view() const {
    return {reinterpret_cast<const std::uint8_t*>(this + 1), bytes};
  }
};

class Message {
 public:
  [[nodiscard]] std::string_view topic_name() const {
    return {reinterpret_cast<const char*>(tail()), topic_bytes_};
  }
  // The properties that go to every 5.0 receiver, encoded, in the publisher's order.
  [[nodiscard]] Bytes properties() const { return {tail() + topic_bytes_, properties_bytes_}; }
  [[nodiscard]] std::uint32_t payload_bytes() const { return payload_bytes_; }
  [[nodiscard]] wire::QoS qos() const { return qos_; }
  [[nodiscard]] bool retain() const { return retain_; }
  // When it expires; kNever without a Message Expiry Interval.
  [[nodiscard]] Instant expires() const { return expires_; }
  [[nodiscard]] bool is_expired(Instant now) const { return now >= expires_; }

  // The payload's pieces: the first lies behind the head, then come blocks, in order.
  [[nodiscard]] Bytes first_payload() const {
    return {tail() + topic_bytes_ + properties_bytes_, inline_payload_bytes_};
  }
  [[nodiscard]] const Block* blocks() const { return blocks_; }

  // Deliveries of this message wait for this commit: an inbound QoS 2 message must be durable
  // before anybody gets it.
  std::uint64_t commit = 0;
  // The journal's name for the stored copy; 0: not stored.
  std::uint32_t storage = 0;
  // The hash of the publisher's client id, for No Local; 0: the broker's own.
  std::uint32_t publisher = 0;

 private:
  friend class Messages;

  [[nodiscard]] std::uint8_t* tail() { return reinterpret_cast<std::uint8_t*>(this + 1); }
  [[nodiscard]] const std::uint8_t* tail() const {
    return reinterpret_cast<const std::uint8_t*>(this + 1);
  }

  std::uint32_t references_ = 1;
  std::uint32_t allocated_bytes_ = 0;  // object and tail
  Instant expires_ = kNever;
  Block* blocks_ = nullptr;
  Block* last_block_ = nullptr;
  std::uint32_t payload_bytes_ = 0;         // in all
  std::uint32_t inline_payload_bytes_ = 0;  // of these, behind the head
  std::uint32_t properties_bytes_ = 0;
  std::uint16_t topic_bytes_ = 0;
  wire::QoS qos_{};
  bool retain_ = false;
};

// When a Message Expiry Interval that starts now ends. One of 0 is for those who can have the
// message at once: it lives for this millisecond.
[[nodiscard]] inline Instant expiry_after(Instant now, std::uint32_t interval_seconds) {
  return now + std::max<Duration>(std::chrono::seconds(interval_seconds), Duration{1});
}

// What a new message is made of.
struct Head {
  std::string_view topic_name;
  std::uint32_t properties_bytes = 0;  // room for the forwarded properties
  std::uint32_t payload_bytes = 0;     // that append() will bring
  wire::QoS qos{};
  bool retain = false;
  Instant expires = kNever;
};

// Where the messages alive are counted.
struct Gauges {
  std::uint32_t& messages;
  std::uint64_t& payload_bytes;
};

// Makes, counts and frees messages.
class Messages {
 public:
  Messages(Memory& memory, const Gauges& gauges) : memory_(memory), gauges_(gauges) {}
  Messages(const Messages&) = delete;
  Messages& operator=(const Messages&) = delete;

  // A message with one reference, the caller's; null when memory is full. Its properties are to be
  // written to properties_of(), its payload to be appended.
  [[nodiscard]] Message* create(const Head& head);
  // When it expires, for a will: counted from its publication.
  static void set_expires(Message& message, Instant expires) { message.expires_ = expires; }
  [[nodiscard]] static MutableBytes properties_of(Message& message) {
    return {message.tail() + message.topic_bytes_, message.properties_bytes_};
  }
  // The memory that a payload of this size takes in blocks.
  [[nodiscard]] std::size_t block_bytes_for(std::uint32_t payload_bytes) const;
  // Takes the next piece of the payload, all of it or nothing; false when memory is full.
  [[nodiscard]] bool append(Message& message, Bytes payload);

  static void add_reference(Message& message) { ++message.references_; }
  // How many have been made: while it stands still, no address has become another message's.
  [[nodiscard]] std::uint64_t created() const { return created_; }
  void release(Message& message) {
    if (--message.references_ == 0) destroy(message);
  }

 private:
  void destroy(Message& message);

  Memory& memory_;
  Gauges gauges_;
  std::uint64_t created_ = 0;
};

}  // namespace midge::message
