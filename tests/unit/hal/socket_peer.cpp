#include "tests/unit/hal/socket_peer.hpp"

#include <doctest/doctest.h>
#include <midge_sockets_port.h>

namespace midge::test {

namespace {

constexpr int kBufferBytes = 32 * 1024;

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

std::uint16_t port_of(int fd) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  REQUIRE(MIDGE_SOCKETS(getsockname)(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  return ntohs(address.sin_port);
}

void make_small(int fd) {
  MIDGE_SOCKETS(setsockopt)(fd, SOL_SOCKET, SO_RCVBUF, &kBufferBytes, sizeof kBufferBytes);
  MIDGE_SOCKETS(setsockopt)(fd, SOL_SOCKET, SO_SNDBUF, &kBufferBytes, sizeof kBufferBytes);
}

}  // namespace

SocketPeer::SocketPeer(std::uint16_t port) : fd_(MIDGE_SOCKETS(socket)(AF_INET, SOCK_STREAM, 0)) {
  make_small(fd_);
  const int on = 1;
  MIDGE_SOCKETS(setsockopt)(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const sockaddr_in address = loopback(port);
  // On the loopback interface it is connected, or refused, when the call returns.
  if (MIDGE_SOCKETS(connect)(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) !=
      0) {
    end(End::Reset);
    return;
  }
  REQUIRE(MIDGE_SOCKETS(fcntl)(fd_, F_SETFL, O_NONBLOCK) == 0);
  name_ = "127.0.0.1:" + std::to_string(port_of(fd_));
}

SocketPeer::~SocketPeer() {
  if (fd_ >= 0) MIDGE_SOCKETS(close)(fd_);
}

void SocketPeer::reset() {
  if (fd_ < 0) return;
  prepare_reset(fd_);
  end(End::Reset);
}

void SocketPeer::end(End how) {
  if (end_ == End::Open) end_ = how;
  to_send_.clear();
  MIDGE_SOCKETS(close)(fd_);
  fd_ = -1;
}

void SocketPeer::pump() {
  while (fd_ >= 0 && !to_send_.empty()) {
    const ssize_t sent = MIDGE_SOCKETS(send)(fd_, to_send_.data(), to_send_.size(), MSG_NOSIGNAL);
    if (sent < 0) break;  // full, or broken: then the read tells
    to_send_.erase(0, static_cast<std::size_t>(sent));
  }
  while (fd_ >= 0 && reads_ && end_ == End::Open) {
    char part[65'536];
    const ssize_t got = MIDGE_SOCKETS(recv)(fd_, part, sizeof part, 0);
    if (got > 0) {
      received_.append(part, static_cast<std::size_t>(got));
    } else if (got == 0) {
      end_ = End::Finished;
    } else if (errno == EAGAIN) {
      break;
    } else {
      end(End::Reset);
    }
  }
  if (fd_ < 0 || !to_send_.empty()) return;
  if (closes_) return end(End::Finished);
  if (closes_write_ && !shut_) {
    MIDGE_SOCKETS(shutdown)(fd_, SHUT_WR);
    shut_ = true;
  }
}

ListeningSocket::ListeningSocket() : fd(MIDGE_SOCKETS(socket)(AF_INET, SOCK_STREAM, 0)) {
  make_small(fd);
  REQUIRE(MIDGE_SOCKETS(fcntl)(fd, F_SETFL, O_NONBLOCK) == 0);
  const sockaddr_in address = loopback(0);
  REQUIRE(MIDGE_SOCKETS(bind)(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) ==
          0);
  REQUIRE(MIDGE_SOCKETS(listen)(fd, 16) == 0);
  port = port_of(fd);
}

}  // namespace midge::test
