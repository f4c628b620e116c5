#include <doctest/doctest.h>
#include <poll.h>
#include <sys/socket.h>

#include <string>

#include "platform/linux/clock.hpp"
#include "tests/unit/linux/world.hpp"

namespace midge::platform {

namespace {

void call(Recorder& handler, const std::function<void()>& calls) {
  handler.inside_call = true;
  calls();
  handler.inside_call = false;
}

}  // namespace

constexpr sockaddr kUnixPeer{.sa_family = AF_UNIX, .sa_data = {}};

TEST_CASE("the end of the peer is told once") {
  World world;
  World::Link link = world.connect();
  world.turn();
  link.peer.reset();
  REQUIRE(world.turn_until([&] { return link.handler.closed == 1; }));
  CHECK(link.handler.cause == hal::CloseCause::Peer);
  for (int i = 0; i < 3; ++i) world.turn();
  CHECK(link.handler.closed == 1);
  CHECK(world.connections->count() == 0);
}

TEST_CASE("abort() closes at once and tells it later, once") {
  World world;
  const World::Link link = world.connect();
  send_all(link.peer, "never read");
  call(link.handler, [&] {
    link.transport.abort();
    link.transport.abort();
    link.transport.finish();
    link.transport.pause_receive();
    link.transport.resume_receive();
  });
  CHECK(receive(link.peer, 1).empty());
  CHECK(link.handler.closed == 0);
  const hal::Chunk chunks[] = {{as_bytes("abc")}};
  CHECK_FALSE(link.transport.write(chunks));
  REQUIRE(world.turn_until([&] { return link.handler.closed == 1; }));
  CHECK(link.handler.cause == hal::CloseCause::Finished);
  CHECK(link.handler.offered.empty());
  world.turn();
  CHECK(link.handler.closed == 1);
  CHECK(world.connections->count() == 0);
}

TEST_CASE("a handler may abort its own and another connection while it receives") {
  World world;
  World::Link a = world.connect();
  World::Link b = world.connect();
  world.turn();
  const auto abort_both = [&](std::string_view bytes) {
    a.transport.abort();
    b.transport.abort();
    return bytes.size();
  };
  a.handler.receive = abort_both;
  b.handler.receive = abort_both;
  send_all(a.peer, "a");
  send_all(b.peer, "b");
  REQUIRE(world.turn_until([&] { return a.handler.closed + b.handler.closed == 2; }));
  CHECK(a.handler.offered.size() + b.handler.offered.size() == 1);
  CHECK(world.connections->count() == 0);
}

TEST_CASE("finish() sends what was taken, then waits for the peer to close") {
  World world;
  World::Link link = world.connect();
  world.turn();
  const hal::Chunk chunks[] = {{as_bytes("goodbye")}};
  REQUIRE(link.transport.write(chunks));
  call(link.handler, [&] {
    link.transport.finish();
    link.transport.finish();
  });
  CHECK(receive(link.peer, 100) == "goodbye");  // and the end of the stream
  send_all(link.peer, "on the way already");
  for (int i = 0; i < 3; ++i) world.turn();
  CHECK(link.handler.closed == 0);
  CHECK(link.handler.offered.empty());
  link.peer.reset();
  REQUIRE(world.turn_until([&] { return link.handler.closed == 1; }));
  CHECK(link.handler.cause == hal::CloseCause::Finished);
  CHECK(world.connections->count() == 0);
}

TEST_CASE("finish() waits a second at most for a peer that does nothing") {
  World world;
  const World::Link link = world.connect();
  world.turn();
  const Instant before = monotonic_now();
  link.transport.finish();
  int turns = 0;
  REQUIRE(world.turn_until([&] {
    ++turns;
    return link.handler.closed == 1;
  }));
  const Duration took = monotonic_now() - before;
  CHECK(took >= Connections::kDrainTime);
  CHECK(took < Connections::kDrainTime + Duration(500));
  CHECK(turns < 100);  // waits of 20 ms, no spinning
}

TEST_CASE("finish() reads a megabyte at most from a peer that goes on sending") {
  World world;
  const World::Link link = world.connect();
  world.turn();
  link.transport.finish();
  const Instant before = monotonic_now();
  const std::string text = pattern(100'000);
  std::size_t sent = 0;
  while (link.handler.closed == 0 && sent < 64 * Connections::kDrainBytes) {
    const ssize_t n = send(link.peer.get(), text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n > 0) sent += static_cast<std::size_t>(n);
    world.turn(Duration(0));
  }
  CHECK(link.handler.closed == 1);
  CHECK(sent < 4 * Connections::kDrainBytes);
  CHECK(monotonic_now() - before < Connections::kDrainTime);
}

TEST_CASE("finish() of a paused connection drains what waited") {
  World world;
  World::Link link = world.connect();
  world.turn();
  link.transport.pause_receive();
  send_all(link.peer, pattern(10'000));
  world.turn();
  link.peer.reset();
  world.turn();
  CHECK(link.handler.closed == 0);
  const Instant before = monotonic_now();
  link.transport.finish();
  REQUIRE(world.turn_until([&] { return link.handler.closed == 1; }));
  CHECK(monotonic_now() - before < Duration(500));
  CHECK(link.handler.offered.empty());
}

TEST_CASE("abort() ends a drain at once") {
  World world;
  const World::Link link = world.connect();
  link.transport.finish();
  world.turn();
  CHECK(link.handler.closed == 0);
  link.transport.abort();
  world.turn();
  CHECK(link.handler.closed == 1);
  world.turn(Duration(1'100));  // its deadline has gone with it
  CHECK(link.handler.closed == 1);
}

TEST_CASE("a refused peer is closed and nobody hears of it again") {
  World world;
  world.door.refuses = true;
  int ends[2];
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0);
  const Descriptor peer(ends[1]);
  CHECK(world.connections->adopt(Descriptor(ends[0]), kUnixPeer, world.door, 0) ==
        Connections::Adopted::Refused);
  CHECK(world.connections->count() == 0);
  char byte = 0;
  CHECK(recv(peer.get(), &byte, 1, 0) == 0);
}

TEST_CASE("a full arena refuses a peer") {
  World world;
  while (world.arena->take(1) != nullptr) {
  }
  int ends[2];
  REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0);
  const Descriptor peer(ends[1]);
  CHECK(world.connections->adopt(Descriptor(ends[0]), kUnixPeer, world.door, 0) ==
        Connections::Adopted::NoRoom);
  char byte = 0;
  CHECK(recv(peer.get(), &byte, 1, 0) == 0);
  CHECK(world.door.guests.empty());
}

TEST_CASE("the peer's text is kept whatever its length") {
  World world;
  World::Link a = world.connect("255.255.255.254", 65'535);
  World::Link b = world.connect("2001:db8:1111:2222:3333:4444:5555:6666", 65'535);
  CHECK(a.transport.peer() == "255.255.255.254:65535");
  CHECK(b.transport.peer() == "[2001:db8:1111:2222:3333:4444:5555:6666]:65535");
  const std::size_t used = world.arena->used_pages();
  b.transport.abort();
  a.transport.abort();
  world.turn();
  CHECK(world.connections->count() == 0);
  CHECK(world.arena->used_pages() < used);
}

}  // namespace midge::platform
