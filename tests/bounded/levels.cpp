// Topics and filters of very many levels.
#include <memory>

#include "tests/bounded/bombed.hpp"

namespace midge::test {
namespace {

// `count` levels, each `level`.
std::string deep(std::size_t count, std::string_view level) {
  std::string text(level);
  for (std::size_t i = 1; i < count; ++i) text.append("/").append(level);
  return text;
}

TEST_CASE("topics and filters of 200 levels work, of more are refused alone, also the longest") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Bombed broker(std::size_t{4} << 20);
    Pair pair(broker);
    pair.must_work();
    broker.note_rest();
    Client a(broker, version, "a");
    const ReasonCode refused =
        version == Version::V5 ? ReasonCode::TopicFilterInvalid : static_cast<ReasonCode>(0x80);
    const std::vector<std::string> allowed = {deep(200, "x"), deep(200, "+"), deep(199, "+") + "/#",
                                              deep(200, "")};
    for (const std::string& filter : allowed) a.must_subscribe(filter, kQoS1);
    const std::vector<std::string> too_deep = {deep(201, "x"), deep(201, "+"),
                                               deep(200, "+") + "/#", std::string(65'535, '/'),
                                               deep(32'768, "+")};
    for (const std::string& filter : too_deep) {
      a.subscribe(filter, kQoS1);
      CHECK(a.expect(PacketType::Suback).codes == std::vector{refused});
      pair.must_work();
    }
    CHECK(broker.metrics[Cause::FilterInvalid] == too_deep.size());
    a.publish(deep(200, "x"), "x");
    a.expect_publish(deep(200, "x"), "x");  // once, though three filters match
    for (const std::string& topic : {deep(201, "x"), std::string(65'535, '/'), deep(32'768, "y")}) {
      a.publish(topic, "x");
      a.publish(topic, "x", kQoS0, {.retain = true});
      a.expect_nothing();
      pair.must_work();
    }
    CHECK(broker.metrics[Cause::TopicInvalid] == 6);
    CHECK(broker.metrics.retained_messages == 0);
    for (const std::string& filter : allowed) a.must_unsubscribe(filter);
    a.disconnect();
    broker.advance(1s);
    broker.check_given_back();
  }
}

TEST_CASE("deep retained topics and deep filters are refused when memory is full, and come back") {
  Bombed broker(std::size_t{1} << 20);
  Pair pair(broker);
  pair.must_work();
  broker.note_rest();
  Client a(broker, Version::V5, "a");
  int granted = 0;
  int refused = 0;
  // A node for each level; no prefix in common.
  for (int i = 0; refused < 100; ++i) {
    a.subscribe(deep(200, std::to_string(i)), kQoS1);
    const Packet suback = a.expect(PacketType::Suback);
    REQUIRE(suback.codes.size() == 1);
    (suback.codes[0] == ReasonCode::QuotaExceeded ? refused : granted) += 1;
    broker.check_bounds();
  }
  CHECK(granted > 20);
  CHECK(broker.metrics[Cause::MemoryFull] == 100);
  static_cast<void>(pair.try_once());
  for (int i = 0; i < granted; ++i) a.must_unsubscribe(deep(200, std::to_string(i)));
  pair.must_work();
  int kept = 0;
  const std::uint64_t full = broker.metrics[Cause::MemoryFull];
  for (; broker.metrics[Cause::MemoryFull] == full; ++kept) {
    a.publish(deep(200, std::to_string(kept)), "x", kQoS0, {.retain = true});
    broker.check_bounds();
  }
  CHECK(broker.metrics.retained_messages == static_cast<std::uint32_t>(kept - 1));
  for (int i = 0; i < kept; ++i) {
    a.publish(deep(200, std::to_string(i)), "", kQoS0, {.retain = true});
  }
  pair.must_work();
  a.disconnect();
  broker.advance(1s);
  broker.check_given_back();
}

TEST_CASE("20,000 topics side by side and 8,192 filters that match one topic: others go on") {
  Bombed broker(std::size_t{16} << 20);
  Pair pair(broker);
  pair.must_work();
  broker.note_rest();
  Client a(broker, Version::V5, "a");
  // Each level a name or a wildcard: 2 to the power of 13 filters, all of which match.
  constexpr unsigned kLevels = 13;
  for (unsigned bits = 0; bits < 1U << kLevels;) {
    std::vector<Filter> filters;
    for (int i = 0; i < 512; ++i, ++bits) {
      std::string filter;
      for (unsigned level = 0; level < kLevels; ++level) {
        if (level > 0) filter += '/';
        filter += (bits >> level & 1) != 0 ? '+' : 'a';
      }
      filters.push_back({.filter = filter, .qos = kQoS1});
    }
    a.subscribe(filters);
    CHECK(a.expect(PacketType::Suback).codes == std::vector(512, ReasonCode::GrantedQoS1));
  }
  Client publisher(broker, Version::V311, "publisher");
  const std::string topic = deep(kLevels, "a");
  for (int i = 0; i < 20; ++i) {
    publisher.must_publish(topic, "x", kQoS1);
    a.answer(a.expect_publish(topic, "x"));  // one copy
    a.expect_nothing();
    pair.must_work();
  }
  for (int i = 0; i < 20'000; ++i) publisher.publish("wide/" + std::to_string(i), "x");
  pair.must_work();
  broker.check_bounds();
  publisher.disconnect();
  a.disconnect();
  broker.advance(1s);
  broker.check_given_back();
}

}  // namespace
}  // namespace midge::test
