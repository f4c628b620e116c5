// Feeds the input to every decoder as every version. Nothing may crash or be read past its end; and
// what decodes must encode to a packet that decodes again and encodes to the same bytes.
//
// Input: a byte stream of packets, as a client or a server sends it.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "broker/base/bytes.hpp"
#include "broker/wire/ack.hpp"
#include "broker/wire/connack.hpp"
#include "broker/wire/connect.hpp"
#include "broker/wire/disconnect.hpp"
#include "broker/wire/frame.hpp"
#include "broker/wire/publish.hpp"
#include "broker/wire/suback.hpp"
#include "broker/wire/subscribe.hpp"

namespace {

using namespace midge;
using namespace midge::wire;

void require(bool condition) {
  if (!condition) std::abort();
}

// A buffer of exactly its size, so that AddressSanitizer sees an over-read.
std::vector<std::uint8_t> copy_of(Bytes bytes) {
  return {bytes.begin(), bytes.end()};
}

// --- encoding what was decoded -------------------------------------------------------------------

void encode(Writer& out, Version, const Connect& connect) {
  encode_connect(out, connect);
}
void encode(Writer& out, Version version, const Connack& connack) {
  encode_connack(out, version, connack);
}
void encode(Writer& out, Version version, const Publish& publish) {
  encode_publish(out, version, publish);
}
void encode(Writer& out, Version version, const FilterList& list) {
  std::vector<SubscribeEntry> entries;
  std::vector<std::string_view> filters;
  std::size_t offset = 0;
  while (const auto entry = list.next(offset)) {
    entries.push_back(*entry);
    filters.push_back(entry->filter);
  }
  require(entries.size() == list.count && offset == list.entries.size());
  if (list.type == PacketType::Subscribe) {
    encode_subscribe(out, version, list.packet_id, list.properties, entries);
  } else {
    encode_unsubscribe(out, version, list.packet_id, list.properties, filters);
  }
}
void encode(Writer& out, Version version, const Disconnect& disconnect) {
  encode_disconnect(out, version, disconnect);
}
void encode(Writer& out, Version, const Auth& auth) {
  encode_auth(out, auth);
}

// Those of more than one packet type.
struct TypedAck {
  PacketType type;
  Ack ack;
};
struct TypedSuback {
  PacketType type;
  Suback suback;
};
void encode(Writer& out, Version version, const TypedAck& typed) {
  encode_ack(out, version, typed.type, typed.ack);
}
void encode(Writer& out, Version version, const TypedSuback& typed) {
  encode_suback(out, version, typed.type, typed.suback);
}

template <class Packet>
std::vector<std::uint8_t> encoded(Version version, const Packet& packet, std::size_t room) {
  std::vector<std::uint8_t> buffer(room);
  Writer out(buffer);
  encode(out, version, packet);
  require(out.ok());
  return copy_of(out.written());
}

void check_forwarded(const Properties& properties) {
  std::vector<std::uint8_t> forwarded(properties.forwarded_bytes);
  copy_forwarded(properties.section, forwarded);
}

// Decodes `body`, and if that works, encodes, decodes and encodes. The second packet must be the
// first, and no property may have been lost on the way; the shorter forms of a packet without
// reason or properties are two bytes less at most.
template <class Decode>
void check(Version version, Bytes body, Decode decode) {
  const auto got = decode(body);
  if (!got) return;
  const auto first = encoded(version, *got, body.size() + kMaximumFixedHeaderBytes);
  const auto [framing, header] = read_fixed_header(first);
  require(framing == Framing::Frame);
  require(header.header_bytes + header.remaining_length == first.size());
  require(header.remaining_length <= body.size() && header.remaining_length + 2 >= body.size());
  if (header.type != PacketType::Publish) {
    require(flags_are_valid(version, header.type, header.flags));
  }

  const auto again_body = copy_of(Bytes(first).subspan(header.header_bytes));
  // Before 5.0 most packets have one form only; 3.1 has bits in CONNECT and CONNACK that it
  // ignores.
  if (version != Version::V5 && header.type > PacketType::Connack) {
    require(std::equal(body.begin(), body.end(), again_body.begin(), again_body.end()));
  }
  const auto again = decode(again_body);
  require(again.ok());
  require(encoded(version, *again, first.size()) == first);
}

// Where a PUBLISH's payload begins, as seen from every front of its body.
void check_head(Version version, std::uint8_t flags, Bytes body) {
  const auto remaining_length = static_cast<std::uint32_t>(body.size());
  const std::uint32_t whole = measure_publish_head(version, flags, body, remaining_length);
  const auto publish = decode_publish(version, flags, body);
  if (publish) {
    require(whole != 0 && whole + publish->payload.size() == body.size());
    check_forwarded(publish->properties);
  }
  for (std::size_t size = 0; size < std::min<std::size_t>(body.size(), 64); ++size) {
    const auto front = copy_of(body.first(size));
    const std::uint32_t head = measure_publish_head(version, flags, front, remaining_length);
    if (head == 0) {
      require(whole == 0);
    } else if (head <= size) {
      require(whole == head);
    } else {
      require(whole == 0 || head <= whole);
    }
  }
}

void check_packet(Version version, PacketType type, std::uint8_t flags, Bytes body) {
  using enum PacketType;
  switch (type) {
    case Connect:
      check(version, body, [flags](Bytes b) { return decode_connect(flags, b); });
      return;
    case Connack:
      check(version, body, [&](Bytes b) { return decode_connack(version, flags, b); });
      return;
    case Publish:
      check(version, body, [&](Bytes b) { return decode_publish(version, flags, b); });
      check_head(version, flags, body);
      return;
    case Puback:
    case Pubrec:
    case Pubrel:
    case Pubcomp:
      check(version, body, [&](Bytes b) -> Result<TypedAck, ReasonCode> {
        const auto got = decode_ack(version, type, b);
        if (!got) return Failure{got.error()};
        return TypedAck{type, *got};
      });
      return;
    case Subscribe:
      check(version, body, [&](Bytes b) { return decode_subscribe(version, b); });
      return;
    case Suback:
    case Unsuback:
      check(version, body, [&](Bytes b) -> Result<TypedSuback, ReasonCode> {
        const auto got = decode_suback(version, type, b);
        if (!got) return Failure{got.error()};
        return TypedSuback{type, *got};
      });
      return;
    case Unsubscribe:
      check(version, body, [&](Bytes b) { return decode_unsubscribe(version, b); });
      return;
    case Disconnect:
      check(version, body, [&](Bytes b) { return decode_disconnect(version, b); });
      return;
    case Auth:
      if (version == Version::V5) check(version, body, [](Bytes b) { return decode_auth(b); });
      return;
    case Pingreq:
    case Pingresp:
      require(ping_is_valid(body) == body.empty());
      return;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Bytes stream(data, size);
  while (true) {
    const auto [framing, header] = read_fixed_header(stream);
    if (framing != Framing::Frame) return 0;
    // A packet that is cut off is decoded too, at the length that it has.
    stream = stream.subspan(header.header_bytes);
    const auto body =
        copy_of(stream.first(std::min<std::size_t>(header.remaining_length, stream.size())));
    stream = stream.subspan(body.size());
    for (const Version version : {Version::V31, Version::V311, Version::V5}) {
      check_packet(version, header.type, header.flags, body);
    }
  }
}
