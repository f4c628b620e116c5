#include "tests/interop/cable.hpp"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <optional>
#include <stdexcept>

#include "tests/interop/process.hpp"

namespace midge::interop {

namespace {

constexpr int kTickMilliseconds = 5;  // how soon a pull is noticed

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

// Moves what is there from one socket to the other: how much, or nothing when either has ended.
std::optional<std::size_t> move_bytes(int from, int to) {
  std::array<char, 65'536> buffer{};
  const ssize_t count = recv(from, buffer.data(), buffer.size(), 0);
  if (count <= 0) return std::nullopt;
  for (ssize_t done = 0; done < count;) {
    const ssize_t sent =
        send(to, buffer.data() + done, static_cast<std::size_t>(count - done), MSG_NOSIGNAL);
    if (sent <= 0) return std::nullopt;
    done += sent;
  }
  return static_cast<std::size_t>(count);
}

}  // namespace

Cable::Cable(std::uint16_t broker_port) : broker_port_(broker_port) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (bind(listener_, generic, size) != 0 || listen(listener_, 4) != 0 ||
      getsockname(listener_, generic, &size) != 0) {
    close(listener_);
    throw std::runtime_error("no listener for the cable");
  }
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { relay(); });
}

Cable::~Cable() {
  stop_ = true;
  thread_.join();
  close(listener_);
}

void Cable::hold_answers() {
  passed_bytes_ = 0;
  hold_ = true;
}

void Cable::pull() {
  cut_ = true;
  while (cut_) sleep_for(1ms);
}

void Cable::relay() {
  int client = -1;
  int broker = -1;
  const auto hang_up = [&] {
    if (client >= 0) close(client);
    if (broker >= 0) close(broker);
    client = broker = -1;
  };
  while (!stop_) {
    if (cut_) {
      hang_up();
      hold_ = false;
      cut_ = false;
    }
    if (client < 0) {
      pollfd waiting{listener_, POLLIN, 0};
      if (poll(&waiting, 1, kTickMilliseconds) <= 0) continue;
      client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      broker = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      const sockaddr_in address = loopback(broker_port_);
      if (connect(broker, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        hang_up();
      continue;
    }
    // poll() leaves out a negative descriptor.
    std::array<pollfd, 2> ends{{{client, POLLIN, 0}, {hold_ ? -1 : broker, POLLIN, 0}}};
    if (poll(ends.data(), ends.size(), kTickMilliseconds) <= 0) continue;
    bool alive = true;
    if (ends[0].revents != 0) {
      const auto moved = move_bytes(client, broker);
      alive = moved.has_value();
      passed_bytes_ += moved.value_or(0);
    }
    if (alive && ends[1].revents != 0) alive = move_bytes(broker, client).has_value();
    if (!alive) hang_up();
  }
  hang_up();
}

}  // namespace midge::interop
