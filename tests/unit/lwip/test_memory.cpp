// What lwIP's small memory asks for beyond the suite: peers that pause or don't read, in whatever
// number, leave the others theirs, and all of it is given back.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/unit/lwip/lwip_world.hpp"

namespace midge::test {

namespace {

void end_all(LwipWorld& world) {
  world.turn([&] {
    for (const auto& guest : world.door.guests)
      if (guest->closed == 0) guest->abort();
  });
  REQUIRE(world.run_until([&] { return world.transports() == 0; }));
  world.check();
}

void pause_always(Recorder& broker) {
  broker.use = [&broker](std::string_view) -> std::size_t {
    broker.pause();
    return 0;
  };
}

// Every byte goes and comes back as a segment of its own.
void talk(LwipWorld& world, const Guest& guest, std::size_t bytes) {
  const std::string text = pattern(bytes);
  const std::size_t before = guest.broker.received.size();
  const std::size_t heard = guest.peer.received().size();
  for (std::size_t i = 0; i < bytes; ++i) {
    guest.peer.send(text.substr(i, 1));
    REQUIRE(world.run_until([&] { return guest.broker.received.size() == before + i + 1; }));
    world.turn([&] { REQUIRE(guest.broker.write(text.substr(i, 1)) == 1); });
    REQUIRE(world.run_until([&] { return guest.peer.received().size() == heard + i + 1; }));
  }
  CHECK(guest.broker.received.substr(before) == text);
  CHECK(guest.peer.received().substr(heard) == text);
}

}  // namespace

TEST_CASE("a paused peer that sends byte by byte takes blocks for its window, and no pbuf") {
  LwipWorld world;
  const Guest slow = let_in(world);
  const Guest other = let_in(world);
  pause_always(slow.broker);
  const std::string text = pattern(3'000);
  for (std::size_t i = 0; i < text.size(); ++i) {
    slow.peer.send(text.substr(i, 1));
    world.turns(1);
    CHECK(Wire::use().pool_buffers == 0);
  }
  const std::size_t taken = LwipWorld::kBlocks - world.connections.leftovers().free_blocks();
  CHECK(taken == (TCP_WND + lwip::LeftoverBlock::kBytes - 1) / lwip::LeftoverBlock::kBytes);
  talk(world, other, 20);
  slow.broker.use = nullptr;
  world.turn([&] { slow.broker.resume(); });
  REQUIRE(world.run_until([&] { return slow.broker.received.size() == text.size(); }));
  CHECK(slow.broker.received == text);
  end_all(world);
}

TEST_CASE("when all others are paused with more than there are blocks for, one goes on") {
  LwipWorld world;
  const Guest other = let_in(world);
  std::vector<Guest> slow;
  const std::string text = pattern(4'000);
  for (std::size_t i = 1; i < LwipWorld::kTransports; ++i) {
    slow.push_back(let_in(world));
    pause_always(slow.back().broker);
    // Some byte by byte, the others in full segments.
    slow.back().peer.send(i % 2 == 0 ? text.substr(0, 1) : text);
  }
  world.turns(10);
  for (std::size_t i = 1; i < text.size() / 8; ++i) {
    for (std::size_t j = 1; j < slow.size(); j += 2) slow[j].peer.send(text.substr(i, 1));
    world.turns(1);
  }
  CHECK(world.connections.leftovers().free_blocks() == 0);
  CHECK(world.connections.put_back() > 0);
  CHECK(Wire::use().pool_buffers == 0);
  talk(world, other, 50);

  for (const Guest& guest : slow) {
    guest.broker.use = nullptr;
    world.turn([&] { guest.broker.resume(); });
  }
  for (std::size_t j = 0; j < slow.size(); ++j) {
    const std::string expected = j % 2 == 1 ? text.substr(0, text.size() / 8) : text;
    REQUIRE(world.run_until([&] { return slow[j].broker.received.size() >= expected.size(); }));
    CHECK(slow[j].broker.received == expected);
  }
  end_all(world);
}

TEST_CASE("without a free block a handler that uses a part gets the rest again") {
  LwipWorld world;
  const Guest slow = let_in(world);
  const Guest hoarder = let_in(world);
  const Guest second = let_in(world);
  const Guest third = let_in(world);
  for (const Guest* guest : {&hoarder, &second, &third}) {
    pause_always(guest->broker);
    guest->peer.send(pattern(2'000));
  }
  world.turns(20);
  REQUIRE(world.connections.leftovers().free_blocks() == 0);
  const std::string text = pattern(1'000);
  slow.broker.use = [&](std::string_view) -> std::size_t {
    slow.broker.pause();
    return 7;
  };
  slow.peer.send(text);
  REQUIRE(world.run_until([&] { return slow.broker.received.size() == 7; }));
  CHECK(world.connections.put_back() > 0);
  slow.broker.use = nullptr;
  world.turn([&] { slow.broker.resume(); });
  REQUIRE(world.run_until([&] { return slow.broker.received.size() == text.size(); }));
  CHECK(slow.broker.received == text);
  end_all(world);
}

TEST_CASE("peers that don't read take what may be borrowed, and another one is served") {
  for (const hal::Keep keep : {hal::Keep::Copy, hal::Keep::UntilSent}) {
    for (const std::size_t chunk_bytes : {std::size_t{1}, std::size_t{50}, std::size_t{1'000}}) {
      CAPTURE(chunk_bytes);
      LwipWorld world;
      const Guest other = let_in(world);
      std::vector<Guest> deaf;
      for (std::size_t i = 1; i < LwipWorld::kTransports; ++i) {
        deaf.push_back(let_in(world));
        deaf.back().peer.stop_reading();
      }
      const std::string text = pattern(5'000);
      std::vector<std::size_t> taken(deaf.size());
      for (int round = 0; round < 30; ++round) {
        world.turn([&] {
          for (std::size_t i = 0; i < deaf.size(); ++i) {
            const std::string_view rest = std::string_view(text).substr(taken[i]);
            taken[i] += deaf[i].broker.write(rest.substr(0, 2'000), keep, chunk_bytes);
          }
        });
      }
      for (const std::size_t each : taken) CHECK(each > 0);
      // The rest of lwIP's memory is for acknowledgements; here it is plenty, on a board it isn't.
      CHECK(Wire::use().heap_bytes <= MIDGE_SEND_BYTES);
      CHECK(Wire::use().segments <= MIDGE_SEND_BUFFERS);
      talk(world, other, 30);
      for (std::size_t i = 0; i < deaf.size(); ++i) {
        deaf[i].peer.start_reading();
        REQUIRE(world.run_until([&] { return deaf[i].peer.received().size() == taken[i]; }));
        CHECK(deaf[i].peer.received() == text.substr(0, taken[i]));
      }
      end_all(world);
    }
  }
}

TEST_CASE("one peer more than there are transports is refused and counted") {
  LwipWorld world;
  for (std::size_t i = 0; i < LwipWorld::kTransports; ++i) static_cast<void>(let_in(world));
  Peer& late = world.connect();
  REQUIRE(world.run_until([&] { return late.end() != Peer::End::Open; }));
  CHECK(late.end() == Peer::End::Reset);
  CHECK(world.metrics[metrics::Cause::ConnectionLimit] == 1);
  CHECK(world.door.guests.size() == LwipWorld::kTransports);
  world.turn([&] { world.door.guests[3]->abort(); });
  REQUIRE(world.run_until([&] { return world.door.guests[3]->closed == 1; }));
  static_cast<void>(let_in(world));
  end_all(world);
}

}  // namespace midge::test
