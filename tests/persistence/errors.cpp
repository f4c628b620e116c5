// Each operation of the storage fails in turn, and each size of the memory is too small in turn:
// every answer is a defined one, and what was acknowledged is there.
#include "tests/persistence/story.hpp"

namespace midge::test {

TEST_CASE("an error in any operation of a story loses nothing that was acknowledged") {
  constexpr int kMessages = 40;
  for (const Device& device : kSmallDevices) {
    for (const QoS qos : {kQoS1, kQoS2}) {
      std::uint64_t operations = 1;
      for (std::uint64_t failing = 0; failing <= operations; ++failing) {
        CAPTURE(failing);
        KeptBroker broker(failing + 1, device.kind, device.geometry, 2'048);
        broker.start();
        Story story(broker, kBothVersions[failing % 2], qos);
        broker.device.fail_at = failing;
        // Once, or for a while; what failed may have reached the medium all the same.
        broker.device.failures = failing % 3 == 0 ? 20 : 1;
        broker.device.fails_late = failing % 4 < 2;
        story.run(kMessages);
        if (failing == 0) operations = broker.device.operations();
        // It is asked again until it answers.
        broker.advance(30s);
        story.run(4);
        broker.restart();
        story.run(2);
        story.check();
        CHECK(broker.device.violations() == 0);
      }
      CHECK(operations > 80);
    }
  }
}

TEST_CASE("what could not be read at a start is said, and is there when it can be read") {
  for (const Device& device : kSmallDevices) {
    for (const QoS qos : {kQoS1, kQoS2}) {
      std::uint64_t reads = 1;
      std::uint64_t damaged = 0;
      for (std::uint64_t failing = 0; failing <= reads; ++failing) {
        CAPTURE(failing);
        KeptBroker broker(failing + 1, device.kind, device.geometry, 2'048);
        broker.start();
        Story story(broker, kBothVersions[failing % 2], qos);
        story.run(20);
        broker.stop();
        // Once, or for as long as the start takes.
        broker.device.read_fail_at = failing;
        broker.device.read_failures = failing % 2 == 0 ? 1 : 5;
        const std::uint64_t before = broker.device.reads();
        const bool has_started = broker.sim.start();
        if (failing == 0) reads = broker.device.reads() - before;
        broker.device.read_fail_at = 0;
        if (has_started) {
          const bool is_damaged = broker.sim.restored().findings.is_damaged();
          if (is_damaged) ++damaged;
          // It writes, but not where something may be that it does not know.
          Client other(broker, Version::V5);
          other.connect("other", kLasting);
          if (!other.closed() && other.next()) other.publish("elsewhere", "x", kQoS1);
          broker.stop();
        }
        broker.start();
        story.check();
      }
      CHECK(damaged > 0);
    }
  }
}

namespace {

// With pages so small that nearly each object is the last that fits, for some size.
constexpr std::size_t kPage = 256;
constexpr std::size_t kReserve = 8;

void shrink(KeptBroker& broker, std::size_t pages) {
  broker.stop();
  broker.sim.page_bytes = kPage;
  broker.sim.reserve_pages = kReserve;
  broker.sim.settings.limits.memory_bytes = pages * kPage;
  broker.sim.settings.backpressure_time = std::chrono::milliseconds(100);
}

}  // namespace

TEST_CASE("memory of any size is full in a defined way, and loses nothing that was acknowledged") {
  constexpr int kMessages = 24;
  std::size_t most = 0;   // pages that the story takes when there are enough
  std::size_t least = 0;  // with which a broker starts
  {
    KeptBroker broker(1, sim::Storage::Kind::Disk, kSmallDisk, 2'048);
    shrink(broker, 4'000);
    broker.start();
    Story story(broker, Version::V5, kQoS2);
    story.run(kMessages);
    story.check();
    most = broker.sim.arena().most_used_pages() + kReserve;
  }
  for (std::size_t pages = 8; pages <= most; ++pages) {
    CAPTURE(pages);
    const QoS qos = pages % 2 == 0 ? kQoS1 : kQoS2;
    KeptBroker broker(pages, sim::Storage::Kind::Disk, kSmallDisk, 2'048);
    shrink(broker, pages);
    if (!broker.sim.start()) continue;
    if (least == 0) least = pages;
    Story story(broker, kBothVersions[pages / 2 % 2], qos);
    story.run(kMessages);
    CHECK(broker.sim.arena().used_pages() <= broker.sim.arena().total_pages());
    CHECK(broker.metrics.queued_messages >= broker.metrics.inflight_messages);
    broker.stop();
    broker.sim.settings.limits.memory_bytes = 4'000 * kPage;
    broker.start();
    story.run(2);
    story.check();
  }
  CHECK(least > 0);
  CHECK(least + 20 < most);
}

TEST_CASE("memory of any size is free again when its clients have gone") {
  std::size_t most = 100;
  for (std::size_t pages = 0; pages <= most; pages = pages == 0 ? 8 : pages + 1) {
    CAPTURE(pages);
    Broker broker(pages + 1);
    broker.settings.limits.memory_bytes = (pages == 0 ? 4'000 : pages) * kPage;
    broker.settings.backpressure_time = std::chrono::milliseconds(100);
    broker.sim.page_bytes = kPage;
    broker.sim.reserve_pages = kReserve;
    if (!broker.sim.start()) continue;
    const std::size_t empty = broker.sim.arena().used_pages();
    const auto tell = [&](Client& client, auto&& say) {
      if (client.closed()) return;
      say(client);
      while (!client.closed()) {
        const auto p = client.next();
        if (!p) return;
        if (p->type == PacketType::Publish && p->qos == kQoS1) client.puback(p->packet_id);
        if (p->type == PacketType::Publish && p->qos == kQoS2) client.pubrec(p->packet_id);
        if (p->type == PacketType::Pubrel) client.pubcomp(p->packet_id);
        if (p->type == PacketType::Pubrec) client.pubrel(p->packet_id);
      }
    };
    for (const Version version : kBothVersions) {
      Client a(broker, version);
      Client b(broker, version);
      tell(a, [](Client& c) { c.connect("a", kLasting); });
      tell(b, [](Client& c) {
        c.connect("b", {.will = Will{.topic = "t/will", .payload = "gone", .qos = kQoS1}});
      });
      tell(a, [](Client& c) { c.subscribe("t/#", kQoS2); });
      tell(a, [](Client& c) { c.subscribe("$share/g/t/+", kQoS1); });
      tell(b, [](Client& c) { c.subscribe("t/x/y/z", kQoS1); });
      for (const QoS qos : {kQoS0, kQoS1, kQoS2}) {
        tell(b, [qos](Client& c) {
          c.publish("t/x", std::string(300, '.'), qos, {.retain = qos == kQoS1, .packet_id = 7});
        });
        tell(a, [](Client&) {});
      }
      a.drop();
      tell(b, [](Client& c) { c.publish("t/x", "for who is away", kQoS1, {.packet_id = 8}); });
      b.drop();
      Client again(broker, version);
      tell(again, [](Client& c) { c.connect("a", kLasting); });
      tell(again, [](Client& c) { c.unsubscribe("t/#"); });
      again.drop();
      // Its session ends, whether it was told so or not.
      Client last(broker, version);
      tell(last, [](Client& c) { c.connect("a", {.clean_start = true}); });
      tell(last, [](Client& c) { c.publish("t/x", "", kQoS0, {.retain = true}); });
      last.disconnect();
      broker.advance(2h);
    }
    CHECK(broker.metrics.clients_connected == 0);
    if (pages == 0) most = broker.sim.arena().most_used_pages() + kReserve + 1;
    // Somebody new is served, whatever has happened.
    Client fresh(broker, Version::V5);
    tell(fresh, [](Client& c) { c.connect("a", {.clean_start = true}); });
    tell(fresh, [](Client& c) { c.publish("t/x", "", kQoS0, {.retain = true}); });
    fresh.disconnect();
    broker.advance(2h);
    CHECK(broker.metrics.clients_total == 0);
    CHECK(broker.metrics.queued_messages == 0);
    CHECK(broker.metrics.stored_messages == 0);
    CHECK(broker.metrics.subscriptions == 0);
    CHECK(broker.sim.arena().used_pages() <= empty + 2);
  }
}

}  // namespace midge::test
