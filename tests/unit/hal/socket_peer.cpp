#include "tests/unit/hal/socket_peer.hpp"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

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
  REQUIRE(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  return ntohs(address.sin_port);
}

void make_small(int fd) {
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &kBufferBytes, sizeof kBufferBytes);
  setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &kBufferBytes, sizeof kBufferBytes);
}

}  // namespace

SocketPeer::SocketPeer(std::uint16_t port) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  make_small(fd_);
  const int on = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const sockaddr_in address = loopback(port);
  // On the loopback interface it is connected, or refused, when the call returns.
  if (connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    end(End::Reset);
    return;
  }
  REQUIRE(fcntl(fd_, F_SETFL, O_NONBLOCK) == 0);
  name_ = "127.0.0.1:" + std::to_string(port_of(fd_));
}

SocketPeer::~SocketPeer() {
  if (fd_ >= 0) ::close(fd_);
}

void SocketPeer::reset() {
  if (fd_ < 0) return;
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  end(End::Reset);
}

void SocketPeer::end(End how) {
  if (end_ == End::Open) end_ = how;
  to_send_.clear();
  ::close(fd_);
  fd_ = -1;
}

void SocketPeer::pump() {
  while (fd_ >= 0 && !to_send_.empty()) {
    const ssize_t sent = ::send(fd_, to_send_.data(), to_send_.size(), MSG_NOSIGNAL);
    if (sent < 0) break;  // full, or broken: then the read tells
    to_send_.erase(0, static_cast<std::size_t>(sent));
  }
  while (fd_ >= 0 && reads_ && end_ == End::Open) {
    char part[65'536];
    const ssize_t got = recv(fd_, part, sizeof part, 0);
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
    shutdown(fd_, SHUT_WR);
    shut_ = true;
  }
}

ListeningSocket::ListeningSocket()
    : fd(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
  make_small(fd);
  const sockaddr_in address = loopback(0);
  REQUIRE(bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  REQUIRE(listen(fd, 16) == 0);
  port = port_of(fd);
}

}  // namespace midge::test
