#include <doctest/doctest.h>
#include <sys/socket.h>

#include <string>
#include <vector>

#include "platform/linux/clock.hpp"
#include "tests/unit/linux/world.hpp"

namespace midge::platform {

TEST_CASE("bytes that come one by one are received in order") {
  World world;
  const World::Link link = world.connect();
  const std::string text = pattern(300);
  for (const char c : text) {
    send_all(link.peer, {&c, 1});
    world.turn();
  }
  REQUIRE(world.turn_until([&] { return link.handler.received.size() == text.size(); }));
  CHECK(link.handler.received == text);
}

TEST_CASE("a peer that floods is read in bounded parts, and others have their turn") {
  World world;
  const World::Link loud = world.connect();
  const World::Link quiet = world.connect();
  const int room = 4 << 20;
  setsockopt(loud.peer.get(), SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof room);
  world.turn();
  std::string text;
  for (;;) {  // as much as the socket holds
    const std::string part = pattern(65'536);
    const ssize_t sent = send(loud.peer.get(), part.data(), part.size(), MSG_DONTWAIT);
    if (sent <= 0) break;
    text += part.substr(0, static_cast<std::size_t>(sent));
  }
  REQUIRE(text.size() > 128 * 1024);
  send_all(quiet.peer, "hello");
  world.turn();
  CHECK(loud.handler.received.size() <= Connections::kReceiveBytes);
  CHECK(quiet.handler.received == "hello");
  // The rest needs no further event from the kernel.
  REQUIRE(world.turn_until([&] { return loud.handler.received.size() == text.size(); }));
  CHECK(loud.handler.received == text);
}

TEST_CASE("many peers that flood are read in bounded turns, each in its turn") {
  World world(std::size_t{16} << 20);
  constexpr std::size_t kPeers = 40;
  const std::string part = pattern(32 * 1024);
  std::vector<World::Link> links;
  for (std::size_t i = 0; i < kPeers; ++i) links.push_back(world.connect());
  world.turn();
  std::vector<std::size_t> sent(kPeers);
  const auto fill = [&](std::size_t i) {
    const ssize_t taken = send(links[i].peer.get(), part.data(), part.size(), MSG_DONTWAIT);
    if (taken > 0) sent[i] += static_cast<std::size_t>(taken);
  };
  const auto received = [&] {
    std::size_t all = 0;
    for (const World::Link& link : links) all += link.handler.received.size();
    return all;
  };
  // All but the last send again before each turn: those who were read have new events.
  const std::string last = "hello";
  send_all(links.back().peer, last);
  constexpr int kTurns = 8;
  for (int turn = 0; turn < kTurns; ++turn) {
    for (std::size_t i = 0; i + 1 < kPeers; ++i) fill(i);
    const std::size_t before = received();
    world.turn();
    CHECK(received() - before <= Connections::kTurnBytes + Connections::kReceiveBytes);
  }
  CHECK(links.back().handler.received == last);
  for (const World::Link& link : links) CHECK(!link.handler.received.empty());
  REQUIRE(world.turn_until([&] {
    for (std::size_t i = 0; i + 1 < kPeers; ++i) {
      if (links[i].handler.received.size() < sent[i]) return false;
    }
    return true;
  }));
}

TEST_CASE("what a handler left over when it paused comes again, before newer bytes") {
  // With room for a leftover, and with an arena so full that bytes stay in the socket.
  for (const bool full : {false, true}) {
    CAPTURE(full);
    World world;
    const World::Link link = world.connect();
    world.turn();
    if (full) {
      while (world.arena->take(1) != nullptr) {
      }
    }
    link.handler.receive = [&](std::string_view) -> std::size_t {
      link.transport.pause_receive();
      return 3;
    };
    send_all(link.peer, "abcdefgh");
    REQUIRE(world.turn_until([&] { return link.handler.offered.size() == 1; }));
    send_all(link.peer, "ijk");
    for (int i = 0; i < 3; ++i) world.turn();
    CHECK(link.handler.received == "abc");

    // A second pause in the middle of the leftover.
    link.transport.resume_receive();
    CHECK(link.handler.received == "abc");  // never from inside the call
    REQUIRE(world.turn_until([&] { return link.handler.offered.size() == 2; }));
    CHECK(link.handler.received == "abcdef");
    for (int i = 0; i < 3; ++i) world.turn();
    CHECK(link.handler.offered.size() == 2);

    link.handler.receive = nullptr;
    link.transport.resume_receive();
    REQUIRE(world.turn_until([&] { return link.handler.received.size() == 11; }));
    CHECK(link.handler.received == "abcdefghijk");
    send_all(link.peer, "lm");
    REQUIRE(world.turn_until([&] { return link.handler.received.size() == 13; }));
    CHECK(link.handler.closed == 0);
  }
}

TEST_CASE("full buffers can be left over by every connection until the arena is full") {
  World world(400 * 1024);  // room for four leftovers of a whole buffer
  std::vector<World::Link> links;
  for (int i = 0; i < 12; ++i) links.push_back(world.connect());
  world.turn();
  const std::string text = pattern(100'000);
  for (World::Link& link : links) {
    link.handler.receive = [&](std::string_view) -> std::size_t {
      link.transport.pause_receive();
      return 1;
    };
    send_all(link.peer, text);
    REQUIRE(world.turn_until([&] { return link.handler.offered.size() == 1; }));
  }
  for (World::Link& link : links) {
    link.handler.receive = nullptr;
    link.transport.resume_receive();
  }
  for (World::Link& link : links) {
    REQUIRE(world.turn_until([&] { return link.handler.received.size() == text.size(); }));
    CHECK(link.handler.received == text);
  }
}

TEST_CASE("a paused connection costs no turns while bytes wait") {
  World world;
  const World::Link link = world.connect();
  world.turn();
  link.transport.pause_receive();
  send_all(link.peer, "abc");
  world.turn();
  const Instant before = monotonic_now();
  world.turn(Duration(100));
  CHECK(monotonic_now() - before >= Duration(100));
  CHECK(link.handler.offered.empty());
  link.transport.resume_receive();
  REQUIRE(world.turn_until([&] { return link.handler.received == "abc"; }));
}

TEST_CASE("a handler may close the connection that offers it a leftover") {
  for (const bool finishes : {false, true}) {
    World world;
    World::Link link = world.connect();
    link.handler.receive = [&](std::string_view) -> std::size_t {
      link.transport.pause_receive();
      return 0;
    };
    send_all(link.peer, "abc");
    REQUIRE(world.turn_until([&] { return link.handler.offered.size() == 1; }));
    std::string seen;
    link.handler.receive = [&](std::string_view bytes) -> std::size_t {
      finishes ? link.transport.finish() : link.transport.abort();
      seen = bytes;  // they live during the call, whatever happened to the transport
      return 0;
    };
    link.transport.resume_receive();
    REQUIRE(world.turn_until([&] { return link.handler.offered.size() == 2; }));
    link.peer.reset();
    REQUIRE(world.turn_until([&] { return link.handler.closed == 1; }));
    CHECK(seen == "abc");
    CHECK(link.handler.cause == hal::CloseCause::Finished);
  }
}

TEST_CASE("a peer that closes its side is answered before the end") {
  World world;
  World::Link link = world.connect();
  world.turn();
  send_all(link.peer, "question");
  REQUIRE(shutdown(link.peer.get(), SHUT_WR) == 0);
  world.turn();
  REQUIRE(link.handler.received == "question");
  REQUIRE(link.handler.closed == 0);
  const hal::Chunk chunks[] = {{as_bytes("answer")}};
  REQUIRE(link.transport.write(chunks));
  REQUIRE(world.turn_until([&] { return link.handler.closed == 1; }));
  CHECK(link.handler.cause == hal::CloseCause::Peer);
  CHECK(receive(link.peer, 100) == "answer");
}

}  // namespace midge::platform
