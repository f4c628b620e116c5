#include "platform/sockets/hosted/lwip_relay.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstddef>

extern "C" {  // not every port's sys_arch.h knows C++
#include <lwip/sockets.h>
}

namespace midge::sockets {

namespace {

struct Relay {
  int outside = -1;  // the machine's
  int inside = -1;   // the stack's
  std::atomic<int> users = 2;

  // Each direction's thread calls it at its end.
  void leave() {
    if (--users > 0) return;
    close(outside);
    lwip_close(inside);
    delete this;
  }
};

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

// A connection to the stack's listener, -1 when there is none yet.
int connect_inside(std::uint16_t port) {
  const sockaddr_in address = loopback(port);
  const int socket = lwip_socket(AF_INET, SOCK_STREAM, 0);
  if (lwip_connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
    return socket;
  lwip_close(socket);
  return -1;
}

void* pass_inward(void* argument) {
  auto& relay = *static_cast<Relay*>(argument);
  std::array<char, 16 * 1024> bytes;
  for (;;) {
    const ssize_t got = recv(relay.outside, bytes.data(), bytes.size(), 0);
    if (got <= 0) break;
    if (lwip_send(relay.inside, bytes.data(), static_cast<std::size_t>(got), 0) != got) break;
  }
  lwip_shutdown(relay.inside, SHUT_WR);
  relay.leave();
  return nullptr;
}

void* pass_outward(void* argument) {
  auto& relay = *static_cast<Relay*>(argument);
  std::array<char, 16 * 1024> bytes;
  for (;;) {
    const ssize_t got = lwip_recv(relay.inside, bytes.data(), bytes.size(), 0);
    if (got <= 0) break;
    const auto whole = static_cast<std::size_t>(got);
    if (send(relay.outside, bytes.data(), whole, MSG_NOSIGNAL) != got) break;
  }
  // The broker has ended the connection: the other direction ends too.
  shutdown(relay.outside, SHUT_RDWR);
  relay.leave();
  return nullptr;
}

bool start_thread(void* (*body)(void*), void* argument) {
  pthread_t thread;
  if (pthread_create(&thread, nullptr, body, argument) != 0) return false;
  return pthread_detach(thread) == 0;
}

struct Entry {
  int listener;
  std::uint16_t port;
};

void* accept_peers(void* argument) {
  const Entry entry = *static_cast<Entry*>(argument);
  int probe = -1;
  while (probe < 0) {
    const timespec pause{.tv_sec = 0, .tv_nsec = 5'000'000};
    nanosleep(&pause, nullptr);
    probe = connect_inside(entry.port);
  }
  lwip_close(probe);
  listen(entry.listener, 64);
  for (;;) {
    const int outside = accept(entry.listener, nullptr, nullptr);
    if (outside < 0) continue;
    const int inside = connect_inside(entry.port);
    if (inside < 0) {
      close(outside);
      continue;
    }
    auto* const relay = new Relay{.outside = outside, .inside = inside};
    // Two hold it, and the second that leaves deletes it.
    // NOLINTBEGIN(clang-analyzer-cplusplus.NewDelete)
    if (!start_thread(pass_inward, relay)) relay->leave();
    if (!start_thread(pass_outward, relay)) relay->leave();
    // NOLINTEND(clang-analyzer-cplusplus.NewDelete)
  }
  return nullptr;
}

}  // namespace

bool start_relay(std::uint16_t port) {
  static Entry entry{};
  entry = {.listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), .port = port};
  const int one = 1;
  setsockopt(entry.listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  const sockaddr_in address = loopback(port);
  return bind(entry.listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
         start_thread(accept_peers, &entry);
}

}  // namespace midge::sockets
