#include "broker/connection/acknowledgements.hpp"

#include <doctest/doctest.h>

#include "tests/unit/session/world.hpp"

using namespace midge;
using namespace midge::connection;
using wire::PacketType;
using wire::ReasonCode;

TEST_CASE(
    "acknowledgements come out in the order in which they went in, small ones and packets mixed") {
  test::World world;
  Acknowledgements owed;
  const std::uint8_t packet[] = {0x90, 0x03, 0x00, 0x07, 0x01};
  for (std::uint16_t i = 1; i <= 40; ++i) {
    if (i % 7 == 0) {
      REQUIRE(owed.push(world.memory, {.commit = i, .packet = packet, .type = PacketType::Suback}));
    } else {
      REQUIRE(owed.push(world.memory, {.commit = i,
                                       .type = PacketType::Puback,
                                       .reason = ReasonCode::NoMatchingSubscribers,
                                       .packet_id = i}));
    }
  }
  Acknowledgements::Place place;
  Acknowledgement next;
  for (std::uint16_t i = 1; i <= 40; ++i) {
    CAPTURE(i);
    REQUIRE(owed.next(place, next));
    CHECK(next.commit == i);
    if (i % 7 == 0) {
      CHECK(next.type == PacketType::Suback);
      CHECK(next.packet.size() == sizeof packet);
      CHECK(next.packet[3] == 7);
    } else {
      CHECK(next.packet_id == i);
      CHECK(next.type == PacketType::Puback);
      CHECK(next.reason == ReasonCode::NoMatchingSubscribers);
    }
  }
  CHECK_FALSE(owed.next(place, next));
  for (int i = 0; i < 39; ++i) owed.pop(world.memory);
  Acknowledgements::Place again;
  REQUIRE(owed.next(again, next));
  CHECK(next.packet_id == 40);
  owed.pop(world.memory);
  CHECK(owed.empty());
  CHECK(world.arena.used_pages() == world.memory.own_pages());
}

TEST_CASE("commit numbers beyond 32 bits stay apart from those that wait for nothing") {
  test::World world;
  Acknowledgements owed;
  const session::CommitNumber late = 0x1'0000'0005ULL;
  REQUIRE(owed.push(world.memory, {.commit = 0, .type = PacketType::Puback, .packet_id = 1}));
  REQUIRE(owed.push(world.memory, {.commit = late, .type = PacketType::Puback, .packet_id = 2}));
  REQUIRE(
      owed.push(world.memory, {.commit = late + 1, .type = PacketType::Puback, .packet_id = 3}));
  REQUIRE(owed.push(world.memory, {.commit = 0, .type = PacketType::Puback, .packet_id = 4}));
  Acknowledgements::Place place;
  Acknowledgement next;
  for (const session::CommitNumber expected :
       {session::CommitNumber{0}, late, late + 1, session::CommitNumber{0}}) {
    REQUIRE(owed.next(place, next));
    CHECK(next.commit == expected);
  }
  // Nothing is durable yet: what waits goes, and what stands behind it.
  owed.drop_waiting(world.memory, world.commits);
  Acknowledgements::Place left;
  REQUIRE(owed.next(left, next));
  CHECK(next.packet_id == 1);
  CHECK_FALSE(owed.next(left, next));
  owed.clear(world.memory);
  CHECK(world.arena.used_pages() == world.memory.own_pages());
}
