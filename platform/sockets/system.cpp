#include "platform/sockets/system.hpp"

#include <midge_sockets_port.h>
#include <string.h>

#include <algorithm>

#include "broker/base/text.hpp"

namespace midge::sockets {

namespace {

// A send to a peer that has gone must not end the program; where there are no signals, there is
// no flag either.
#ifdef MSG_NOSIGNAL
constexpr int kSendFlags = MSG_NOSIGNAL;
#else
constexpr int kSendFlags = 0;
#endif

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;

  [[nodiscard]] sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

// The same two bytes in the other order: only network order leaves this file.
std::uint16_t port_in_network_order(std::uint16_t port) {
  const std::uint8_t bytes[] = {static_cast<std::uint8_t>(port >> 8),
                                static_cast<std::uint8_t>(port & 0xFF)};
  std::uint16_t swapped = 0;
  memcpy(&swapped, bytes, sizeof swapped);
  return swapped;
}

std::uint16_t port_in_host_order(std::uint16_t port) {
  std::uint8_t bytes[2];
  memcpy(bytes, &port, sizeof bytes);
  return static_cast<std::uint16_t>(bytes[0] << 8 | bytes[1]);
}

SocketAddress to_system(const Address& address) {
  SocketAddress out;
#if MIDGE_SOCKETS_IPV6
  if (address.family == Address::Family::IPv6) {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = port_in_network_order(address.port);
    memcpy(&v6.sin6_addr, address.bytes.data(), sizeof v6.sin6_addr);
    memcpy(&out.storage, &v6, out.size = sizeof v6);
    return out;
  }
#endif
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_port = port_in_network_order(address.port);
  memcpy(&v4.sin_addr, address.bytes.data(), sizeof v4.sin_addr);
  memcpy(&out.storage, &v4, out.size = sizeof v4);
  return out;
}

Address from_system(const SocketAddress& address) {
  Address out;
#if MIDGE_SOCKETS_IPV6
  if (address.storage.ss_family == AF_INET6) {
    sockaddr_in6 v6{};
    memcpy(&v6, &address.storage, sizeof v6);
    out.family = Address::Family::IPv6;
    out.port = port_in_host_order(v6.sin6_port);
    memcpy(out.bytes.data(), &v6.sin6_addr, sizeof v6.sin6_addr);
    return out;
  }
#endif
  sockaddr_in v4{};
  memcpy(&v4, &address.storage, sizeof v4);
  out.port = port_in_host_order(v4.sin_port);
  memcpy(out.bytes.data(), &v4.sin_addr, sizeof v4.sin_addr);
  return out;
}

Transferred failed() {
  const bool would_block = errno == EAGAIN || errno == EWOULDBLOCK;
  return {would_block ? Transfer::WouldBlock : Transfer::Failed};
}

bool make_non_blocking(int socket) {
  const int flags = MIDGE_SOCKETS(fcntl)(socket, F_GETFL, 0);
  return flags >= 0 && MIDGE_SOCKETS(fcntl)(socket, F_SETFL, flags | O_NONBLOCK) == 0;
}

bool set_option(int socket, int level, int name) {
  const int one = 1;
  return MIDGE_SOCKETS(setsockopt)(socket, level, name, &one, sizeof one) == 0;
}

bool start_listening(int socket, const Address& address, int backlog) {
  SocketAddress at = to_system(address);
  // A restarted broker must get its port again, so where the option is known it is wanted; lwIP
  // may be built without, and then does not need it.
  [[maybe_unused]] const bool known = set_option(socket, SOL_SOCKET, SO_REUSEADDR);
#if MIDGE_SOCKETS_IPV6
  if (address.family == Address::Family::IPv6 && !set_option(socket, IPPROTO_IPV6, IPV6_V6ONLY))
    return false;
#endif
  return make_non_blocking(socket) && MIDGE_SOCKETS(bind)(socket, at.get(), at.size) == 0 &&
         MIDGE_SOCKETS(listen)(socket, backlog) == 0;
}

}  // namespace

AddressText::AddressText(const Address& address) {
  TextWriter out(text_.data(), text_.size());
  char host[48] = {};
#if MIDGE_SOCKETS_IPV6
  if (address.family == Address::Family::IPv6) {
    MIDGE_SOCKETS(inet_ntop)(AF_INET6, address.bytes.data(), host, sizeof host);
    out.add("[").add(std::string_view(host)).add("]:").add(address.port);
    size_ = out.view().size();
    return;
  }
#endif
  MIDGE_SOCKETS(inet_ntop)(AF_INET, address.bytes.data(), host, sizeof host);
  out.add(std::string_view(host)).add(":").add(address.port);
  size_ = out.view().size();
}

bool parse_address(std::string_view text, Address& out) {
  char name[48] = {};
  if (text.size() >= sizeof name) return false;
  text.copy(name, sizeof name - 1);
  if (MIDGE_SOCKETS(inet_pton)(AF_INET, name, out.bytes.data()) == 1) {
    out.family = Address::Family::IPv4;
    return true;
  }
#if MIDGE_SOCKETS_IPV6
  if (MIDGE_SOCKETS(inet_pton)(AF_INET6, name, out.bytes.data()) == 1) {
    out.family = Address::Family::IPv6;
    return true;
  }
#endif
  return false;
}

Transferred receive(int socket, MutableBytes into, bool peek) {
  for (;;) {
    const auto got = MIDGE_SOCKETS(recv)(socket, into.data(), into.size(), peek ? MSG_PEEK : 0);
    if (got > 0) return {Transfer::Done, static_cast<std::size_t>(got)};
    if (got == 0) return {Transfer::Ended};
    if (errno != EINTR) return failed();
  }
}

Transferred transmit(int socket, Bytes bytes) {
  for (;;) {
    const auto sent = MIDGE_SOCKETS(send)(socket, bytes.data(), bytes.size(), kSendFlags);
    if (sent >= 0)
      return {sent > 0 ? Transfer::Done : Transfer::WouldBlock, static_cast<std::size_t>(sent)};
    if (errno != EINTR) return failed();
  }
}

std::optional<std::size_t> waiting_bytes([[maybe_unused]] int socket) {
#ifdef FIONREAD
  int bytes = 0;
  if (MIDGE_SOCKETS(ioctl)(socket, FIONREAD, &bytes) == 0 && bytes >= 0)
    return static_cast<std::size_t>(bytes);
#endif
  return {};
}

void close_write_side(int socket) {
  // Fails only when the connection has gone, and then the end is read from it.
  MIDGE_SOCKETS(shutdown)(socket, SHUT_WR);
}

void close_socket(int socket) {
  MIDGE_SOCKETS(close)(socket);
}

std::string_view OpenError::text() const {
  switch (number) {
    case EADDRINUSE:
      return "Address already in use";
    case EADDRNOTAVAIL:
      return "Cannot assign requested address";
    case EACCES:
      return "Permission denied";
    case EAFNOSUPPORT:
      return "Address family not supported";
    case ENFILE:
    case EMFILE:
    case ENOBUFS:
    case ENOMEM:
      return "The system has no socket left";
    default:
      return {};
  }
}

int open_listener(const Address& address, int backlog, OpenError& error) {
  const bool v6 = address.family == Address::Family::IPv6;
#if MIDGE_SOCKETS_IPV6
  const int socket = MIDGE_SOCKETS(socket)(v6 ? AF_INET6 : AF_INET, SOCK_STREAM, 0);
#else
  const int socket = v6 ? kNoSocket : MIDGE_SOCKETS(socket)(AF_INET, SOCK_STREAM, 0);
  if (v6) errno = EAFNOSUPPORT;
#endif
  if (socket >= 0 && start_listening(socket, address, backlog)) return socket;
  error.number = errno;
  error.no_such_family =
      v6 && (error.number == EAFNOSUPPORT || (socket >= 0 && error.number == EADDRNOTAVAIL));
  if (socket >= 0) close_socket(socket);
  return kNoSocket;
}

Acceptance accept_peer(int listener, int& socket, Address& peer) {
  SocketAddress address;
  socket = MIDGE_SOCKETS(accept)(listener, address.get(), &address.size);
  if (socket >= 0) {
    // Writes are batched by the broker already: waiting for more would only delay them.
    [[maybe_unused]] const bool no_delay = set_option(socket, IPPROTO_TCP, TCP_NODELAY);
    peer = from_system(address);
    if (make_non_blocking(socket)) return Acceptance::Accepted;
    close_socket(socket);
    return Acceptance::Gone;
  }
  if (errno == EAGAIN || errno == EWOULDBLOCK) return Acceptance::Nobody;
  const bool exhausted = errno == ENFILE || errno == EMFILE || errno == ENOBUFS || errno == ENOMEM;
  return exhausted ? Acceptance::Exhausted : Acceptance::Gone;
}

}  // namespace midge::sockets
