#include "tests/bounded/bombed.hpp"

namespace midge::test {

void Bombed::check_bounds() {
  Arena& arena = sim.arena();
  CHECK(arena.used_pages() <= arena.total_pages());
  CHECK(arena.most_used_pages() * arena.page_bytes() <= limits.memory_bytes);
  CHECK(world.faults().empty());
}

std::vector<std::uint64_t> Bombed::gauges() const {
  return {metrics.open_connections, metrics.clients_connected,    metrics.clients_total,
          metrics.subscriptions,    metrics.shared_subscriptions, metrics.retained_messages,
          metrics.stored_messages,  metrics.stored_bytes,         metrics.queued_messages,
          metrics.inflight_messages};
}

void Bombed::note_rest() {
  rest_pages_ = used_pages();
  rest_gauges_ = gauges();
}

void Bombed::check_given_back(Where where) {
  CAPTURE(where.line);
  check_bounds();
  CHECK(gauges() == rest_gauges_);
  // A slab that is in use at rest may keep one empty page.
  constexpr std::size_t kSparePages = 2;
  CHECK(used_pages() <= rest_pages_ + kSparePages);
}

void Bombed::fill() {
  limits.queued_messages = settings::kUnlimited;
  settings.queue_qos0_messages = true;
  Client publisher(*this, Version::V5, "fill publisher");
  Client away(*this, Version::V311, "filler", {.clean_start = false});
  away.must_subscribe("fill", kQoS1);
  away.drop();
  for (const std::size_t bytes : {std::size_t{5'000}, std::size_t{1'000}, std::size_t{1}}) {
    const std::uint64_t enough = metrics[Cause::MemoryFull] + 500;
    while (metrics[Cause::MemoryFull] < enough) {
      publisher.publish("fill", std::string(bytes, 'x'));
    }
  }
}

void Bombed::end_filling() {
  Client(*this, Version::V311, "filler").disconnect();
}

Pair::Pair(Broker& broker, Version version)
    : broker_(broker),
      version_(version),
      topic_("pair/" + version_name(version)),
      subscriber_(broker, version, topic_ + " subscriber") {
  subscriber_.must_subscribe(topic_, kQoS1);
  REQUIRE(connect_publisher());
}

bool Pair::connect_publisher() {
  publisher_ = std::make_unique<Client>(broker_, version_);
  publisher_->connect(topic_ + " publisher");
  const auto connack = publisher_->next();
  if (!connack) {
    CHECK(publisher_->closed());
    return false;
  }
  CHECK(connack->type == PacketType::Connack);
  if (connack->reason == ReasonCode::Success) return true;
  if (version_ == Version::V5) {
    CHECK(connack->reason == ReasonCode::QuotaExceeded);
  } else {
    CHECK(connack->return_code == ReturnCode::ServerUnavailable);
  }
  return false;
}

void Pair::must_work(Where where) {
  if (publisher_->closed() && !connect_publisher()) FAIL("the pair's publisher can't come back");
  const std::string text = std::to_string(++number_);
  publisher_->must_publish(topic_, text, kQoS1, {}, where);
  subscriber_.answer(subscriber_.expect_publish(topic_, text, where), where);
}

bool Pair::try_once(Where where) {
  if (publisher_->closed() && !connect_publisher()) return false;
  const std::string text = std::to_string(++number_);
  const PacketIdentifier id = publisher_->publish(topic_, text, kQoS1);
  const auto answered = [&] {
    return !publisher_->link().received().empty() || publisher_->closed();
  };
  for (Duration waited{0}; !answered() && waited < broker_.settings.backpressure_time + 1s;
       waited += 100ms) {
    broker_.advance(100ms);
  }
  CAPTURE(where.line);
  if (version_ != Version::V5 && publisher_->closed()) {
    publisher_->expect_closed(where);
    subscriber_.expect_nothing(where);
    return false;
  }
  const Packet puback = publisher_->expect(PacketType::Puback, where);
  CHECK(puback.packet_id == id);
  if (puback.reason == ReasonCode::QuotaExceeded) {
    subscriber_.expect_nothing(where);
    return false;
  }
  CHECK(puback.reason == ReasonCode::Success);
  subscriber_.answer(subscriber_.expect_publish(topic_, text, where), where);
  return true;
}

}  // namespace midge::test
