#include "broker/persist/record.hpp"

namespace midge::persist {

std::size_t varint_bytes(std::uint64_t value) {
  std::size_t bytes = 1;
  while ((value >>= 7U) != 0) ++bytes;
  return bytes;
}

std::uint8_t* put_varint(std::uint8_t* out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7U) *out++ = static_cast<std::uint8_t>(value | 0x80U);
  *out++ = static_cast<std::uint8_t>(value);
  return out;
}

std::optional<std::uint64_t> take_varint(Bytes& bytes) {
  constexpr std::size_t kLongestVarint = 10;
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes.size() && i < kLongestVarint; ++i) {
    const std::uint64_t part = bytes[i] & 0x7FU;
    // The tenth byte has one bit left.
    if (i == kLongestVarint - 1 && part > 1) return std::nullopt;
    value |= part << 7 * i;
    if ((bytes[i] & 0x80U) == 0) {
      bytes = bytes.subspan(i + 1);
      return value;
    }
  }
  return std::nullopt;
}

namespace {

// What a type has, in this order: owner, message, numbers, texts.
struct Fields {
  bool owner : 1 = false;
  bool message : 1 = false;
  std::uint8_t numbers : 3 = 0;
  std::uint8_t texts : 2 = 0;
};

constexpr std::array<Fields, kRecordTypes> make_fields() {
  using enum RecordType;
  std::array<Fields, kRecordTypes> all{};
  const auto set = [&](RecordType type, const Fields& fields) {
    all[static_cast<std::size_t>(type)] = fields;
  };
  // With kAnew: what waits with this message or a later one counts all the same, 0: nothing;
  // Session Expiry Interval, seconds to come back, last packet identifier, flags; client id, user
  set(Session, {.owner = true, .message = true, .numbers = 4, .texts = 2});
  set(OwnerEnded, {.owner = true});
  // When, in milliseconds since 1970; 0: nobody knows
  set(SessionAway, {.owner = true, .numbers = 1});
  // Subscription Options, Subscription Identifier; filter
  set(Subscribed, {.owner = true, .numbers = 2, .texts = 1});
  set(Unsubscribed, {.owner = true, .texts = 1});
  // Flags, when it expires (as above; 0: never), owner number of its publisher (0: none); topic,
  // properties, payload
  set(Message, {.message = true, .numbers = 3, .texts = 3});
  // Flags; Subscription Identifiers as varints
  set(Queued, {.owner = true, .message = true, .numbers = 1, .texts = 1});
  // The packet identifier, flags
  set(Launched, {.owner = true, .message = true, .numbers = 2});
  set(Received, {.owner = true, .numbers = 1});
  set(Done, {.owner = true, .numbers = 1});
  // Flags
  set(Discarded, {.owner = true, .message = true, .numbers = 1});
  set(InboundOpened, {.owner = true, .numbers = 1});
  set(InboundClosed, {.owner = true, .numbers = 1});
  set(Retained, {.message = true});
  set(RetainedGone, {.texts = 1});
  // Will Delay Interval, Message Expiry Interval and 1 (0: none)
  set(Will, {.owner = true, .message = true, .numbers = 2});
  set(WillGone, {.owner = true});
  // The shared filter
  set(Group, {.owner = true, .texts = 1});
  // The oldest segment that counts
  set(Released, {.numbers = 1});
  return all;
}
constexpr std::array<Fields, kRecordTypes> kFields = make_fields();

// Calls visit(number) for each number of a record, in order.
template <class Visit>
void for_each_number(const Fields& fields, const Record& record, Visit visit) {
  if (fields.owner) visit(record.owner);
  if (fields.message) visit(record.message);
  for (std::size_t i = 0; i < fields.numbers; ++i) visit(record.numbers[i]);
}

const Fields& fields_of(const Record& record) {
  return kFields[static_cast<std::size_t>(record.type)];
}

std::size_t body_bytes(const Record& record, std::size_t more) {
  const Fields& fields = fields_of(record);
  std::size_t bytes = more;
  for_each_number(fields, record, [&](std::uint64_t number) { bytes += varint_bytes(number); });
  for (std::size_t i = 0; i < fields.texts; ++i) {
    const std::size_t size = record.texts[i].size();
    bytes += size + (i + 1U < fields.texts ? varint_bytes(size) : 0);
  }
  return bytes;
}

}  // namespace

std::size_t encoded_bytes(const Record& record, std::size_t more) {
  const std::size_t body = body_bytes(record, more);
  return 1 + varint_bytes(body) + body;
}

std::uint8_t* encode(const Record& record, std::uint8_t* out, std::size_t more) {
  const Fields& fields = fields_of(record);
  *out++ = static_cast<std::uint8_t>(record.type);
  out = put_varint(out, body_bytes(record, more));
  for_each_number(fields, record, [&](std::uint64_t number) { out = put_varint(out, number); });
  for (std::size_t i = 0; i < fields.texts; ++i) {
    const std::string_view text = record.texts[i];
    if (i + 1U < fields.texts) out = put_varint(out, text.size());
    copy(out, text);
    out += text.size();
  }
  return out;
}

Decoded decode(Bytes& bytes, Record& record) {
  if (bytes.empty()) return Decoded::Damaged;
  const std::uint8_t type = bytes[0];
  Bytes rest = bytes.subspan(1);
  bytes = {};
  const std::optional<std::uint64_t> length = take_varint(rest);
  if (!length || *length > rest.size()) return Decoded::Damaged;
  Bytes body = rest.first(static_cast<std::size_t>(*length));
  bytes = rest.subspan(body.size());
  if (type == 0 || type >= kRecordTypes) return Decoded::Unknown;

  record = {.type = static_cast<RecordType>(type)};
  const Fields& fields = kFields[type];
  bool whole = true;
  const auto number = [&]() -> std::uint64_t {
    const std::optional<std::uint64_t> value = take_varint(body);
    whole = whole && value;
    return value.value_or(0);
  };
  if (fields.owner) {
    const std::uint64_t owner = number();
    record.owner = static_cast<OwnerNumber>(owner);
    whole = whole && record.owner == owner;
  }
  if (fields.message) record.message = number();
  for (std::size_t i = 0; i < fields.numbers; ++i) record.numbers[i] = number();
  for (std::size_t i = 0; i < fields.texts; ++i) {
    const std::uint64_t size = i + 1U < fields.texts ? number() : body.size();
    if (!whole || size > body.size()) return Decoded::Damaged;
    record.texts[i] = as_text(body.first(static_cast<std::size_t>(size)));
    body = body.subspan(static_cast<std::size_t>(size));
  }
  // What is left is of a newer version, which says more.
  return whole ? Decoded::Record : Decoded::Damaged;
}

}  // namespace midge::persist
