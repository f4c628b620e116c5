// Bytes to packets: the fixed header and PUBLISH.
#include <array>
#include <string_view>

#include "broker/base/bytes.hpp"
#include "broker/wire/ack.hpp"
#include "broker/wire/frame.hpp"
#include "broker/wire/publish.hpp"
#include "tests/bench/rooms/case.hpp"

namespace midge::bench {
namespace {

constexpr std::string_view kPayload =
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

// A whole body of a PUBLISH to "site/12/dev/34/temp" with that payload.
template <std::size_t Bytes>
struct Body {
  std::array<std::uint8_t, Bytes> bytes{};
  std::size_t size = 0;

  void add(std::string_view text) {
    for (const char c : text) bytes[size++] = static_cast<std::uint8_t>(c);
  }
  [[nodiscard]] midge::Bytes all() const { return {bytes.data(), size}; }
};

Body<256> body_of(std::string_view between_topic_and_payload) {
  Body<256> body;
  body.add({"\x00\x13", 2});
  body.add("site/12/dev/34/temp");
  body.add(between_topic_and_payload);
  body.add(kPayload);
  return body;
}

void decode(std::uint64_t count, wire::Version version, std::uint8_t flags,
            std::string_view between_topic_and_payload) {
  const Body<256> body = body_of(between_topic_and_payload);
  for (std::uint64_t i = 0; i < count; ++i) {
    wire::Publish publish;
    keep(body);
    const wire::ReasonCode reason = wire::decode_publish(version, flags, body.all(), publish);
    require(reason == wire::ReasonCode::Success, "a PUBLISH was refused");
    keep(publish);
  }
}

void frame(std::uint64_t count) {
  // PUBACK, a PUBLISH of 85 bytes, one of 1,045, one of 65,557.
  constexpr std::uint8_t kHeaders[4][4] = {{0x40, 0x02, 0x00, 0x07},
                                           {0x30, 0x55, 0, 0},
                                           {0x30, 0x95, 0x08, 0},
                                           {0x30, 0x95, 0x80, 0x04}};
  for (std::uint64_t i = 0; i < count; ++i) {
    keep(kHeaders);
    const wire::FrameResult result = wire::read_fixed_header(kHeaders[i % 4]);
    require(result.framing == wire::Framing::Frame, "a fixed header was refused");
    keep(result);
  }
}

void publish_q0(std::uint64_t count) {
  decode(count, wire::Version::V311, 0x0, {});
}

void publish_q1(std::uint64_t count) {
  decode(count, wire::Version::V311, 0x2, {"\x00\x07", 2});
}

void publish_v5(std::uint64_t count) {
  decode(count, wire::Version::V5, 0x2, {"\x00\x07\x00", 3});
}

void publish_v5_properties(std::uint64_t count) {
  // Message Expiry Interval 60 and Content Type "text".
  decode(count, wire::Version::V5, 0x2, {"\x00\x07\x0c\x02\x00\x00\x00\x3c\x03\x00\x04text", 15});
}

void puback(std::uint64_t count) {
  constexpr std::array<std::uint8_t, 2> kBody = {0x00, 0x07};
  for (std::uint64_t i = 0; i < count; ++i) {
    keep(kBody);
    const auto ack = wire::decode_ack(wire::Version::V311, wire::PacketType::Puback, kBody);
    require(ack.ok(), "a PUBACK was refused");
    keep(ack);
  }
}

constexpr Case kCases[] = {
    {"frame", "fixed header", 100'000, frame},
    {"publish-q0", "decoded PUBLISH, QoS 0", 100'000, publish_q0},
    {"publish-q1", "decoded PUBLISH, QoS 1", 100'000, publish_q1},
    {"publish-v5", "decoded PUBLISH, 5.0, QoS 1", 100'000, publish_v5},
    {"publish-v5-properties", "decoded PUBLISH, 5.0, with two properties", 100'000,
     publish_v5_properties},
    {"puback", "decoded PUBACK", 100'000, puback},
};

}  // namespace

std::span<const Case> wire_cases() {
  return kCases;
}

}  // namespace midge::bench
