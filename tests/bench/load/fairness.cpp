// fair-fanout, fair-replay, fair-subscribe: what a quiet pair notices of a neighbour that asks for
// as much as it can get.
#include <chrono>
#include <cstdint>
#include <string>
#include <thread>

#include "tests/bench/load/error.hpp"
#include "tests/bench/load/meter.hpp"
#include "tests/bench/load/quiet_pair.hpp"
#include "tests/bench/load/scenarios.hpp"

namespace midge::bench {
namespace {

// Measures a pair alone, then beside `disturb(end_ns)`, which goes on until then.
template <class Disturb>
void measure_pair(const Engine& engine, Json& json, Disturb disturb) {
  const double seconds = engine.options.seconds;
  const auto rest = [](double s) { std::this_thread::sleep_for(std::chrono::duration<double>(s)); };
  QuietPair pair(engine.options);
  rest(0.2);
  pair.begin(QuietPair::Alone);
  rest(seconds);
  pair.begin(QuietPair::Disturbed);
  Meter meter(engine);
  disturb(now_ns() + to_ns(seconds));
  pair.begin(QuietPair::Over);
  meter.finish();
  pair.finish();

  auto& alone = pair.round_trips_ns(QuietPair::Alone);
  auto& disturbed = pair.round_trips_ns(QuietPair::Disturbed);
  const double usual_us = quantile_us(alone, 0.5);
  if (usual_us <= 0 || disturbed.empty()) throw Failure("no round trip was measured");
  json.add("alone_p50_us", usual_us);
  json.add("alone_p99_us", quantile_us(alone, 0.99));
  json.add("round_trips", disturbed.size());
  json.add("round_trip_p50_us", quantile_us(disturbed, 0.5));
  json.add("round_trip_p99_us", quantile_us(disturbed, 0.99));
  json.add("round_trip_max_us", quantile_us(disturbed, 1));
  json.add("round_trip_p50_ratio", quantile_us(disturbed, 0.5) / usual_us);
  json.add("round_trip_p99_ratio", quantile_us(disturbed, 0.99) / usual_us);
  json.add("round_trip_max_ratio", quantile_us(disturbed, 1) / usual_us);
  meter.report_deliveries(json);
}

}  // namespace

// The publisher's side of its connection is never empty; QoS 0, so that the broker may drop what
// its subscribers don't take.
void fair_fanout(Engine& engine, Json& json) {
  constexpr std::size_t kBytesAhead = std::size_t{64} << 10;
  Client& publisher = make_fanout(engine);
  measure_pair(engine, json, [&](std::uint64_t end_ns) {
    while (engine.now() < end_ns) {
      while (publisher.out.size() < kBytesAhead) engine.publish(publisher, engine.now());
      engine.poll(1);
    }
  });
  engine.expected = engine.delivered;
}

// One subscriber after another asks for everything that is retained.
void fair_replay(Engine& engine, Json& json) {
  Client& publisher = engine.add_client();
  engine.connect_all();
  store_retained(engine, publisher);
  std::uint64_t replays = 0;
  measure_pair(engine, json, [&](std::uint64_t end_ns) {
    for (; engine.now() < end_ns; ++replays) {
      Client& subscriber = engine.add_client();
      engine.connect_all();
      engine.expected += engine.options.retained;
      engine.subscribe(subscriber, {"#"});
      engine.await_subacks();
      engine.drain();
      engine.close(subscriber);
      subscriber.state = Client::State::Spent;
    }
  });
  json.add("replays", replays);
}

// One client sends its SUBSCRIBEs in one go, leaves when all are acknowledged, and comes again.
void fair_subscribe(Engine& engine, Json& json) {
  std::string packets;
  Client& client = engine.add_client();
  for (std::uint32_t i = 0; i < engine.options.filters; ++i) {
    packets += subscribe_packet(engine.options.v5, client.next_id(),
                                {"many/" + std::to_string(i) + "/t"}, engine.options.qos);
  }
  std::uint64_t rounds = 0;
  measure_pair(engine, json, [&](std::uint64_t end_ns) {
    for (; engine.now() < end_ns; ++rounds) {
      engine.connect_all();
      const std::uint64_t target = engine.subacks + engine.options.filters;
      engine.send(client, packets);
      while (engine.subacks < target) engine.poll(50);
      engine.say_goodbye(client);
    }
  });
  json.add("subscribe_rounds", rounds);
}

}  // namespace midge::bench
