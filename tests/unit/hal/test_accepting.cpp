// What hal/listener.hpp promises, and the peer's name.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/unit/hal/world.hpp"

namespace midge::test {

TEST_CASE("a transport calls its peer by the address that the peer has") {
  Pair pair;
  CHECK(pair.broker.name == pair.peer.name());
  const Guest other = let_in(*pair.world);
  CHECK(other.broker.name == other.peer.name());
  CHECK(other.broker.name != pair.broker.name);
  pair.turn([&] {
    CHECK(pair.broker.peer() == pair.peer.name());
    CHECK(other.broker.peer() == other.peer.name());
    other.broker.abort();
  });
}

TEST_CASE("a peer that is refused is ended, and nobody hears of it again") {
  const auto world = make_world();
  world->door.refuses = true;
  Peer& refused = world->connect();
  refused.send("abc");
  REQUIRE(world->run_until([&] { return refused.end() != Peer::End::Open; }));
  CHECK(world->transports() == 0);
  CHECK(refused.received().empty());
  world->door.refuses = false;
  const Guest guest = let_in(*world);
  guest.peer.send("abc");
  REQUIRE(world->run_until([&] { return guest.broker.received == "abc"; }));
  CHECK(world->door.guests.size() == 1);
  world->turn([&] { guest.broker.abort(); });
  REQUIRE(world->run_until([&] { return world->transports() == 0; }));
  world->check();
}

TEST_CASE("an acceptor may pause or end a transport from inside accept()") {
  for (const bool aborts : {false, true}) {
    CAPTURE(aborts);
    const auto world = make_world();
    world->door.on_accept = [&](Recorder& broker) { aborts ? broker.abort() : broker.pause(); };
    const Guest guest = let_in(*world);
    guest.peer.send("abc");
    world->turns(10);
    CHECK(guest.broker.offered.empty());
    CHECK(guest.broker.closed == (aborts ? 1 : 0));
    if (aborts) continue;
    world->turn([&] { guest.broker.resume(); });
    REQUIRE(world->run_until([&] { return guest.broker.received == "abc"; }));
    world->turn([&] { guest.broker.abort(); });
    REQUIRE(world->run_until([&] { return world->transports() == 0; }));
    world->check();
  }
}

TEST_CASE("peers come and go, and no transport is left") {
  const auto world = make_world();
  for (int round = 0; round < 20; ++round) {
    std::vector<Guest> guests;
    for (int i = 0; i < 5; ++i) guests.push_back(let_in(*world));
    for (std::size_t i = 0; i < guests.size(); ++i) {
      guests[i].peer.send(pattern(100 * i));
      world->turn([&] { static_cast<void>(guests[i].broker.write(pattern(50 * i))); });
      if (i % 3 == 0) guests[i].peer.close();
      if (i % 3 == 1) guests[i].peer.reset();
      if (i % 3 == 2) world->turn([&] { guests[i].broker.abort(); });
    }
    REQUIRE(world->run_until([&] { return world->transports() == 0; }));
    for (const Guest& guest : guests) CHECK(guest.broker.closed == 1);
  }
  world->check();
}

TEST_CASE("a closed listener refuses peers, and open connections stay") {
  Pair pair;
  hal::Listener* const listener = pair.world->listener();
  if (listener == nullptr) return;  // the simulator: its world listens as long as it has a broker
  listener->close();
  listener->close();
  Peer& late = pair.world->connect();
  REQUIRE(pair.run_until([&] { return late.end() != Peer::End::Open; }));
  CHECK(pair.world->door.guests.size() == 1);
  pair.peer.send("still here");
  REQUIRE(pair.run_until([&] { return pair.broker.received == "still here"; }));
  pair.turn([&] { CHECK(pair.broker.write("so am I") == 7); });
  REQUIRE(pair.run_until([&] { return pair.peer.received() == "so am I"; }));
}

}  // namespace midge::test
