// A device that is slow, that fails, that is full: what waits for it, what is refused, and that
// nothing acknowledged is lost.
#include <string>
#include <vector>

#include "tests/persistence/kept.hpp"

namespace midge::test {
namespace {

TEST_CASE("a device that takes two seconds holds up what waits for it, and nothing else") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    KeptBroker broker;
    broker.device.is_late = true;
    broker.sim.storage_ms = {2'000, 2'000};
    Client a(broker, version);
    a.connect("a", kLasting);
    a.expect_nothing();  // that it is connected has to be safe
    broker.advance(10s);
    a.expect_connack();
    a.subscribe("t", kQoS1);
    broker.advance(10s);
    a.expect(PacketType::Suback);
    Client plain(broker, version, "plain");
    plain.must_subscribe("t", kQoS0);
    Client publisher(broker, version, "publisher");
    publisher.publish("t", "durable", kQoS1);
    publisher.publish("t", "fast", kQoS0);
    plain.expect_publish("t", "durable");
    plain.expect_publish("t", "fast");
    a.answer(a.expect_publish("t", "durable"));
    a.expect_publish("t", "fast");
    publisher.ping();
    publisher.expect(PacketType::Pingresp);
    publisher.expect_nothing();
    broker.advance(1s);
    publisher.expect_nothing();
    broker.advance(5s);
    publisher.expect(PacketType::Puback);
  }
}

TEST_CASE("one write carries what many clients wait for") {
  KeptBroker broker;
  Client a(broker, Version::V5, "a", kLasting);
  a.must_subscribe("#", kQoS1);
  Client publisher(broker, Version::V5, "publisher");
  const std::uint64_t before = broker.device.programs();
  publisher.together([&] {
    for (int i = 0; i < 32; ++i) publisher.publish("t", "x", kQoS1);
  });
  for (int i = 0; i < 32; ++i) publisher.expect(PacketType::Puback);
  // The messages, and the identifiers of their deliveries.
  CHECK(broker.device.programs() - before <= 3);
}

TEST_CASE(
    "a device that fails: no acknowledgement, and once it works what was acknowledged is there") {
  for (const Version version : kBothVersions) {
    for (const bool late : {false, true}) {
      CAPTURE(version);
      CAPTURE(late);
      KeptBroker broker;
      Client a(broker, version, "a", kLasting);
      a.must_subscribe("t", kQoS1);
      a.drop();
      Client publisher(broker, version, "publisher");
      publisher.must_publish("t", "before", kQoS1);
      broker.device.fail_at = 1;
      broker.device.failures = 1'000'000;
      broker.device.fails_late = late;
      publisher.publish("t", "lost", kQoS1);
      // It was not acknowledged: the client sends it again when it is back.
      publisher.expect_disconnect(ReasonCode::QuotaExceeded);
      CHECK(broker.metrics[metrics::Cause::StorageFailed] == 1);
      CHECK(broker.sim.store().is_failed());
      // While it is known to fail nothing is taken.
      Client plain(broker, version, "plain");
      plain.must_subscribe("t", kQoS0);
      plain.publish("t", "refused", kQoS1);
      broker.advance(6s);
      if (version == Version::V5) {
        CHECK(plain.expect(PacketType::Puback).reason == ReasonCode::QuotaExceeded);
        plain.publish("t", "goes on", kQoS0);
        plain.expect_publish("t", "goes on");
      } else {
        plain.expect_closed();
      }
      broker.device.fail_at = 0;
      broker.advance(2s);
      CHECK(!broker.sim.store().is_failed());
      Client again(broker, version, "publisher");
      again.must_publish("t", "lost", kQoS1);
      broker.restart();
      a.reconnect(kLasting);
      a.answer(a.expect_publish("t", "before"));
      // Once or twice: it was kept for a device that works again.
      Packet p = a.expect_publish("t", "lost");
      a.answer(p);
      if (const auto twice = a.next()) {
        CHECK(twice->payload == "lost");
        a.answer(*twice);
      }
      a.expect_nothing();
    }
  }
}

