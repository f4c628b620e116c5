// The receiving half of the engine: one large recv() per connection and round, and only a packet
// that is cut in two is copied.
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "tests/bench/load/engine.hpp"
#include "tests/bench/load/error.hpp"

namespace midge::bench {
namespace {

// More than any topic, properties and stamp used here: a PUBLISH counts as begun with it.
constexpr std::size_t kHeadBytes = 512;

// Reads an MQTT variable byte integer at `at`, which moves behind it. False when it is cut.
bool read_varint(const std::uint8_t* bytes, std::size_t size, std::size_t& at, std::size_t& value) {
  value = 0;
  for (unsigned shift = 0; shift < 28 && at < size; shift += 7) {
    const std::uint8_t digit = bytes[at++];
    value |= static_cast<std::size_t>(digit & 127) << shift;
    if ((digit & 128) == 0) return true;
  }
  return false;
}

std::uint16_t read_u16(const std::uint8_t* bytes) {
  return static_cast<std::uint16_t>(bytes[0] << 8 | bytes[1]);
}

[[noreturn]] void refused(const char* what, unsigned code) {
  char text[64];
  std::snprintf(text, sizeof text, "%s 0x%02x from the broker", what, code);
  throw Failure(text);
}

}  // namespace

void Engine::readable(Client& client) {
  const ssize_t received = recv(client.fd, buffer_.data(), buffer_.size(), 0);
  if (received < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (received <= 0) {
    throw Failure("the broker closed connection " + std::to_string(client.index));
  }
  const std::uint8_t* bytes = buffer_.data();
  auto size = static_cast<std::size_t>(received);
  if (client.payload_to_come > 0) {
    const std::size_t part = std::min(client.payload_to_come, size);
    client.payload_to_come -= part;
    bytes += part;
    size -= part;
    if (client.payload_to_come > 0) return;
    credit(client, client.begun.stamp, client.begun.qos, client.begun.id);
  }
  if (client.in.empty()) {
    const std::size_t used = parse(client, bytes, size);
    if (used < size) client.in.assign(bytes + used, bytes + size);
  } else {
    client.in.insert(client.in.end(), bytes, bytes + size);
    const std::size_t used = parse(client, client.in.data(), client.in.size());
    // A hook may have closed the client, and `in` with it.
    const auto gone = static_cast<std::ptrdiff_t>(std::min(used, client.in.size()));
    client.in.erase(client.in.begin(), client.in.begin() + gone);
  }
}

// Handles the packets in `bytes` and returns how many bytes they took. A PUBLISH is handled once
// its head is there; the rest of its payload is counted as it comes.
std::size_t Engine::parse(Client& client, const std::uint8_t* bytes, std::size_t size) {
  std::size_t at = 0;
  while (client.fd >= 0 && size - at >= 2) {
    const std::uint8_t* const packet = bytes + at;
    const std::size_t available = size - at;
    std::size_t header_bytes = 1;
    std::size_t remaining_length = 0;
    if (!read_varint(packet, available, header_bytes, remaining_length)) break;
    const std::size_t packet_bytes = header_bytes + remaining_length;
    const auto type = static_cast<Type>(packet[0] >> 4);
    if (type == Type::Publish) {
      if (available < std::min(packet_bytes, kHeadBytes)) break;
      on_publish(client, packet, header_bytes, packet_bytes, available);
    } else {
      if (available < packet_bytes) break;
      on_packet(client, type, packet + header_bytes, remaining_length);
    }
    at += std::min(packet_bytes, available);
  }
  return at;
}

void Engine::on_publish(Client& client, const std::uint8_t* packet, std::size_t header_bytes,
                        std::size_t packet_bytes, std::size_t available) {
  const std::size_t end = std::min(packet_bytes, available);
  const auto qos = static_cast<std::uint8_t>(packet[0] >> 1 & 3);
  std::size_t at = header_bytes + 2 + read_u16(packet + header_bytes);
  std::uint16_t id = 0;
  if (qos > 0) {
    id = read_u16(packet + at);
    at += 2;
  }
  if (options.v5) {
    std::size_t property_bytes = 0;
    if (!read_varint(packet, end, at, property_bytes)) throw Failure("a PUBLISH was too short");
    at += property_bytes;
  }
  Stamp stamp;
  if (at + sizeof stamp > end) throw Failure("a PUBLISH without a stamp came");
  std::memcpy(&stamp, packet + at, sizeof stamp);
  if (available < packet_bytes) {
    client.payload_to_come = packet_bytes - available;
    client.begun = {stamp, id, qos};
  } else {
    credit(client, stamp, qos, id);
  }
}

// Counts one complete delivery and acknowledges it.
void Engine::credit(Client& client, const Stamp& stamp, std::uint8_t qos, std::uint16_t id) {
  if (qos > 0) send_ack(client, qos == 1 ? Type::Puback : Type::Pubrec, id);
  if (stamp.publisher == kForeignPublisher) return;
  ++delivered;
  ++client.received;
  if (check_order) {
    if (stamp.number != client.next_number) ++out_of_order;
    client.next_number = stamp.number + 1;
  }
  if (stamp.publisher < clients.size()) {
    Client& publisher = clients[stamp.publisher];
    ++publisher.delivered;
    touch(publisher);
  }
  if (on_delivery) on_delivery(client, stamp);
}

void Engine::send_ack(Client& client, Type type, std::uint16_t id) {
  append_ack(client.out, type, id);
  queue_flush(client);
}

void Engine::on_packet(Client& client, Type type, const std::uint8_t* body, std::size_t bytes) {
  constexpr std::uint8_t kErrors = 0x80;  // a reason code from here on is one
  const std::uint16_t id = bytes >= 2 ? read_u16(body) : std::uint16_t{0};
  const bool is_ack = type == Type::Puback || type == Type::Pubrec || type == Type::Pubcomp;
  if (is_ack && bytes > 2 && body[2] >= kErrors) refused("acknowledgement", body[2]);
  switch (type) {
    case Type::Connack:
      if (bytes < 2 || body[1] != 0) refused("CONNACK", bytes < 2 ? 0xFF : body[1]);
      if (options.v5 && bytes > 3) client.receive_maximum = receive_maximum(body + 3, bytes - 3);
      client.state = Client::State::Up;
      ++up_;
      break;
    case Type::Suback:
      if (bytes < 3 || body[bytes - 1] >= kErrors) {
        refused("SUBACK", bytes < 3 ? 0xFF : body[bytes - 1]);
      }
      ++subacks;
      break;
    case Type::Puback:
    case Type::Pubcomp:
      ++acknowledged;
      ++client.acknowledged;
      touch(client);
      break;
    case Type::Pubrec:
      send_ack(client, Type::Pubrel, id);
      break;
    case Type::Pubrel:
      send_ack(client, Type::Pubcomp, id);
      break;
    case Type::Disconnect:
      refused("DISCONNECT", bytes == 0 ? 0 : body[0]);
    default:
      break;  // PINGRESP; no other comes
  }
  if (on_control) on_control(client, type);
}

}  // namespace midge::bench
