#include "platform/sockets/hosted/lwip_relay.hpp"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cstddef>

extern "C" {  // not every port's sys_arch.h knows C++
#include <lwip/sockets.h>
}

namespace midge::sockets {

namespace {

struct Relay {
  int outside = -1;  // the machine's
  int inside = -1;   // the stack's
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

// What a nonblocking receive did.
enum class Moved : std::uint8_t { Nothing, Bytes, End };

Moved outcome(ssize_t got) {
  if (got > 0) return Moved::Bytes;
  return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) ? Moved::Nothing : Moved::End;
}

Moved pass_inward(const Relay& relay) {
  std::array<char, 16 * 1024> bytes;
  const ssize_t got = recv(relay.outside, bytes.data(), bytes.size(), MSG_DONTWAIT);
  if (got <= 0) return outcome(got);
  const auto whole = static_cast<std::size_t>(got);
  return lwip_send(relay.inside, bytes.data(), whole, 0) == got ? Moved::Bytes : Moved::End;
}

Moved pass_outward(const Relay& relay) {
  std::array<char, 16 * 1024> bytes;
  const ssize_t got = lwip_recv(relay.inside, bytes.data(), bytes.size(), MSG_DONTWAIT);
  if (got <= 0) return outcome(got);
  const auto whole = static_cast<std::size_t>(got);
  return send(relay.outside, bytes.data(), whole, MSG_NOSIGNAL) == got ? Moved::Bytes : Moved::End;
}

// One thread for both directions, because lwIP wants one at a time at a socket. The first end ends
// both: MQTT knows no half of a connection. Sending waits; who does not read holds up its own.
void* pass(void* argument) {
  auto* const relay = static_cast<Relay*>(argument);
  for (;;) {
    const Moved inward = pass_inward(*relay);
    const Moved outward = pass_outward(*relay);
    if (inward == Moved::End || outward == Moved::End) break;
    if (inward == Moved::Bytes || outward == Moved::Bytes) continue;
    pollfd outside{.fd = relay->outside, .events = POLLIN, .revents = 0};
    poll(&outside, 1, 1);  // the stack's side is looked at each millisecond
  }
  close(relay->outside);
  lwip_close(relay->inside);
  delete relay;
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
    if (start_thread(pass, relay)) continue;
    close(outside);
    lwip_close(inside);
    delete relay;
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
