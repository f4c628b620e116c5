// A packet that came in part. It exists only while that is so.
#pragma once

#include <cstdint>

#include "broker/auth/authorizer.hpp"
#include "broker/connection/connection.hpp"

namespace midge::connection {

// A set of packet types, one bit each.
template <class... Types>
constexpr unsigned bits(Types... types) {
  return (0U | ... | (1U << static_cast<unsigned>(types)));
}

struct Incoming : ListNode<HalfPacket> {
  explicit Incoming(Connection& owner) : connection(owner) {}

  enum class Stage : std::uint8_t {
    Header,       // the fixed header is not whole
    Body,         // collects all of the body
    PublishHead,  // collects a PUBLISH up to its payload
    Payload,      // appends to the message as it comes
    Discard,      // reads over the payload of a refused PUBLISH
    Complete,     // whole, but could not be handled yet
  };
  Stage stage = Stage::Header;
  bool is_publish_payload = false;  // Complete: the message is whole, rather than `buffer`
  std::uint8_t header_filled = 0;
  std::uint8_t header_bytes[wire::kMaximumFixedHeaderBytes] = {};
  wire::FixedHeader header;
  Connection& connection;
  std::size_t held_bytes = 0;     // accounted in Context::halves
  Instant last_bytes{};           // when the client's last ones came
  bool waits_for_client = false;  // in Context::halves.waiting

  // Body, PublishHead: what came so far. It grows with what comes, not with what is announced.
  std::uint8_t* buffer = nullptr;
  std::uint32_t capacity = 0;
  std::uint32_t filled = 0;
  std::uint32_t wanted = 0;  // bytes of the body that this stage collects

  // Payload, Discard
  message::Message* message = nullptr;  // counted
  std::uint32_t payload_bytes = 0;
  std::uint32_t payload_left = 0;  // of these
  std::size_t reserved_bytes = 0;  // among the halves, for all of it
  wire::QoS qos{};
  wire::PacketIdentifier packet_id = 0;
  Refusal verdict = Refusal::None;

  auth::Ticket ticket = 0;  // of a CONNECT that waits for a decision

  [[nodiscard]] Bytes body() const { return {buffer, filled}; }
};

}  // namespace midge::connection
