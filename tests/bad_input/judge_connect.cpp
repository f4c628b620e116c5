// CONNECT, section 3.1.
#include "tests/bad_input/judge.hpp"

namespace midge::test::bad_input {
namespace {

constexpr std::size_t kSmallestConnack = 5;  // with a code and no property
// With Topic Alias Maximum, Maximum Packet Size and Receive Maximum.
constexpr std::size_t kConnack = kSmallestConnack + 3 + 5 + 3;
constexpr std::size_t kAssignedId = 3 + 5 + 36;  // "auto-" and a UUID

bool are_connect_flags(Version version, unsigned flags) {
  const bool will = (flags & 4) != 0;
  const unsigned will_qos = flags / 8 % 4;
  const bool will_retain = (flags & 0x20) != 0;
  const bool password = (flags & 0x40) != 0;
  const bool user_name = (flags & 0x80) != 0;
  if ((flags & 1) != 0 && version != Version::V31) return false;
  if (will_qos == 3 || (!will && (will_qos != 0 || will_retain))) return false;
  return !password || user_name || version == Version::V5;
}

}  // namespace

void Judge::connect(const Frame& frame, Cursor& in) {
  Peer client;
  can_answer_ = false;
  const std::string protocol = in.text(Kind::Protocol);
  if (!in.stopped() && protocol != "MQTT" && protocol != "MQIsdp") in.stop(0x84);
  const std::uint32_t level = in.number(Kind::Level, 1);
  if (in.stopped()) {
    is_over(in);
    return;
  }
  if (protocol == "MQTT" && level == 5) {
    client.version = Version::V5;
  } else if (protocol == "MQTT" && level % 0x80 == 4) {  // or a bridge
    client.version = Version::V311;
  } else if (protocol == "MQIsdp" && level % 0x80 == 3) {
    client.version = Version::V31;
  } else {
    peer().version = Version::V311;  // the answer's
    expected_.outcomes.insert({End::Refused, 1});
    if (in.is_cut()) expected_.outcomes.insert({End::Waits, 0});
    if (frame.flags != 0) expected_.outcomes.insert({End::Refused, 0});
    return;
  }
  peer().version = client.version;
  can_answer_ = client.version == Version::V5;

  const std::uint32_t flags = in.number(Kind::ConnectFlags, 1);
  if (!in.stopped() && !are_connect_flags(client.version, flags)) in.fault(kMalformed);
  if (frame.flags != 0) in.fault(kMalformed);
  client.keep_alive = in.number(Kind::KeepAlive, 2);
  Section properties;
  if (can_answer_) properties = in.properties(frame.type);
  client.client_id = in.text(Kind::Text);
  std::string will_topic;
  if ((flags & 4) != 0) {
    if (can_answer_) in.properties(kInWill);
    will_topic = in.text(Kind::Topic);
    if (!in.stopped() && will_topic.empty()) in.fault(kMalformed);
    in.text(Kind::Data);
  }
  // In 3.1 they may be missing.
  const bool may_end = client.version == Version::V31;
  if ((flags & 0x80) != 0 && !(may_end && !in.more())) client.user_name = in.text(Kind::Text);
  if ((flags & 0x40) != 0 && !(may_end && !in.more())) in.text(Kind::Data);
  in.end();

  const bool clean = (flags & 2) != 0;
  const bool has_size = properties.has(0x27);
  const std::size_t size = has_size ? properties.numbers[0x27] : 0;
  // What does not fit can't be sent.
  if (has_size && size < kSmallestConnack) expected_.outcomes.insert({End::Refused, 0});
  const std::size_t connack = kConnack + (client.client_id.empty() ? kAssignedId : 0);
  const std::set<std::uint8_t> refusals = connect_refusals(client, clean, will_topic, properties);
  if (in.faults().empty() && !in.is_cut()) {
    for (const std::uint8_t code : refusals) expected_.outcomes.insert({End::Refused, code});
    if (refusals.empty() && has_size && size < connack) {
      expected_.outcomes.insert({End::Refused, 0});
    }
  }
  if (is_over(in)) return;
  client.connected = can_answer_ = true;
  if (client.version == Version::V5) {
    client.session_expiry = properties.has(0x11) ? properties.numbers[0x11] : 0;
  } else {
    client.session_expiry = clean ? 0 : 1;
  }
  if ((flags & 0x20) != 0) expected_.retained.insert(will_topic);
  expected_.has_session = true;
  peer() = client;
  answer(0x20, 0, {0, 0});
}

// Of a CONNECT that is right: why this broker does not want it.
std::set<std::uint8_t> Judge::connect_refusals(const Peer& client, bool clean,
                                               const std::string& will_topic,
                                               const Section& properties) const {
  std::set<std::uint8_t> codes;
  const bool v5 = client.version == Version::V5;
  if (client.client_id.empty() &&
      (client.version == Version::V31 || (client.version == Version::V311 && !clean))) {
    codes.insert(2);
  }
  if (properties.has(0x15)) codes.insert(0x8C);  // this broker knows no method
  if (will_topic.empty()) return codes;
  // No return code says so much.
  if (count_levels(will_topic) > kTopicLevels) codes.insert(v5 ? 0x90 : 0);
  if (will_topic.rfind("$SYS/", 0) == 0) codes.insert(v5 ? 0x87 : 5);
  return codes;
}

}  // namespace midge::test::bad_input