TEST_CASE("a store that is full refuses what it can't keep, and goes on when there is room") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    KeptBroker broker(1, sim::Storage::Kind::Nor,
                      {.segment_bytes = 4'096,
                       .segments = 6,
                       .program_unit_bytes = 4,
                       .reprogram_endangers_unit = true},
                      4'096);
    Client a(broker, version, "a", kLasting);
    a.must_subscribe("t", kQoS1);
    a.drop();
    int kept = 0;
    bool is_full = false;
    while (!is_full && kept < 1'000) {
      Client publisher(broker, version, "publisher");
      publisher.publish("t", std::string(100, 'x') + std::to_string(kept), kQoS1);
      broker.advance(6s);
      const auto answer = publisher.next();
      is_full = !answer || answer->type != PacketType::Puback || wire::is_error(answer->reason);
      if (!is_full) ++kept;
    }
    CHECK(kept > 30);
    CHECK(kept < 200);
    // Each start begins a segment, and a client that comes back has to be written.
    for (int i = 0; i < 16; ++i) {
      broker.restart();
      Client back(broker, version);
      back.must_connect("a", kLasting);
      back.drop();
      broker.advance(1s);
    }
    broker.restart();
    a.reconnect(kLasting);
    for (int i = 0; i < kept; ++i) {
      a.answer(a.expect_publish("t", std::string(100, 'x') + std::to_string(i)));
    }
    broker.advance(10s);
    Client publisher(broker, version, "publisher");
    publisher.must_publish("t", "again", kQoS1);
    CHECK(broker.device.violations() == 0);
  }
}

TEST_CASE("with an interval acknowledgements don't wait, and what is older than it is safe") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    KeptBroker broker;
    broker.sim.keep_in(broker.device, 32U << 10U, 1s);
    Client a(broker, version, "a", kLasting);
    a.must_subscribe("t", kQoS2);
    a.drop();
    Client publisher(broker, version, "publisher");
    const std::uint64_t before = broker.device.programs();
    publisher.must_publish("t", "1", kQoS2);
    publisher.must_publish("t", "2", kQoS1);
    CHECK(broker.device.programs() == before);
    broker.advance(2s);
    CHECK(broker.device.programs() > before);
    publisher.must_publish("t", "lost", kQoS1);
    broker.restart();
    a.reconnect(kLasting);
    a.answer(a.expect_publish("t", "1"));
    a.answer(a.expect_publish("t", "2"));
    a.expect_nothing();
  }
}

TEST_CASE("a queue that drains as fast as it fills does not grow the store") {
  KeptBroker broker;
  Client a(broker, Version::V5, "a", kLasting);
  a.must_subscribe("t", kQoS1);
  Client publisher(broker, Version::V5, "publisher");
  for (int i = 0; i < 5'000; ++i) {
    publisher.must_publish("t", std::string(100, 'x'), kQoS1);
    a.answer(a.expect_publish());
  }
  // Of 32 segments three were in use at a time, and each was used about as often.
  std::uint32_t used = 0;
  for (const std::uint32_t erases : broker.device.erases()) used += erases > 0 ? 1 : 0;
  CHECK(used > 20);
  broker.restart();
  CHECK(broker.sim.restored().findings.segments <= 3);
}

TEST_CASE("32 in flight: at most three bytes for a byte, at ten messages a commit") {
  struct Kind {
    sim::Storage::Kind kind;
    std::uint32_t unit;
    std::uint64_t times;
  };
  for (const Kind& kind : {Kind{sim::Storage::Kind::Disk, sim::Storage::kSector, 3},
                           Kind{sim::Storage::Kind::Nor, 1, 2}}) {
    KeptBroker broker(
        1, kind.kind,
        {.segment_bytes = 256U << 10U, .segments = 16, .program_unit_bytes = kind.unit},
        64U << 10U);
    Client a(broker, Version::V5, "a", kLasting);
    const std::string topic(26, 't');
    a.must_subscribe(topic, kQoS1);
    Client publisher(broker, Version::V5, "publisher");
    constexpr std::uint64_t kRounds = 3'125;
    constexpr std::uint64_t kInFlight = 32;
    const std::uint64_t before = broker.device.programmed_bytes();
    const std::uint64_t programs = broker.device.programs();
    for (std::uint64_t i = 0; i < kRounds; ++i) {
      publisher.together([&] {
        for (std::uint64_t j = 0; j < kInFlight; ++j)
          publisher.publish(topic, std::string(32, 'p'), kQoS1);
      });
      static_cast<void>(publisher.all());
      std::uint64_t got = 0;
      for (std::vector<Packet> all = a.all(); !all.empty(); all = a.all()) {
        got += all.size();
        a.together([&] {
          for (const Packet& p : all) a.puback(p.packet_id);
        });
      }
      CHECK(got == kInFlight);
    }
    const std::uint64_t messages = kRounds * kInFlight;
    const std::uint64_t bytes = broker.device.programmed_bytes() - before;
    CAPTURE(bytes / messages);
    CHECK(bytes <= kind.times * messages * (26 + 32));
    CHECK((broker.device.programs() - programs) * 10 <= messages);
  }
}

}  // namespace
}  // namespace midge::test
