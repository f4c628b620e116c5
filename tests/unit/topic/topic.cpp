#include "broker/topic/topic.hpp"

#include <doctest/doctest.h>

using namespace midge;
using namespace midge::topic;

TEST_CASE("levels are what lies between slashes, empty ones included") {
  CHECK(count_levels("a") == 1);
  CHECK(count_levels("/") == 2);
  CHECK(count_levels("a//b/") == 4);
  Levels levels("a//b/");
  for (const char* level : {"a", "", "b", ""}) {
    REQUIRE(levels.next());
    CHECK(levels.level() == level);
  }
  CHECK_FALSE(levels.next());
}

TEST_CASE("wildcards stand alone in their level, and # is the last [MQTT-4.7.1-1] [MQTT-4.7.1-2]") {
  for (const char* good :
       {"#", "+", "/", "a", "a/#", "+/+", "+/a/#", "/+", "a//b", "$SYS/#", "$share", "a b",
        "$share/g/a", "$share/g/#", "$share/g//", "$shared/x", "$share/g/$SYS/x"}) {
    CAPTURE(good);
    CHECK(parse_filter(good).ok());
  }
  for (const char* bad :
       {"", "a#", "#a", "a/#/b", "#/", "##", "a+", "+a", "a/b+/c", "++", "+#", "a/+#"}) {
    CAPTURE(bad);
    const auto parsed = parse_filter(bad);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error() == wire::ReasonCode::MalformedPacket);
  }
}

TEST_CASE(
    "a shared filter has a name without wildcard and a filter [MQTT-4.8.2-1] [MQTT-4.8.2-2]") {
  const auto good = parse_filter("$share/workers/v1/+/#");
  REQUIRE(good);
  CHECK(good->share_name == "workers");
  CHECK(good->filter == "v1/+/#");
  CHECK(good->has_wildcard);
  CHECK(good->is_shared());
  for (const char* bad : {"$share/", "$share//a", "$share/g", "$share/g/", "$share/+/a",
                          "$share/g#/a", "$share/g/a#"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_filter(bad).ok());
  }
  CHECK_FALSE(parse_filter("$share")->is_shared());
}

TEST_CASE("a filter matches as section 4.7 tells, character by character [MQTT-4.7.3-4]") {
  struct Row {
    const char* filter;
    const char* topic;
    bool matches;
  };
  constexpr Row kRows[] = {
      {"sport/tennis/player1/#", "sport/tennis/player1", true},
      {"sport/tennis/player1/#", "sport/tennis/player1/ranking", true},
      {"sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", true},
      {"sport/#", "sport", true},
      {"#", "sport/tennis", true},
      {"#", "/", true},
      {"sport/tennis/+", "sport/tennis/player1", true},
      {"sport/tennis/+", "sport/tennis/player1/ranking", false},
      {"sport/+", "sport", false},
      {"sport/+", "sport/", true},
      {"+/+", "/finance", true},
      {"/+", "/finance", true},
      {"+", "/finance", false},
      {"#", "$SYS/broker", false},
      {"+/monitor", "$SYS/monitor", false},
      {"$SYS/#", "$SYS/monitor", true},
      {"$SYS/+", "$SYS/monitor", true},
      {"a/#", "a/$b", true},
      {"ACCOUNTS", "Accounts", false},
      {"a", "a/", false},
      {"a/", "a", false},
      {"a//b", "a/b", false},
      {"\xC3\x85", "A\xCC\x8A", false},  // no normalisation
  };
  for (const Row& row : kRows) {
    CAPTURE(row.filter);
    CAPTURE(row.topic);
    CHECK(matches(row.filter, row.topic) == row.matches);
  }
}

TEST_CASE("the broker's own topics are not for clients to publish, except where bridges report") {
  for (const char* good :
       {"a", "$x", "$SYSTEM/x", "$SYS/broker/connection/eu.bridge/state", "a/$SYS/b"}) {
    CAPTURE(good);
    CHECK(is_publishable(good));
  }
  for (const char* bad : {"$SYS", "$SYS/broker/version", "$SYS/broker/connection/a/b/state",
                          "$SYS/broker/connection/state", "$CONTROL/x", "$share/g/t"}) {
    CAPTURE(bad);
    CHECK_FALSE(is_publishable(bad));
  }
}

TEST_CASE("levels in common are counted in whole") {
  struct Vector {
    const char* a;
    const char* b;
    std::size_t bytes;
  };
  constexpr Vector kVectors[] = {
      {"a", "a", 1},       {"a/b", "a", 1},      {"a/b", "a/c", 1},       {"a/bc", "a/b", 1},
      {"a/b/", "a/b", 3},  {"a/b/", "a/b//", 4}, {"/", "/a", 0},          {"", "", 0},
      {"/a/b", "/a/c", 2}, {"+/a", "+/#", 1},    {"a/b/c/d", "a/b/c", 5}, {"", "/a", 0},
  };
  for (const Vector& v : kVectors) {
    CAPTURE(v.a);
    CAPTURE(v.b);
    CHECK(topic::common_levels(v.a, v.b) == v.bytes);
    CHECK(topic::common_levels(v.b, v.a) == v.bytes);
  }
}
