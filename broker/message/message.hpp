// An application message: written once, shared by everyone who gets it, freed with its last
// reference. What not every message has, topic name, forwarded properties and a payload that fits
// lie in one piece behind the object; a payload that does not is in a ring of blocks.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string_view>

#include "broker/base/bytes.hpp"
#include "broker/base/list.hpp"
#include "broker/base/memory.hpp"
#include "broker/base/time.hpp"
#include "broker/wire/protocol.hpp"

namespace midge::message {

// A piece of a payload.
struct Block {
  Block* next = nullptr;
  std::uint32_t bytes = 0;  // filled so far

  [[nodiscard]] std::uint8_t* data() { return reinterpret_cast<std::uint8_t*>(this + 1); }
  [[nodiscard]] Bytes view() const {
    return {reinterpret_cast<const std::uint8_t*>(this + 1), bytes};
  }
};

// What a message has only where there is a journal.
struct Stored {
  // Deliveries of this message wait for this commit: an inbound QoS 2 message must be durable
  // before anybody gets it.
  std::uint64_t commit = 0;
  // The journal's number for the stored copy; 0: not stored.
  std::uint64_t number = 0;
  std::uint32_t segment = 0;  // of the journal, where it lies or behind which
  std::uint32_t frame = 0;    // of the journal, in which it was told then
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
  [[nodiscard]] Instant expires() const;
  [[nodiscard]] bool is_expired(Instant now) const { return has_expiry_ && now >= *expiry(); }
  // Null without a journal.
  [[nodiscard]] Stored* stored() {
    return is_stored_ ? reinterpret_cast<Stored*>(tail()) - 1 : nullptr;
  }
  [[nodiscard]] const Stored* stored() const { return const_cast<Message*>(this)->stored(); }
  [[nodiscard]] std::uint64_t commit() const { return is_stored_ ? stored()->commit : 0; }

  // The payload's pieces: behind the head, or in blocks, in order.
  [[nodiscard]] Bytes first_payload() const {
    return {tail() + topic_bytes_ + properties_bytes_, is_whole_ ? payload_bytes_ : 0};
  }
  [[nodiscard]] const Block* first_block() const { return is_whole_ ? nullptr : blocks_.first(); }
  [[nodiscard]] const Block* block_after(const Block& block) const { return blocks_.next(block); }

  // The hash of the publisher's client id, for No Local; 0: the broker's own.
  std::uint32_t publisher = 0;

 private:
  friend class Messages;

  [[nodiscard]] const std::uint8_t* tail() const {
    return reinterpret_cast<const std::uint8_t*>(this + 1) + extra_bytes_;
  }
  [[nodiscard]] std::uint8_t* tail() {
    return reinterpret_cast<std::uint8_t*>(this + 1) + extra_bytes_;
  }
  [[nodiscard]] const Instant* expiry() const { return reinterpret_cast<const Instant*>(this + 1); }

  // In this order nothing is lost between the members: one of these stands for each message.
  std::uint32_t references_ = 1;
  union {
    Ring<Block> blocks_{};
    std::uint32_t whole_bytes_;  // when is_whole_: the room that the payload has
  };
  std::uint32_t payload_bytes_ = 0;  // so far
  std::uint32_t properties_bytes_ = 0;
  std::uint16_t topic_bytes_ = 0;
  std::uint8_t extra_bytes_ = 0;  // right behind the object: when it expires, and Stored
  wire::QoS qos_ : 2 = wire::QoS::AtMostOnce;
  bool retain_ : 1 = false;
  bool has_expiry_ : 1 = false;
  bool is_stored_ : 1 = false;
  bool is_whole_ : 1 = false;  // the payload lies behind the head
};

static_assert(sizeof(void*) != 8 || sizeof(Message) == 32);
static_assert(sizeof(Message) % alignof(Stored) == 0 && sizeof(Message) % alignof(Instant) == 0);

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
  Instant expires = kNever;  // set_expires() can move it, unless never
};

// Where the messages alive are counted.
struct Gauges {
  std::uint32_t& messages;
  std::uint64_t& payload_bytes;
};

// The journal, as messages see it.
class StoredHandler {
 public:
  // One that has a stored copy is not needed any more.
  virtual void on_unused(const Message& message) = 0;

 protected:
  ~StoredHandler() = default;
};

// Makes, counts and frees messages.
class Messages {
 public:
  // With a journal messages are given a Stored.
  Messages(Memory& memory, const Gauges& gauges, StoredHandler* journal)
      : memory_(memory), gauges_(gauges), journal_(journal) {}
  Messages(const Messages&) = delete;
  Messages& operator=(const Messages&) = delete;

  // A message with one reference, the caller's; null when memory is full. Its properties are to be
  // written to properties_of(), its payload to be appended.
  [[nodiscard]] Message* create(const Head& head);
  // When it expires, for a will: counted from its publication.
  static void set_expires(Message& message, Instant expires) {
    *const_cast<Instant*>(message.expiry()) = expires;
  }
  [[nodiscard]] static bool is_shared(const Message& message) { return message.references_ > 1; }
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
  void release(Ring<Block>& blocks);

  Memory& memory_;
  Gauges gauges_;
  StoredHandler* const journal_;
  std::uint64_t created_ = 0;
};

}  // namespace midge::message
