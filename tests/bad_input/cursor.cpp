#include "tests/bad_input/cursor.hpp"

#include <algorithm>
#include <iterator>

namespace midge::test::bad_input {
namespace {

enum class Type : std::uint8_t {
  Text,
  Topic,
  Data,
  Pair,
  Flag,
  Two,
  Four,
  PositiveTwo,
  PositiveFour,
  Alias,
  Subscription
};

// MQTT 5.0 table 2-4. Places: C CONNECT, A CONNACK, P PUBLISH, W will, K PUBACK, PUBREC, PUBREL and
// PUBCOMP, S SUBSCRIBE, s SUBACK, U UNSUBSCRIBE, u UNSUBACK, D DISCONNECT, H AUTH.
struct Rule {
  std::uint8_t id;
  Type type;
  std::string_view places;
};
constexpr Rule kRules[] = {
    {0x01, Type::Flag, "PW"},  {0x02, Type::Four, "PW"},          {0x03, Type::Text, "PW"},
    {0x08, Type::Topic, "PW"}, {0x09, Type::Data, "PW"},          {0x0B, Type::Subscription, "PS"},
    {0x11, Type::Four, "CAD"}, {0x12, Type::Text, "A"},           {0x13, Type::Two, "A"},
    {0x15, Type::Text, "CAH"}, {0x16, Type::Data, "CAH"},         {0x17, Type::Flag, "C"},
    {0x18, Type::Four, "W"},   {0x19, Type::Flag, "C"},           {0x1A, Type::Text, "A"},
    {0x1C, Type::Text, "AD"},  {0x1F, Type::Text, "AKsuDH"},      {0x21, Type::PositiveTwo, "CA"},
    {0x22, Type::Two, "CA"},   {0x23, Type::Alias, "P"},          {0x24, Type::Flag, "A"},
    {0x25, Type::Flag, "A"},   {0x26, Type::Pair, "CAPWKSsUuDH"}, {0x27, Type::PositiveFour, "CA"},
    {0x28, Type::Flag, "A"},   {0x29, Type::Flag, "A"},           {0x2A, Type::Flag, "A"},
};

// By packet type; the will is number 0.
constexpr std::string_view kPlaces = "WCAPKKKKSsUu??DH";

}  // namespace

void Cursor::stop(std::uint8_t code) {
  if (stopped_) return;
  stopped_ = true;
  fault(code);
}

Bytes Cursor::take(Kind kind, std::size_t bytes) {
  if (stopped_) return {};
  if (limit_ - at_ < bytes) {
    stop(kMalformed);
    return {};
  }
  if (have_.size() - at_ < bytes) {
    stopped_ = true;
    return {};
  }
  const Bytes taken = have_.subspan(at_, bytes);
  if (bytes != 0) fields_.push_back({kind, offset_ + at_, {taken.begin(), taken.end()}});
  at_ += bytes;
  return taken;
}

std::uint32_t Cursor::number(Kind kind, std::size_t bytes) {
  std::uint32_t value = 0;
  for (const std::uint8_t byte : take(kind, bytes)) value = value * 256 + byte;
  return value;
}

std::uint32_t Cursor::variable(Kind kind) {
  if (stopped_) return 0;
  std::uint32_t value = 0;
  std::uint32_t unit = 1;
  for (std::size_t i = 0; i < 4; ++i, unit *= 128) {
    if (at_ + i >= limit_ || at_ + i >= have_.size()) {
      take(kind, i + 1);  // stops
      return 0;
    }
    const std::uint8_t byte = have_[at_ + i];
    value += (byte % 128U) * unit;
    if (byte >= 128) continue;
    take(kind, i + 1);
    if (byte == 0 && i > 0) stop(kMalformed);  // a shorter one would do
    return value;
  }
  stop(kMalformed);
  return 0;
}

std::string Cursor::text(Kind kind) {
  const std::size_t size = number(Kind::TextLength, 2);
  const Bytes taken = take(kind, size);
  std::string text(taken.begin(), taken.end());
  if (stopped_ || kind == Kind::Data) return text;
  if (!is_text(text)) fault(kMalformed);
  if (kind == Kind::Topic && !text.empty() && !is_topic_name(text)) fault(kMalformed);
  return text;
}

std::string Cursor::rest(Kind kind) {
  if (stopped_) return {};
  const Bytes taken = take(kind, limit_ - at_);
  return {taken.begin(), taken.end()};
}

Section Cursor::properties(unsigned place) {
  Section section;
  const std::size_t bytes = variable(Kind::PropertyLength);
  if (stopped_) return section;
  if (bytes > limit_ - at_) {
    stop(kMalformed);
    return section;
  }
  const std::size_t limit = limit_;
  limit_ = at_ + bytes;
  while (more()) property(place, section);
  limit_ = limit;
  if (!stopped_ && section.has(0x16) && !section.has(0x15)) fault(kProtocolError);
  return section;
}

void Cursor::property(unsigned place, Section& section) {
  const auto id = static_cast<std::uint8_t>(number(Kind::PropertyId, 1));
  if (stopped_) return;
  const auto* const rule = std::find_if(std::begin(kRules), std::end(kRules),
                                        [id](const Rule& r) { return r.id == id; });
  if (rule == std::end(kRules) || rule->places.find(kPlaces[place]) == std::string_view::npos) {
    return stop(kMalformed);  // section 2.2.2.2
  }
  // A PUBLISH may have several Subscription Identifiers, if it comes from a server.
  const bool repeats = rule->type == Type::Pair || rule->type == Type::Subscription;
  if (section.has(id) && (!repeats || (rule->type == Type::Subscription && place != 3))) {
    fault(kProtocolError);
  }
  switch (rule->type) {
    case Type::Text:
      section.texts[id] = text(Kind::Text);
      return;
    case Type::Topic:
      section.texts[id] = text(Kind::Topic);
      if (!stopped_ && section.texts[id].empty()) fault(kMalformed);
      return;
    case Type::Data:
      section.texts[id] = text(Kind::Data);
      return;
    case Type::Pair:
      text(Kind::Text);
      text(Kind::Text);
      return;
    case Type::Flag:
      section.numbers[id] = number(Kind::Flag, 1);
      if (section.numbers[id] > 1) fault(kProtocolError);
      return;
    case Type::Two:
      section.numbers[id] = number(Kind::Number, 2);
      return;
    case Type::Four:
      section.numbers[id] = number(Kind::Number, 4);
      return;
    case Type::PositiveTwo:
    case Type::PositiveFour:
      section.numbers[id] = number(Kind::Positive, rule->type == Type::PositiveTwo ? 2 : 4);
      if (!stopped_ && section.numbers[id] == 0) fault(kProtocolError);
      return;
    case Type::Alias:
      section.numbers[id] = number(Kind::Alias, 2);
      return;
    case Type::Subscription:
      section.numbers[id] = variable(Kind::Subscription);
      if (!stopped_ && section.numbers[id] == 0) fault(kProtocolError);
      return;
  }
}

// By code points, as RFC 3629 defines them: an encoding is right if it is the one that its code
// point has.
bool is_text(std::string_view bytes) {
  for (std::size_t at = 0; at < bytes.size();) {
    const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(bytes[i]); };
    const std::uint8_t lead = byte(at);
    const std::size_t more = lead < 0x80   ? 0
                             : lead < 0xC0 ? 4  // a byte in the middle of a character
                             : lead < 0xE0 ? 1
                             : lead < 0xF0 ? 2
                             : lead < 0xF8 ? 3
                                           : 4;
    if (more == 4 || bytes.size() - at <= more) return false;
    std::uint32_t point = more == 0 ? lead : lead & (0x3FU >> more);
    for (std::size_t i = 1; i <= more; ++i) {
      if (byte(at + i) / 0x40 != 2) return false;
      point = point * 0x40 + byte(at + i) % 0x40;
    }
    constexpr std::uint32_t kLeast[] = {0x01, 0x80, 0x800, 0x10000};
    if (point < kLeast[more] || point > 0x10FFFF) return false;
    if (point >= 0xD800 && point <= 0xDFFF) return false;
    at += more + 1;
  }
  return true;
}

bool is_topic_name(std::string_view text) {
  return !text.empty() && text.find_first_of("+#") == std::string_view::npos;
}

std::size_t count_levels(std::string_view topic) {
  return 1 + static_cast<std::size_t>(std::count(topic.begin(), topic.end(), '/'));
}

}  // namespace midge::test::bad_input
