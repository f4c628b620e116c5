// All that is asked of the system's sockets, in types of our own: its headers, whose macros may
// take names like `send` and `accept`, are seen by system.cpp and poller.cpp only. How the system
// calls its functions is in the port's midge_sockets_port.h.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "broker/base/bytes.hpp"

namespace midge::sockets {

inline constexpr int kNoSocket = -1;

// An IPv4 or IPv6 address with its port.
struct Address {
  enum class Family : std::uint8_t { IPv4, IPv6 };

  std::array<std::uint8_t, 16> bytes{};  // in network order; IPv4 in the first four
  std::uint16_t port = 0;
  Family family = Family::IPv4;
};

// "192.0.2.1:51234", "[2001:db8::1]:51234".
class AddressText {
 public:
  AddressText() = default;
  explicit AddressText(const Address& address);
  [[nodiscard]] std::string_view view() const { return {text_.data(), size_}; }

 private:
  std::array<char, 56> text_{};  // 45 of the longest IPv6, 8 of brackets, colon and port
  std::size_t size_ = 0;
};

// Reads a numeric address into `out`, whose port stays; false for anything else.
[[nodiscard]] bool parse_address(std::string_view text, Address& out);

enum class Transfer : std::uint8_t {
  Done,        // `bytes` went over, at least one
  WouldBlock,  // nothing now
  Ended,       // receive only: the peer closed its side
  Failed,      // the connection is gone
};
struct Transferred {
  Transfer result;
  std::size_t bytes = 0;
};

// None of these waits: the sockets are non-blocking. With `peek` the bytes stay where they are.
[[nodiscard]] Transferred receive(int socket, MutableBytes into, bool peek);
[[nodiscard]] Transferred transmit(int socket, Bytes bytes);
// How many bytes receive() would find; nothing where the system can't tell. At the end, which stays
// unread, 0.
[[nodiscard]] std::optional<std::size_t> waiting_bytes(int socket);
void close_write_side(int socket);
void close_socket(int socket);

// Why a listener could not be opened, in words for the log; the number of an error without any.
struct OpenError {
  int number = 0;
  bool no_such_family = false;  // the system has no IPv6, or it is switched off

  [[nodiscard]] std::string_view text() const;  // empty: only the number is known
};

// A listening socket at `address`, kNoSocket with the reason in `error`.
[[nodiscard]] int open_listener(const Address& address, int backlog, OpenError& error);

enum class Acceptance : std::uint8_t {
  Accepted,
  Nobody,     // no peer waits
  Gone,       // this one has left again; the next may be there
  Exhausted,  // no socket or memory is left: waiting may help
};
// Takes the next waiting peer, ready for use: non-blocking, without Nagle's algorithm.
[[nodiscard]] Acceptance accept_peer(int listener, int& socket, Address& peer);

}  // namespace midge::sockets
