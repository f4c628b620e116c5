#include "broker/connection/topic_aliases.hpp"

#include <doctest/doctest.h>

#include "tests/unit/session/world.hpp"

using namespace midge;
using connection::TopicAliases;

TEST_CASE("an alias stands for the topic that defined it last") {
  test::World world;
  TopicAliases aliases(3);
  CHECK(aliases.topic(1).empty());
  REQUIRE(aliases.define(world.memory, 3, "v1/user/signedup"));
  REQUIRE(aliases.define(world.memory, 1, "a"));
  REQUIRE(aliases.define(world.memory, 3, "b"));
  CHECK(aliases.topic(3) == "b");
  CHECK(aliases.topic(1) == "a");
  CHECK(aliases.topic(2).empty());
  aliases.clear(world.memory);
  CHECK(world.arena.used_pages() == world.memory.own_pages());
}

TEST_CASE("outgoing aliases are found by topic and taken back when their packet did not go out") {
  test::World world;
  TopicAliases aliases(5);
  REQUIRE(aliases.define(world.memory, 1, "a"));
  REQUIRE(aliases.define(world.memory, 2, "b"));
  REQUIRE(aliases.define(world.memory, 3, "c"));
  CHECK(aliases.find("b") == 2);
  CHECK(aliases.find("d") == 0);
  aliases.truncate(world.memory, 1);
  CHECK(aliases.count() == 1);
  CHECK(aliases.find("b") == 0);
  CHECK(aliases.find("a") == 1);
  aliases.clear(world.memory);
  CHECK(world.arena.used_pages() == world.memory.own_pages());
}
