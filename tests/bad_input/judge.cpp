#include "tests/bad_input/judge.hpp"

#include <algorithm>

namespace midge::test::bad_input {
namespace {

enum Type : unsigned {
  kConnect = 1,
  kConnack,
  kPublish,
  kPuback,
  kPubrec,
  kPubrel,
  kPubcomp,
  kSubscribe,
  kSuback,
  kUnsubscribe,
  kUnsuback,
  kPingreq,
  kPingresp,
  kDisconnect,
  kAuth
};

bool comes_from_server(unsigned type) {
  return type == kConnack || type == kSuback || type == kUnsuback || type == kPingresp;
}

bool contains(std::initializer_list<std::uint8_t> codes, std::uint32_t code) {
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

// The tables of sections 3.4.2.1 to 3.7.2.1.
bool is_reason_of(unsigned type, std::uint32_t reason) {
  if (type == kPuback || type == kPubrec) {
    return contains({0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99}, reason);
  }
  return contains({0x00, 0x92}, reason);
}

// Section 3.14.2.1: what a client may say, and what is for the server alone. 0x8C stands in table
// 2-6 but not there.
bool client_may_say(std::uint32_t reason) {
  return contains(
      {0x00, 0x04, 0x80, 0x81, 0x82, 0x83, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99}, reason);
}
bool server_may_say(std::uint32_t reason) {
  return contains({0x87, 0x89, 0x8B, 0x8C, 0x8D, 0x8E, 0x8F, 0x9A, 0x9B, 0x9C, 0x9D, 0x9E, 0x9F,
                   0xA0, 0xA1, 0xA2},
                  reason);
}

}  // namespace

Expected expect(const Peer& peer, Bytes stream) {
  Judge judge(peer);
  std::size_t offset = 0;
  while (offset < stream.size()) {
    std::size_t used = 0;
    if (!judge.frame(stream.subspan(offset), offset, used)) return judge.take();
    offset += used;
  }
  Expected expected = judge.take();
  // Before CONNECT there is nothing that could work.
  const End end = expected.peer.connected ? End::Works : End::Waits;
  expected.outcomes.insert({end, 0});
  return expected;
}

void Judge::refuse(const std::set<std::uint8_t>& codes) {
  const bool tells = is_v5() && can_answer_;
  for (const std::uint8_t code : codes) {
    expected_.outcomes.insert({End::Refused, tells ? code : std::uint8_t{0}});
  }
}

bool Judge::is_over(const Cursor& in, const std::set<std::uint8_t>& also) {
  std::set<std::uint8_t> faults = in.faults();
  faults.insert(also.begin(), also.end());
  refuse(faults);
  if (in.is_cut()) expected_.outcomes.insert({End::Waits, 0});
  return !expected_.outcomes.empty();
}

void Judge::answer(std::uint8_t first_byte, std::uint32_t id, std::vector<std::uint8_t> codes) {
  expected_.answers.push_back({first_byte, id, std::move(codes)});
}

bool Judge::frame(Bytes stream, std::size_t offset, std::size_t& used) {
  Frame frame{.type = stream[0] / 16U, .flags = stream[0] % 16U};
  expected_.fields.push_back({Kind::FirstByte, offset, {stream[0]}});
  can_answer_ = peer().connected;

  std::size_t unit = 1;
  while (true) {
    const std::size_t i = ++frame.header_bytes;
    if (i == stream.size()) {
      unfinished_header(stream);
      return false;
    }
    frame.remaining_length += stream[i] % 128U * unit;
    unit *= 128;
    if (stream[i] < 128) break;
    if (i == 4) {
      refuse({kMalformed});
      return false;
    }
  }
  const std::size_t last = frame.header_bytes++;
  const Bytes header = stream.first(frame.header_bytes);
  expected_.fields.push_back(
      {Kind::RemainingLength, offset + 1, {header.begin() + 1, header.end()}});
  if (last > 1 && stream[last] == 0) {
    refuse({kMalformed});
    return false;
  }

  const std::size_t have = std::min(frame.remaining_length, stream.size() - frame.header_bytes);
  const Bytes body = stream.subspan(frame.header_bytes, have);
  Cursor in(body, frame.remaining_length, offset + frame.header_bytes, expected_.fields);
  const std::set<std::uint8_t> faults = early(frame);
  if (frame.header_bytes + frame.remaining_length > kPacketBytes) {
    refuse({0x95});
    refuse(faults);
    return false;
  }
  const bool may_come = peer().connected ? frame.type != kConnect : frame.type == kConnect;
  if (!may_come || frame.type == 0 || comes_from_server(frame.type) ||
      (frame.type == kAuth && !is_v5())) {
    in.rest(Kind::Unjudged);
    is_over(in, faults);
    return false;
  }
  if (frame.type != kConnect) {
    for (const std::uint8_t code : faults) in.fault(code);
  }
  switch (frame.type) {
    case kConnect:
      connect(frame, in);
      break;
    case kPublish:
      publish(frame, in);
      break;
    case kPuback:
    case kPubrec:
    case kPubrel:
    case kPubcomp:
      acknowledgement(frame, in);
      break;
    case kSubscribe:
      subscribe(in);
      break;
    case kUnsubscribe:
      unsubscribe(in);
      break;
    case kPingreq:
      ping(in);
      break;
    case kDisconnect:
      disconnect(in);
      break;
    case kAuth:
      auth(in);
      break;
    default:
      break;
  }
  used = frame.header_bytes + frame.remaining_length;
  return expected_.outcomes.empty();
}

// The first byte alone, perhaps with a length that goes on.
void Judge::unfinished_header(Bytes stream) {
  const Frame frame{.type = stream[0] / 16U, .flags = stream[0] % 16U};
  expected_.outcomes.insert({End::Waits, 0});
  refuse(early(frame));
  if (!peer().connected && frame.type == kConnect) expected_.outcomes = {{End::Waits, 0}};
}

std::set<std::uint8_t> Judge::early(const Frame& frame) const {
  std::set<std::uint8_t> codes;
  unsigned right_flags = 0;
  switch (frame.type) {
    case 0:
      return {kMalformed};
    case kConnect:
      if (peer().connected) codes.insert(kProtocolError);
      break;
    case kPublish: {
      const unsigned qos = frame.flags / 2 % 4;
      if (qos == 3 || (qos == 0 && frame.flags >= 8)) codes.insert(kMalformed);
      right_flags = frame.flags;
      break;
    }
    case kPubrel:
    case kSubscribe:
    case kUnsubscribe:
      right_flags = peer().version == Version::V31 ? frame.flags : 2;
      break;
    case kConnack:
    case kSuback:
    case kUnsuback:
    case kPingresp:
      codes.insert(kProtocolError);
      break;
    case kAuth:
      if (!is_v5()) codes.insert(kMalformed);
      break;
    default:
      break;
  }
  if (frame.flags != right_flags) codes.insert(kMalformed);
  if (!peer().connected && frame.type != kConnect) codes.insert(kProtocolError);  // [MQTT-3.1.0-1]
  return codes;
}

void Judge::acknowledgement(const Frame& frame, Cursor& in) {
  const std::uint32_t id = in.number(Kind::PacketId, 2);
  std::uint32_t reason = 0;
  if (is_v5() && in.more()) {
    reason = in.number(Kind::Reason, 1);
    if (!in.stopped() && !is_reason_of(frame.type, reason)) in.fault(kProtocolError);
    if (in.more()) in.properties(frame.type);
  }
  in.end();
  if (!in.stopped() && id == 0) in.fault(kProtocolError);
  if (in.faults().empty() && !in.is_cut()) accept_acknowledgement(frame.type, id, reason, in);
  is_over(in);
}

void Judge::accept_acknowledgement(unsigned type, std::uint32_t id, std::uint32_t reason,
                                   Cursor& in) {
  const auto with = [this](std::uint8_t code) {
    return is_v5() ? std::vector<std::uint8_t>{code} : std::vector<std::uint8_t>{};
  };
  if (type == kPubrel) {
    const bool known = peer().inbound.erase(id) != 0;
    return answer(0x70, id, with(known ? 0x00 : 0x92));
  }
  const auto open = peer().deliveries.find(id);
  if (open == peer().deliveries.end()) {
    // What the client has refused is over; for any other PUBREC it waits for a PUBREL.
    if (type == kPubrec && reason < 0x80) answer(0x62, id, with(0x92));
    return;
  }
  const unsigned awaited = open->second / 16U;
  // A PUBREC may come again while PUBCOMP is awaited.
  if (type != awaited && !(type == kPubrec && awaited == kPubcomp)) {
    return in.fault(kProtocolError);
  }
  if (type != kPubrec || reason >= 0x80) {
    peer().deliveries.erase(open);
    return;
  }
  open->second = kPubcomp * 16U;
  answer(0x62, id, with(0x00));
}

void Judge::ping(Cursor& in) {
  in.end();
  if (!is_over(in)) answer(0xD0, 0, {});
}

void Judge::disconnect(Cursor& in) {
  std::uint32_t reason = 0;
  bool server_only = false;
  Section section;
  if (is_v5() && in.more()) {
    reason = in.number(Kind::Reason, 1);
    server_only = server_may_say(reason);
    if (!in.stopped() && !server_only && !client_may_say(reason)) in.fault(kProtocolError);
    if (in.more()) section = in.properties(kDisconnect);
    if (section.has(0x1C)) server_only = true;  // Server Reference
    // A session that was to end with its connection can't be kept after all.
    if (section.has(0x11) && section.numbers[0x11] != 0 && peer().session_expiry == 0) {
      in.fault(kProtocolError);
    }
  }
  in.end();
  if (is_over(in)) return;
  expected_.outcomes.insert({End::Ended, 0});
  // The table says who sends it; a client that does may be told or be let go.
  if (server_only) refuse({kProtocolError});
  if (section.has(0x11)) peer().session_expiry = section.numbers[0x11];
}

void Judge::auth(Cursor& in) {
  if (in.more()) {
    const std::uint32_t reason = in.number(Kind::Reason, 1);
    if (!in.stopped() && !contains({0x00, 0x18, 0x19}, reason)) in.fault(kProtocolError);
    in.properties(kAuth);
  }
  in.end();
  in.fault(kProtocolError);  // this connection has no method
  is_over(in);
}

}  // namespace midge::test::bad_input
