// Packets as values that own what they hold: what a test sends, and what the broker answered.
//
//   const Packet p = client.expect_publish();
//   CHECK(p.topic == "t");
//   CHECK(p.props.user == UserProperties{{"k", "v"}});
//   CHECK(p.bytes == hex("30 04 00 01 74 78"));       // the whole packet as it came
//
// Every member has a default, so a test names only what matters:
//   client.publish("t", "x", kQoS1, {.retain = true, .props = {.message_expiry_interval = 10}});
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "broker/base/bytes.hpp"
#include "tests/support/names.hpp"

namespace midge::test {

using UserProperties = std::vector<std::pair<std::string, std::string>>;

// All properties of 5.0; binary ones are strings too. Names as in broker/wire/property.hpp.
struct Properties {
  std::optional<std::uint8_t> payload_format_indicator{};
  std::optional<std::uint32_t> message_expiry_interval{};
  std::optional<std::string> content_type{};
  std::optional<std::string> response_topic{};
  std::optional<std::string> correlation_data{};
  std::optional<std::uint32_t> subscription_identifier{};  // sent; received: the first one
  std::optional<std::uint32_t> session_expiry_interval{};
  std::optional<std::string> assigned_client_identifier{};
  std::optional<std::uint16_t> server_keep_alive{};
  std::optional<std::string> authentication_method{};
  std::optional<std::string> authentication_data{};
  std::optional<std::uint8_t> request_problem_information{};
  std::optional<std::uint32_t> will_delay_interval{};
  std::optional<std::uint8_t> request_response_information{};
  std::optional<std::string> response_information{};
  std::optional<std::string> server_reference{};
  std::optional<std::string> reason_string{};
  std::optional<std::uint16_t> receive_maximum{};
  std::optional<std::uint16_t> topic_alias_maximum{};
  std::optional<std::uint16_t> topic_alias{};
  std::optional<std::uint8_t> maximum_qos{};
  std::optional<std::uint8_t> retain_available{};
  std::optional<std::uint32_t> maximum_packet_size{};
  std::optional<std::uint8_t> wildcard_subscription_available{};
  std::optional<std::uint8_t> subscription_identifier_available{};
  std::optional<std::uint8_t> shared_subscription_available{};
  UserProperties user{};                          // in order
  std::vector<std::uint32_t> subscription_ids{};  // received only: all of them, in order

  bool operator==(const Properties&) const = default;
};

struct Will {
  std::string topic{};
  std::string payload{};
  QoS qos{};
  bool retain = false;
  Properties props{};
};

struct ConnectOptions {
  bool clean_start = true;       // Clean Session before 5.0
  std::uint16_t keep_alive = 0;  // seconds
  std::optional<std::string> user_name{};
  std::optional<std::string> password{};
  std::optional<Will> will{};
  bool bridge = false;  // protocol level with the 0x80 bit (3.1, 3.1.1)
  Properties props{};
};

struct PublishOptions {
  bool dup = false;
  bool retain = false;
  std::optional<PacketIdentifier> packet_id{};  // none: the client's next one
  Properties props{};
};

struct Filter {
  std::string filter{};
  QoS qos{};
  bool no_local = false;
  bool retain_as_published = false;
  RetainHandling retain_handling = RetainHandling::Send;
};

struct SubscribeOptions {
  bool no_local = false;
  bool retain_as_published = false;
  RetainHandling retain_handling = RetainHandling::Send;
  std::optional<PacketIdentifier> packet_id{};
  Properties props{};
};

// A packet from the broker. Only the members that its type has mean anything.
struct Packet {
  PacketType type{};
  Version version{};
  std::vector<std::uint8_t> bytes{};  // all of it, fixed header included
  std::uint8_t flags = 0;             // low nibble of the first byte

  PacketIdentifier packet_id = 0;  // 0: none
  ReasonCode reason{};             // acks, CONNACK (before 5.0 mapped from return_code), DISCONNECT
  ReturnCode return_code{};        // CONNACK before 5.0
  bool session_present = false;    // CONNACK
  std::vector<ReasonCode> codes{};  // SUBACK, UNSUBACK (5.0)

  std::string topic{};  // PUBLISH
  std::string payload{};
  QoS qos{};
  bool dup = false;
  bool retain = false;

  Properties props{};  // 5.0
};

// One line about a packet, for failures.
[[nodiscard]] std::string describe(const Packet& packet);

// Takes one packet off the front of `stream`, if a whole one is there. Bytes that no broker may
// send are an `error`, in words; the stream is then of no more use.
struct Decoded {
  std::optional<Packet> packet;
  std::size_t bytes = 0;
  std::string error;
};
[[nodiscard]] Decoded decode_packet(Version version, Bytes stream);

// Whole packets as a client sends them; what wire would not write, a test sends as hex.
using ByteVector = std::vector<std::uint8_t>;
[[nodiscard]] ByteVector connect_bytes(Version version, std::string_view client_id,
                                       const ConnectOptions& options = {});
[[nodiscard]] ByteVector publish_bytes(Version version, std::string_view topic,
                                       std::string_view payload, QoS qos = kQoS0,
                                       const PublishOptions& options = {});
[[nodiscard]] ByteVector ack_bytes(Version version, PacketType type, PacketIdentifier packet_id,
                                   ReasonCode reason = ReasonCode::Success,
                                   const Properties& props = {});
[[nodiscard]] ByteVector subscribe_bytes(Version version, PacketIdentifier packet_id,
                                         const std::vector<Filter>& filters,
                                         const Properties& props = {});
[[nodiscard]] ByteVector unsubscribe_bytes(Version version, PacketIdentifier packet_id,
                                           const std::vector<std::string>& filters,
                                           const Properties& props = {});
[[nodiscard]] ByteVector disconnect_bytes(Version version,
                                          ReasonCode reason = ReasonCode::NormalDisconnection,
                                          const Properties& props = {});
[[nodiscard]] ByteVector auth_bytes(ReasonCode reason, const Properties& props = {});
[[nodiscard]] ByteVector ping_bytes();  // PINGREQ

}  // namespace midge::test

namespace doctest {

template <>
struct StringMaker<midge::test::Packet> {
  static String convert(const midge::test::Packet& packet) {
    return midge::test::describe(packet).c_str();
  }
};

}  // namespace doctest
