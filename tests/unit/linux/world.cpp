#include "tests/unit/linux/world.hpp"

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <cstdlib>

#include "broker/base/bytes.hpp"
#include "platform/linux/clock.hpp"

namespace midge::platform {

std::size_t Recorder::on_received(Bytes bytes) {
  CHECK_FALSE(inside_call);
  CHECK(closed == 0);
  offered.push_back(bytes.size());
  const std::size_t used = receive ? receive(as_text(bytes)) : bytes.size();
  received += as_text(bytes).substr(0, used);
  return used;
}

void Recorder::on_closed(hal::CloseCause why) {
  CHECK_FALSE(inside_call);
  ++closed;
  cause = why;
}

hal::TransportHandler* Door::accept(hal::Transport& transport, std::uint16_t listener) {
  if (refuses) return nullptr;
  guests.push_back(std::make_unique<Recorder>());
  guests.back()->transport = &transport;
  peers.emplace_back(transport.peer());
  listeners.push_back(listener);
  return guests.back().get();
}

World::World(std::size_t memory_bytes) : memory(new std::uint8_t[memory_bytes + 4096]) {
  const auto address = reinterpret_cast<std::uintptr_t>(memory.get());
  std::uint8_t* const aligned = memory.get() + (4096 - address % 4096) % 4096;
  arena.emplace(MutableBytes{aligned, memory_bytes}, 4096, 0, backing);
  connections.emplace(loop, *arena);
  REQUIRE(loop.open());
}

namespace {

// TCP over loopback when the environment says so: the same tests run over both.
void make_pair(int (&ends)[2]) {
  if (std::getenv("MIDGE_TEST_TCP") == nullptr) {
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    return;
  }
  const Descriptor listener(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  REQUIRE(bind(listener.get(), generic, size) == 0);
  REQUIRE(listen(listener.get(), 1) == 0);
  REQUIRE(getsockname(listener.get(), generic, &size) == 0);
  ends[1] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  REQUIRE(connect(ends[1], generic, size) == 0);
  ends[0] = accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC);
  REQUIRE(ends[0] >= 0);
}

}  // namespace

World::Link World::connect(const char* host, std::uint16_t port) {
  int ends[2];
  make_pair(ends);
  Descriptor theirs(ends[1]);
  const timeval limit{.tv_sec = 5, .tv_usec = 0};
  setsockopt(ends[1], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(ends[1], SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  REQUIRE(fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0);
  sockaddr_storage peer{};
  auto& v4 = reinterpret_cast<sockaddr_in&>(peer);
  auto& v6 = reinterpret_cast<sockaddr_in6&>(peer);
  if (inet_pton(AF_INET, host, &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
  } else {
    REQUIRE(inet_pton(AF_INET6, host, &v6.sin6_addr) == 1);
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
  }
  REQUIRE(connections->adopt(Descriptor(ends[0]), reinterpret_cast<const sockaddr&>(peer), door,
                             0) == Connections::Adopted::Open);
  Recorder& handler = *door.guests.back();
  return {handler, *handler.transport, std::move(theirs)};
}

void World::turn(Duration longest) {
  loop.wait(monotonic_now() + longest);
  loop.dispatch(monotonic_now());
}

bool World::turn_until(const std::function<bool()>& done) {
  const Instant end = monotonic_now() + Duration(5'000);
  while (!done()) {
    if (monotonic_now() > end) return false;
    turn();
  }
  return true;
}

void send_all(const Descriptor& peer, std::string_view bytes) {
  REQUIRE(send(peer.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
          static_cast<ssize_t>(bytes.size()));
}

std::string receive(const Descriptor& peer, std::size_t bytes) {
  std::string got(bytes, '\0');
  const ssize_t size = recv(peer.get(), got.data(), bytes, MSG_WAITALL);
  got.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  return got;
}

std::string receive_available(const Descriptor& peer) {
  std::string all;
  char part[65536];
  for (;;) {
    const ssize_t got = recv(peer.get(), part, sizeof part, MSG_DONTWAIT);
    if (got <= 0) return all;
    all.append(part, static_cast<std::size_t>(got));
  }
}

std::string pattern(std::size_t bytes) {
  std::string text(bytes, '\0');
  for (std::size_t i = 0; i < bytes; ++i) text[i] = static_cast<char>(i * 7 + i / 251);
  return text;
}

}  // namespace midge::platform
