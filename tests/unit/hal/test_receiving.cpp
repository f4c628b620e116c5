// What hal/transport.hpp promises about the way in.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/unit/hal/world.hpp"

namespace midge::test {

TEST_CASE("bytes come in their order, in whatever pieces") {
  Pair pair;
  const std::string text = pattern(5'000);
  for (std::size_t i = 0; i < 300; ++i) {
    pair.peer.send(text.substr(i, 1));
    if (i % 3 == 0) pair.world->turns(1);
  }
  pair.peer.send(text.substr(300));
  REQUIRE(pair.run_until([&] { return pair.broker.received.size() == text.size(); }));
  CHECK(pair.broker.received == text);
}

TEST_CASE("what a handler left over when it paused comes again, in front of newer bytes") {
  Pair pair;
  Recorder& broker = pair.broker;
  broker.use = [&](std::string_view) -> std::size_t {
    broker.pause();
    return 3;
  };
  pair.peer.send("abcdefgh");
  REQUIRE(pair.run_until([&] { return broker.offered.size() == 1; }));
  pair.peer.send("ijk");
  pair.world->turns(5);
  CHECK(broker.received == "abc");

  // A second pause in the middle of the leftover.
  pair.turn([&] { broker.resume(); });
  REQUIRE(pair.run_until([&] { return broker.offered.size() == 2; }));
  pair.world->turns(5);
  CHECK(broker.received == "abcdef");
  CHECK(broker.offered.size() == 2);

  broker.use = nullptr;
  pair.turn([&] { broker.resume(); });
  REQUIRE(pair.run_until([&] { return broker.received.size() == 11; }));
  pair.peer.send("lm");
  REQUIRE(pair.run_until([&] { return broker.received.size() == 13; }));
  CHECK(broker.received == "abcdefghijklm");
}

TEST_CASE("a handler that uses nothing and pauses loses nothing") {
  Pair pair;
  pair.broker.use = [&](std::string_view) -> std::size_t {
    pair.broker.pause();
    return 0;
  };
  pair.peer.send("abc");
  for (std::size_t i = 1; i <= 4; ++i) {
    REQUIRE(pair.run_until([&] { return pair.broker.offered.size() == i; }));
    pair.turn([&] { pair.broker.resume(); });
  }
  pair.broker.use = nullptr;
  pair.turn([&] { pair.broker.resume(); });
  REQUIRE(pair.run_until([&] { return pair.broker.received.size() == 3; }));
  CHECK(pair.broker.received == "abc");
}

TEST_CASE("a pause that is taken back in the same call is none") {
  Pair pair;
  pair.turn([&] {
    pair.broker.pause();
    pair.broker.resume();
  });
  pair.peer.send("abc");
  REQUIRE(pair.run_until([&] { return pair.broker.received == "abc"; }));
  pair.broker.use = [&](std::string_view bytes) {
    pair.broker.pause();
    pair.broker.resume();
    return bytes.size();
  };
  pair.peer.send("def");
  REQUIRE(pair.run_until([&] { return pair.broker.received == "abcdef"; }));
}

TEST_CASE("a handler may pause when it has used all") {
  Pair pair;
  pair.broker.use = [&](std::string_view bytes) {
    pair.broker.pause();
    return bytes.size();
  };
  pair.peer.send("abc");
  REQUIRE(pair.run_until([&] { return pair.broker.received == "abc"; }));
  pair.peer.send("def");
  pair.world->turns(5);
  CHECK(pair.broker.received == "abc");
  pair.turn([&] { pair.broker.resume(); });
  REQUIRE(pair.run_until([&] { return pair.broker.received == "abcdef"; }));
}

TEST_CASE("while a transport is paused its peer can't send for ever, and nothing is lost") {
  Pair pair;
  pair.turn([&] { pair.broker.pause(); });
  const std::string text = pattern(pair.world->flood_bytes());
  pair.peer.send(text);
  std::size_t before = 0;
  do {  // until nothing moves any more
    before = pair.peer.unsent();
    pair.world->turns(20);
  } while (pair.peer.unsent() < before);
  CHECK(pair.peer.unsent() > 0);
  CHECK(pair.broker.offered.empty());
  pair.turn([&] { pair.broker.resume(); });
  REQUIRE(pair.run_until([&] { return pair.broker.received.size() == text.size(); }));
  CHECK(pair.broker.received == text);
}

TEST_CASE("a handler that pauses at every offer gets every byte once") {
  Pair pair;
  std::size_t share = 1;
  pair.broker.use = [&](std::string_view bytes) {
    share = share * 5 % 997 + 1;
    if (share >= bytes.size()) return bytes.size();
    pair.broker.pause();
    return share;
  };
  const std::string text = pattern(60'000);
  pair.peer.send(text);
  bool done = false;
  REQUIRE(pair.run_until([&] {
    pair.turn([&] {
      done = pair.broker.received.size() == text.size();
      if (!done) pair.broker.resume();
    });
    return done;
  }));
  CHECK(pair.broker.received == text);
}

TEST_CASE("a paused peer that sends byte by byte keeps its order, and others go on") {
  Pair pair;
  const Guest other = let_in(*pair.world);
  pair.broker.use = [&](std::string_view) -> std::size_t {
    pair.broker.pause();
    return 0;
  };
  const std::string text = pattern(2'000);
  for (std::size_t i = 0; i < text.size(); ++i) {
    pair.peer.send(text.substr(i, 1));
    other.peer.send("x");
    pair.world->turns(1);
  }
  REQUIRE(pair.run_until([&] { return other.broker.received.size() == text.size(); }));
  CHECK(pair.broker.received.empty());
  pair.broker.use = nullptr;
  pair.turn([&] { pair.broker.resume(); });
  REQUIRE(pair.run_until([&] { return pair.broker.received.size() == text.size(); }));
  CHECK(pair.broker.received == text);
  pair.turn([&] { other.broker.abort(); });
}

TEST_CASE("all are paused at once, and one that comes later goes on") {
  Pair pair;
  const std::string text = pattern(pair.world->flood_bytes() / 8);
  std::vector<Guest> guests;
  for (int i = 0; i < 6; ++i) {
    guests.push_back(let_in(*pair.world));
    Recorder& broker = guests.back().broker;
    broker.use = [&broker](std::string_view) -> std::size_t {
      broker.pause();
      return 0;
    };
    guests.back().peer.send(text);
  }
  pair.world->turns(20);
  const std::string hello = pattern(3'000);
  pair.peer.send(hello);
  REQUIRE(pair.run_until([&] { return pair.broker.received.size() == hello.size(); }));
  CHECK(pair.broker.received == hello);
  for (const Guest& guest : guests) {
    guest.broker.use = nullptr;
    pair.turn([&] { guest.broker.resume(); });
  }
  for (const Guest& guest : guests) {
    REQUIRE(pair.run_until([&] { return guest.broker.received.size() == text.size(); }));
    CHECK(guest.broker.received == text);
    pair.turn([&] { guest.broker.abort(); });
  }
}

}  // namespace midge::test
