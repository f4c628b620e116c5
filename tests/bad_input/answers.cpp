#include "tests/bad_input/answers.hpp"

#include <algorithm>

namespace midge::test::bad_input {
namespace {

std::uint32_t two_bytes(Bytes bytes, std::size_t at) {
  return at + 1 < bytes.size() ? bytes[at] * 256U + bytes[at + 1] : 0;
}

// Of a CONNACK of this broker.
std::string assigned_id_of(Bytes properties) {
  for (std::size_t at = 0; at < properties.size();) {
    const std::uint8_t id = properties[at];
    if (id == 0x12) {
      const std::size_t size = two_bytes(properties, at + 1);
      if (properties.size() - at < 3 + size) return {};
      return std::string(as_text(properties.subspan(at + 3, size)));
    }
    at += id == 0x27 || id == 0x11 ? 5 : 3;
  }
  return {};
}

void read_packet(Version version, std::uint8_t first_byte, Bytes body, Seen& seen) {
  const bool v5 = version == Version::V5;
  Answer answer{first_byte, two_bytes(body, 0), {}};
  switch (first_byte / 16) {
    case 2:
      if (body.size() < 2) break;
      answer.packet_id = 0;
      answer.codes = {body[0], body[1]};
      if (body[1] != 0) {
        seen.told = body[1];
        const bool plain = body[0] == 0 && (body.size() == 2 || body[2] == 0 || body[1] == 0x87);
        if (!plain) seen.error = "a refusing CONNACK with more than its code";
        return;
      }
      if (v5 && body.size() > 3) seen.assigned_id = assigned_id_of(body.subspan(3));
      break;
    case 3: {
      const std::size_t size = two_bytes(body, 0);
      if (body.size() < 2 + size) break;
      seen.topics.emplace_back(as_text(body.subspan(2, size)));
      return;
    }
    case 4:
    case 5:
    case 6:
    case 7:
      if (v5) answer.codes = {body.size() > 2 ? body[2] : std::uint8_t{0}};
      break;
    case 9:
    case 11: {
      // Behind the properties, whose length has one byte here.
      const std::size_t begin = v5 && body.size() > 2 ? 3 + std::size_t{body[2]} : 2;
      const Bytes codes = body.subspan(std::min(begin, body.size()));
      answer.codes.assign(codes.begin(), codes.end());
      break;
    }
    case 13:
      ++seen.ping_responses;
      return;
    case 14:
      seen.told = body.empty() ? std::uint8_t{0} : body[0];
      if (!v5 || body.size() != 1) seen.error = "a DISCONNECT that is not its code alone";
      return;
    default:
      seen.error = "a packet that no broker sends";
      return;
  }
  seen.answers.push_back(std::move(answer));
}

}  // namespace

Seen read_answers(Version version, Bytes received) {
  Seen seen;
  std::size_t at = 0;
  while (at < received.size() && seen.error.empty()) {
    if (seen.told) seen.error = "a packet behind the last one";
    std::size_t size = 0;
    std::size_t unit = 1;
    std::size_t i = at + 1;
    for (; i < received.size(); ++i, unit *= 128) {
      size += received[i] % 128U * unit;
      if (received[i] < 128) break;
    }
    if (i >= received.size() || received.size() - i - 1 < size) {
      seen.error = "half a packet";
      break;
    }
    read_packet(version, received[at], received.subspan(i + 1, size), seen);
    at = i + 1 + size;
  }
  if (!seen.error.empty()) seen.error += ": " + hex_text(received);
  return seen;
}

std::string hex_text(Bytes bytes) {
  return to_hex({bytes.begin(), bytes.end()});
}

}  // namespace midge::test::bad_input
