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
  OwnerEnded = 2,
  SessionAway = 3,  // its connection ended
  Subscribed = 4,   // also when only the options are new
  Unsubscribed = 5,
  Message = 6,         // what others refer to
  Queued = 7,          // or still queued, with other flags
  Launched = 8,        // a queued message has got its packet identifier
  Received = 9,        // PUBREC came
  Done = 10,           // PUBACK or PUBCOMP came
  Discarded = 11,      // is queued no longer, whatever became of it
  InboundOpened = 12,  // a QoS 2 PUBLISH is owned
  InboundClosed = 13,  // its PUBREL came
  Retained = 14,
  RetainedGone = 15,
  Will = 16,
  WillGone = 17,
  Group = 18,     // a shared group with a queue; ends with OwnerEnded
  Released = 19,  // what counted of older segments has been told again
};
inline constexpr std::size_t kRecordTypes = 20;  // and 0, which is none

// Who has a queue, a session or a shared group, has a number in the journal, and so has a message:
// from 1, and none means two things at a time. Messages are numbered in the order in which they
// were published.
using OwnerNumber = std::uint32_t;
using MessageNumber = std::uint64_t;

namespace flags {
// Session
inline constexpr std::uint64_t kWhole = 2;  // all that it has is told here and behind
inline constexpr std::uint64_t kAnew = 1;   // what was said of this one before counts no longer
// Subscribed, beside the Subscription Options: what is retained was not sent to it yet
inline constexpr std::uint64_t kReplaying = 64;
// Message and Queued: QoS, and
inline constexpr std::uint64_t kQoS = 3;
inline constexpr std::uint64_t kRetain = 4;
// Queued: the last one with this message has changed
inline constexpr std::uint64_t kChanged = 8;
// Queued: this is a copy, and before it in the flight and the queue were so many with this message,
// QoS and RETAIN, in the bits from kCopyShift
inline constexpr std::uint64_t kCopy = 16;
inline constexpr unsigned kCopyShift = 7;
// Queued: not one of those that others got at the same time: it was retained, or is launched next
inline constexpr std::uint64_t kApart = 32;
// Queued: for a shared group
inline constexpr std::uint64_t kOfGroup = 64;
// Message: not when it expires, but how many milliseconds it had left: there was no clock
inline constexpr std::uint64_t kTimeLeft = 8;
// Launched and Discarded: QoS and kRetain, as some wait twice with one message. Launched, too: not
// the latest one, but told again
inline constexpr std::uint64_t kCopied = 8;
}  // namespace flags

// A record's fields. Which count is said for each type in record.cpp; the others are 0 and empty.
struct Record {
  RecordType type{};
  OwnerNumber owner = 0;
  MessageNumber message = 0;
  std::array<std::uint64_t, 4> numbers{};
  std::array<std::string_view, 3> texts{};
};

// Numbers as they stand in records, for texts that are made of them.
[[nodiscard]] std::size_t varint_bytes(std::uint64_t value);
// Returns behind it.
std::uint8_t* put_varint(std::uint8_t* out, std::uint64_t value);
// Takes one off `bytes`; nothing when none begins them.
[[nodiscard]] std::optional<std::uint64_t> take_varint(Bytes& bytes);

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
