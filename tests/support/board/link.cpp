#include "tests/support/board/link.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <stdexcept>
#include <utility>

namespace midge::test {

Link::Link(std::uint16_t port) : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int on = 1;
  setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw std::runtime_error("QEMU does not take a connection");
}

Link::~Link() {
  reset();
}

void Link::send(Bytes bytes) {
  is_used_ = true;
  while (end_ == End::Open && !bytes.empty()) {
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN) {
      pollfd event{.fd = socket_, .events = POLLIN | POLLOUT, .revents = 0};
      if (poll(&event, 1, 20'000) != 1) throw std::runtime_error("the board takes no bytes");
      receive();
    } else {
      receive();
      return;
    }
  }
}

void Link::close() {
  is_used_ = true;
  if (end_ == End::Open) shutdown(socket_, SHUT_WR);
}

void Link::reset() {
  if (end_ != End::Open) return;
  is_used_ = true;
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  finish(End::Reset);
}

bool Link::receive() {
  bool came = false;
  std::array<std::uint8_t, 4'096> buffer;
  while (end_ == End::Open) {
    const ssize_t count = recv(socket_, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (count < 0 && errno == EAGAIN) break;
    came = true;
    if (count <= 0) {
      finish(count == 0 ? End::Finished : End::Reset);
    } else {
      received_.insert(received_.end(), buffer.begin(), buffer.begin() + count);
    }
  }
  return came;
}

std::vector<std::uint8_t> Link::take() {
  return std::exchange(received_, {});
}

void Link::finish(End end) {
  end_ = end;
  ::close(socket_);
}

}  // namespace midge::test
