// What must come of a stream of bytes that a client sends: read from the spec and our documents,
// field by field, without any code of the broker. Where several rules are broken at once, each
// one's reason code is right; a packet that has not come whole may be refused early or waited for.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/bad_input/cursor.hpp"
#include "tests/bad_input/field.hpp"
#include "tests/support/names.hpp"

namespace midge::test::bad_input {

// How the broker of these tests is set up (stage.cpp).
inline constexpr std::size_t kPacketBytes = 4'000;
inline constexpr std::size_t kTopicLevels = 4;
inline constexpr std::uint16_t kAliasMaximum = 10;
inline constexpr std::size_t kReceiveMaximum = 20;

// A client as the broker knows it.
struct Peer {
  Version version = Version::V5;
  bool connected = false;
  std::string client_id{};
  std::string user_name{};
  std::uint32_t keep_alive = 0;
  std::uint32_t session_expiry = 0;  // before 5.0: 0 with Clean Session, else not 0
  std::map<std::uint32_t, std::uint8_t> deliveries{};  // Packet Identifier -> first byte awaited
  std::set<std::uint32_t> inbound{};                   // QoS 2, before their PUBREL
  std::map<std::uint32_t, std::string> aliases{};
  std::set<std::string> filters{};
};

enum class End : std::uint8_t {
  Works,    // all was handled, the connection goes on
  Ended,    // by the client's DISCONNECT: closed without a word
  Refused,  // closed by the broker
  Waits,    // for the rest of a packet, until the keep alive or the CONNECT limit ends it
};

struct Outcome {
  End end = End::Works;
  std::uint8_t code = 0;  // Refused: of the DISCONNECT or CONNACK; 0: without a word

  auto operator<=>(const Outcome&) const = default;
};

struct Answer {
  std::uint8_t first_byte = 0;
  std::uint32_t packet_id = 0;
  std::vector<std::uint8_t> codes{};  // reasons; of a CONNACK its two bytes

  bool operator==(const Answer&) const = default;
};

struct Expected {
  std::vector<Field> fields;        // what the bytes mean, as far as they mean anything
  std::vector<Answer> answers;      // before the end, in this order
  std::set<Outcome> outcomes;       // one of these
  Peer peer;                        // at the end
  std::set<std::string> retained;   // topics that may have a retained message now
  std::set<std::string> delivered;  // topics of messages that the client itself may receive
  bool has_session = false;         // a CONNECT was accepted
};

[[nodiscard]] Expected expect(const Peer& peer, Bytes stream);

// For failures: "works, answers 40 id 7 [10]".
[[nodiscard]] std::string describe(const Answer& answer);
[[nodiscard]] std::string describe(const Outcome& outcome);
[[nodiscard]] std::string describe(const Expected& expected);

}  // namespace midge::test::bad_input
