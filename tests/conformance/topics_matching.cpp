// Which topic names a filter matches (MQTT 5.0 and 3.1.1, section 4.7).
#include <memory>

#include "tests/support/client.hpp"

namespace midge::test {
namespace {

// Whether a subscription of `filter` gets what is published to `topic`, live and retained.
void check_match(Version version, const std::string& filter, const std::string& topic,
                 bool matches) {
  CAPTURE(version);
  CAPTURE(filter);
  CAPTURE(topic);
  Broker broker;
  Client subscriber(broker, version, "subscriber");
  subscriber.must_subscribe(filter);
  Client publisher(broker, version, "publisher");
  publisher.publish(topic, "live", kQoS0, {.retain = true});
  Client late(broker, version, "late");
  late.must_subscribe(filter);
  if (matches) {
    subscriber.expect_publish(topic, "live");
    late.expect_publish(topic, "live");
  }
  subscriber.expect_nothing();
  late.expect_nothing();
}

struct Vector {
  const char* filter;
  const char* topic;
  bool matches;
};

constexpr bool kYes = true;
constexpr bool kNo = false;

TEST_CASE(
    "# matches its parent and all levels below, + exactly one level "
    "[MQTT-4.7.1-1] [MQTT-4.7.1-2] [MQTT-4.7.1-2@3.1.1] [MQTT-4.7.1-3@3.1.1]") {
  constexpr Vector kVectors[] = {
      // The spec's own examples.
      {"sport/tennis/player1/#", "sport/tennis/player1", kYes},
      {"sport/tennis/player1/#", "sport/tennis/player1/ranking", kYes},
      {"sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", kYes},
      {"sport/#", "sport", kYes},
      {"sport/tennis/+", "sport/tennis/player1", kYes},
      {"sport/tennis/+", "sport/tennis/player2", kYes},
      {"sport/tennis/+", "sport/tennis/player1/ranking", kNo},
      {"sport/+", "sport", kNo},
      {"sport/+", "sport/", kYes},
      {"+/+", "/finance", kYes},
      {"/+", "/finance", kYes},
      {"+", "/finance", kNo},
      // #
      {"#", "t", kYes},
      {"#", "/", kYes},
      {"#", "a/b/c", kYes},
      {"t/#", "t/", kYes},
      {"t/#", "tt", kNo},
      {"t/#", "/t", kNo},
      {"/#", "/", kYes},
      {"/#", "/a/b", kYes},
      {"/#", "a", kNo},
      {"a/b/#", "a", kNo},
      {"+/#", "a", kYes},
      {"+/#", "/", kYes},
      {"+/b/#", "a/b", kYes},
      {"+/b/#", "a/c", kNo},
      // +
      {"+", "t", kYes},
      {"+", "t/", kNo},
      {"+", "a/b", kNo},
      {"+/", "t/", kYes},
      {"+/", "t", kNo},
      {"+/+/+", "//", kYes},
      {"a/+/c", "a/b/c", kYes},
      {"a/+/c", "a//c", kYes},
      {"a/+/c", "a/b/b/c", kNo},
      {"a/+/c", "a/b", kNo},
      {"a/+/+", "a/b", kNo},
      {"+/b/+", "a/b/c", kYes},
      // neither
      {"a/b", "a/b", kYes},
      {"a/b", "a/b/", kNo},
      {"a/b", "/a/b", kNo},
      {"a", "b", kNo},
  };
  for (const Version version : kBothVersions) {
    for (const Vector& v : kVectors) check_match(version, v.filter, v.topic, v.matches);
  }
}

TEST_CASE(
    "a filter that begins with a wildcard matches no topic that begins with $ "
    "[MQTT-4.7.2-1] [MQTT-4.7.2-1@3.1.1]") {
  constexpr Vector kVectors[] = {
      {"#", "$x", kNo},       {"#", "$x/a", kNo},     {"+", "$x", kNo},
      {"+/a", "$x/a", kNo},   {"+/#", "$x/a", kNo},   {"+/+", "$x/a", kNo},
      {"$x/#", "$x/a", kYes}, {"$x/#", "$x", kYes},   {"$x/+", "$x/a", kYes},
      {"$x", "$x", kYes},     {"$x/a", "$x/a", kYes}, {"#", "a/$x", kYes},  // only at the beginning
      {"a/+", "a/$x", kYes},  {"a/#", "a/$x", kYes},  {"+/$x", "a/$x", kYes},
  };
  for (const Version version : kBothVersions) {
    for (const Vector& v : kVectors) check_match(version, v.filter, v.topic, v.matches);
  }
}

TEST_CASE(
    "characters are compared as they are, nothing is normalised "
    "[MQTT-4.7.3-4] [MQTT-4.7.3-4@3.1.1]") {
  constexpr Vector kVectors[] = {
      {"ACCOUNTS", "Accounts", kNo},
      {"t", "T", kNo},
      {"a b", "a b", kYes},
      {"a b", "a%20b", kNo},
      {"a", "a ", kNo},
      {" a", "a", kNo},
      {"a//b", "a/b", kNo},
      {"a/./b", "a/b", kNo},
      {"a/../b", "b", kNo},
      {"\xC3\xA9", "\xC3\xA9", kYes},     // e with acute in one character
      {"\xC3\xA9", "e\xCC\x81", kNo},     // the same in two
      {"\xE2\x84\xAB", "\xC3\x85", kNo},  // Angstrom sign and A with ring
      {"\xEF\xBC\x8F", "/", kNo},         // the full-width slash is no separator
      {"a\xEF\xBC\x8F\x62", "a/b", kNo},
      {"+", "a\xEF\xBC\x8F\x62", kYes},
      {"\xEF\xBC\x8B", "a", kNo},  // the full-width plus is no wildcard
      {"\xEF\xBC\x83", "a", kNo},  // nor the full-width #
      {"\xEF\xBC\x83", "\xEF\xBC\x83", kYes},
      {"\xEF\xBC\x84x", "$x", kNo},  // nor is the full-width $ one
      {"#", "\xEF\xBC\x84x", kYes},
      {"\xF0\x9F\xA6\x9F/+", "\xF0\x9F\xA6\x9F/\xF0\x9F\xA6\x9F", kYes},  // four bytes each
      {"a\\b", "a/b", kNo},
      {"a*", "ab", kNo},
      {"a?", "ab", kNo},
      {"\t", " ", kNo},
  };
  for (const Version version : kBothVersions) {
    for (const Vector& v : kVectors) check_match(version, v.filter, v.topic, v.matches);
  }
}

TEST_CASE("a topic name arrives byte by byte as it was published [MQTT-4.7.3-4]") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client a(broker, version, "a");
    a.must_subscribe("#");
    for (const char* topic :
         {"/", "//", " ", "a/", "/a", "a//b", "e\xCC\x81", "A/b/../C", "a\tb"}) {
      a.publish(topic, "x");
      a.expect_publish(topic, "x");
    }
    a.expect_nothing();
  }
}

TEST_CASE("a topic that many filters match reaches each of their clients once") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    // All 2 * 16 filters that match a topic of four levels; each client has one.
    std::vector<std::unique_ptr<Client>> clients;
    for (unsigned bits = 0; bits < 16; ++bits) {
      for (const bool hash : {false, true}) {
        std::string filter;
        for (unsigned level = 0; level < 4; ++level) {
          filter += level > 0 ? "/" : "";
          filter += (bits >> level & 1U) != 0 ? "+" : std::to_string(level);
        }
        if (hash) filter += "/#";
        clients.push_back(std::make_unique<Client>(broker, version, filter));
        clients.back()->must_subscribe(filter, kQoS1);
      }
    }
    for (const char* filter : {"#", "0/#", "0/1/#", "+/1/2/#"}) {
      clients.push_back(std::make_unique<Client>(broker, version, std::string("also ") + filter));
      clients.back()->must_subscribe(filter, kQoS1);
    }
    Client publisher(broker, version, "publisher");
    publisher.must_publish("0/1/2/3", "x", kQoS1);
    for (const auto& client : clients) {
      client->answer(client->expect_publish("0/1/2/3", "x"));
      client->expect_nothing();
    }
  }
}

}  // namespace
}  // namespace midge::test
