// The records of the journal: bytes <-> struct (docs/persistence.md). A record is its type, the
// length of what follows, and its fields in the order of kFields. Numbers are varints of seven bits
// a byte, the lowest first; a text is its length and its bytes, the last one only its bytes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "broker/base/bytes.hpp"

namespace midge::persist {

// The numbers are the format's: they never change, and none is used again.
enum class RecordType : std::uint8_t {
  Session = 1,  // a session began, or goes on with another expiry
  SessionEnded = 2,
  SessionAway = 3,  // its connection ended
  Subscribed = 4,   // also when only the options are new
  Unsubscribed = 5,
  Message = 6,  // what others refer to; its payload's last piece
  Payload = 7,  // a piece of the payload of the Message that follows
  Queued = 8,
  Launched = 9,        // a queued message has got its packet identifier
  Received = 10,       // PUBREC came
  Done = 11,           // PUBACK or PUBCOMP came
  Discarded = 12,      // a queued message was dropped
  InboundOpened = 13,  // a QoS 2 PUBLISH is owned
  InboundClosed = 14,  // its PUBREL came
  Retained = 15,
  RetainedGone = 16,
  Will = 17,
  WillGone = 18,
  GroupQueued = 19,
  GroupTaken = 20,
};
inline constexpr std::size_t kRecordTypes = 21;  // and 0, which is none

// Sessions and messages have numbers in the journal, from 1; none is used twice.
using SessionNumber = std::uint32_t;
using MessageNumber = std::uint64_t;

// A record's fields. Which count is said for each type in record.cpp; the others are 0 and empty.
struct Record {
  RecordType type{};
  SessionNumber session = 0;
  MessageNumber message = 0;
  std::array<std::uint64_t, 3> numbers{};
  std::array<std::string_view, 3> texts{};
};

// Bytes that encode() writes. `more` stand behind the last text: a payload, which is written by the
// caller.
[[nodiscard]] std::size_t encoded_bytes(const Record& record, std::size_t more = 0);
// Writes encoded_bytes() without `more`; returns behind them.
std::uint8_t* encode(const Record& record, std::uint8_t* out, std::size_t more = 0);

enum class Decoded : std::uint8_t {
  Record,
  Unknown,  // of a type of the future: passed by
  Damaged,  // no record; when even its length makes no sense the rest goes with it
};
// Takes the first record off `bytes`, which are not empty. Its views point into them.
[[nodiscard]] Decoded decode(Bytes& bytes, Record& record);

}  // namespace midge::persist
