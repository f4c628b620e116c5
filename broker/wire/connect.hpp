// CONNECT (MQTT 5.0 section 3.1; 3.1.1 section 3.1; 3.1 section 3.1): bytes <-> struct.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "broker/base/bytes.hpp"
#include "broker/base/result.hpp"
#include "broker/wire/property.hpp"
#include "broker/wire/protocol.hpp"
#include "broker/wire/writer.hpp"

namespace midge::wire {

// Views point into the decoded frame and live only as long as it does.
struct Will {
  std::string_view topic_name;  // valid UTF-8, not empty, no wildcard
  Bytes payload;                // 0 to 65'535 bytes
  QoS qos{};
  bool retain = false;
  Properties properties{};  // 5.0 only
};

struct Connect {
  Version version = Version::V5;
  bool bridge = false;           // protocol level had the 0x80 bit (3.1, 3.1.1)
  bool clean_start = true;       // Clean Session before 5.0
  std::uint16_t keep_alive = 0;  // seconds; 0: none
  std::string_view client_id;    // may be empty
  std::optional<std::string_view> user_name;
  std::optional<Bytes> password;
  std::optional<Will> will;
  Properties properties{};  // 5.0 only
};

// Why a CONNECT was refused and how it may be answered.
struct ConnectError {
  ReasonCode reason = ReasonCode::Success;
  // Unset: the protocol name or level was not read or is unknown; close, with nothing or with
  // `reason` UnsupportedProtocolVersion in the form that `unsupported_level` tells.
  std::optional<Version> version{};
  // The name was MQTT or MQIsdp and only the level is unknown: 3.1.1 clients understand return
  // code 1.
  bool unsupported_level = false;
};

// Decodes one complete CONNECT body; flags must be 0. Errors: MalformedPacket (a will topic
// or a will's Response Topic that is empty or has a wildcard too), ProtocolError (a property),
// UnsupportedProtocolVersion (`version` is then unset). Never reads past `body`.
//
// Before 5.0 a password needs a user name. 3.1: the reserved flag is not judged, and user name and
// password may be missing at the end of the body though their flags are set (3.1 section 3.1).
[[nodiscard]] Result<Connect, ConnectError> decode_connect(std::uint8_t flags, Bytes body);
// The same in place: `connect` comes in new. The error's reason is Success when there is none.
[[nodiscard]] ConnectError decode_connect(std::uint8_t flags, Bytes body, Connect& connect);

// Writes a whole packet, fixed header included. Before 5.0 a password without user name is left
// out.
void encode_connect(Writer& out, const Connect& connect);

}  // namespace midge::wire
