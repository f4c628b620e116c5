// A client made of a socket and bytes written out by hand: for what a client library hides or
// refuses to do, and for a thousand connections at once. Shares no code with the broker.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tests/interop/process.hpp"

namespace midge::interop {

// "10 0c 00 04" to bytes.
std::string hex(std::string_view text);

// Field encodings of the specification, section 1.5.
std::string two_bytes(std::size_t value);
std::string text_field(std::string_view text);  // with its length before it

// A whole packet: first byte, remaining length, body.
std::string packet(std::uint8_t first_byte, std::string_view body);

// Levels 4 (3.1.1) and 5; `properties` without their length, and ignored before 5.
std::string connect_packet(int level, std::string_view client_id, int keep_alive_seconds = 60,
                           std::string_view properties = {}, bool clean = true);
std::string subscribe_packet(int level, int packet_id, std::string_view filter, int qos);
std::string publish_packet(int level, std::string_view topic, std::string_view payload, int qos = 0,
                           int packet_id = 0, std::string_view properties = {});

struct RawPacket {
  std::uint8_t first_byte{};
  std::string body{};

  int type() const { return first_byte >> 4; }  // 2 is CONNACK, 14 DISCONNECT
};

class RawClient {
 public:
  // Opens a TCP connection to the loopback address. Throws std::runtime_error on refusal.
  // `receive_bytes` is what the kernel may keep for a client that does not read; 0: its default.
  explicit RawClient(std::uint16_t port, int receive_bytes = 0);
  ~RawClient();
  RawClient(RawClient&& other) noexcept;
  RawClient& operator=(RawClient&&) = delete;

  // Sends everything, waiting while the broker reads slowly. False once the peer has closed.
  bool send(std::string_view bytes);

  // Sends what goes without waiting; how much that was.
  std::size_t send_some(std::string_view bytes);

  // The next whole packet; nothing when `limit` passes or the connection ends before it is whole.
  std::optional<RawPacket> read(Clock::duration limit = kPatience);

  RawPacket must_read();  // throws std::runtime_error where read() has nothing

  // True when the broker closes within `limit`; what still arrives before is thrown away.
  bool closed(Clock::duration limit = kPatience);

  // CONNECT, then CONNACK with success, or std::runtime_error. Returns the CONNACK's body.
  std::string connect(int level, std::string_view client_id, int keep_alive_seconds = 60,
                      std::string_view properties = {}, bool clean = true);
  void subscribe(int level, std::string_view filter, int qos);

 private:
  bool fill(Clock::time_point end);  // reads what is there, waiting for at least a byte

  int descriptor_{-1};
  std::string received_;
  bool ended_{};
};

}  // namespace midge::interop
