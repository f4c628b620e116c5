#include "tests/interop/raw_client.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <stdexcept>
#include <utility>

namespace midge::interop {

std::string hex(std::string_view text) {
  std::string bytes;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == ' ') {
      ++at;
      continue;
    }
    bytes += static_cast<char>(std::stoi(std::string(text.substr(at, 2)), nullptr, 16));
    at += 2;
  }
  return bytes;
}

std::string two_bytes(std::size_t value) {
  return {static_cast<char>(value >> 8 & 0xff), static_cast<char>(value & 0xff)};
}

std::string text_field(std::string_view text) {
  return two_bytes(text.size()) + std::string(text);
}

namespace {

std::string variable_length(std::size_t value) {
  std::string bytes;
  do {
    const std::size_t rest = value / 128;
    bytes += static_cast<char>(value % 128 | (rest > 0 ? 0x80u : 0u));
    value = rest;
  } while (value > 0);
  return bytes;
}

std::string property_block(int level, std::string_view properties) {
  return level < 5 ? std::string{} : variable_length(properties.size()) + std::string(properties);
}

}  // namespace

std::string packet(std::uint8_t first_byte, std::string_view body) {
  std::string bytes(1, static_cast<char>(first_byte));
  bytes += variable_length(body.size());
  bytes += body;
  return bytes;
}

std::string connect_packet(int level, std::string_view client_id, int keep_alive_seconds,
                           std::string_view properties, bool clean) {
  const std::string flags(1, clean ? '\x02' : '\x00');
  return packet(0x10, text_field("MQTT") + static_cast<char>(level) + flags +
                          two_bytes(static_cast<std::size_t>(keep_alive_seconds)) +
                          property_block(level, properties) + text_field(client_id));
}

std::string subscribe_packet(int level, int packet_id, std::string_view filter, int qos) {
  return packet(0x82, two_bytes(static_cast<std::size_t>(packet_id)) + property_block(level, {}) +
                          text_field(filter) + static_cast<char>(qos));
}

std::string publish_packet(int level, std::string_view topic, std::string_view payload, int qos,
                           int packet_id, std::string_view properties) {
  std::string body = text_field(topic);
  if (qos > 0) body += two_bytes(static_cast<std::size_t>(packet_id));
  body += property_block(level, properties);
  body += payload;
  return packet(static_cast<std::uint8_t>(0x30 | qos << 1), body);
}

RawClient::RawClient(std::uint16_t port, int receive_bytes) {
  descriptor_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (receive_bytes > 0) {
    setsockopt(descriptor_, SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof receive_bytes);
  }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (descriptor_ < 0 ||
      ::connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    close(descriptor_);
    throw std::runtime_error("no TCP connection to port " + std::to_string(port));
  }
  const int on = 1;
  setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

RawClient::~RawClient() {
  if (descriptor_ >= 0) close(descriptor_);
}

RawClient::RawClient(RawClient&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      received_(std::move(other.received_)),
      ended_(other.ended_) {}

bool RawClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

std::size_t RawClient::send_some(std::string_view bytes) {
  const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  return sent > 0 ? static_cast<std::size_t>(sent) : 0;
}

bool RawClient::fill(Clock::time_point end) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now());
  pollfd watched{descriptor_, POLLIN, 0};
  if (poll(&watched, 1, static_cast<int>(std::max<long>(left.count(), 0))) <= 0) return false;
  std::array<char, 65'536> buffer{};
  const ssize_t count = recv(descriptor_, buffer.data(), buffer.size(), 0);
  if (count <= 0) {
    ended_ = true;
    return false;
  }
  received_.append(buffer.data(), static_cast<std::size_t>(count));
  return true;
}

std::optional<RawPacket> RawClient::read(Clock::duration limit) {
  const auto end = Clock::now() + limit;
  for (;;) {
    std::size_t length = 0;
    std::size_t at = 1;
    bool whole_length = false;
    for (unsigned shift = 0; at < received_.size() && !whole_length; shift += 7) {
      const auto byte = static_cast<std::uint8_t>(received_[at++]);
      length |= static_cast<std::size_t>(byte & 0x7f) << shift;
      whole_length = (byte & 0x80) == 0;
    }
    if (whole_length && received_.size() >= at + length) {
      RawPacket got{static_cast<std::uint8_t>(received_[0]), received_.substr(at, length)};
      received_.erase(0, at + length);
      return got;
    }
    if (ended_ || !fill(end)) return std::nullopt;
  }
}

RawPacket RawClient::must_read() {
  auto got = read();
  if (!got) throw std::runtime_error(ended_ ? "the broker closed" : "no packet came");
  return *std::move(got);
}

bool RawClient::closed(Clock::duration limit) {
  const auto end = Clock::now() + limit;
  while (!ended_ && fill(end)) received_.clear();
  return ended_;
}

std::string RawClient::connect(int level, std::string_view client_id, int keep_alive_seconds,
                               std::string_view properties, bool clean) {
  send(connect_packet(level, client_id, keep_alive_seconds, properties, clean));
  auto answer = must_read();
  if (answer.type() != 2) throw std::runtime_error("CONNECT got no CONNACK");
  if (answer.body.at(1) != 0) throw std::runtime_error("CONNECT was refused");
  return answer.body;
}

void RawClient::subscribe(int level, std::string_view filter, int qos) {
  send(subscribe_packet(level, 1, filter, qos));
  const auto answer = must_read();
  if (answer.type() != 9 || answer.body.back() != static_cast<char>(qos))
    throw std::runtime_error("SUBSCRIBE was not granted");
}

}  // namespace midge::interop
