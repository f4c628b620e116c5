// durable: one publisher's messages for a session that is kept. fill: what a restart brings back.
#include <string>
#include <vector>

#include "tests/bench/load/meter.hpp"
#include "tests/bench/load/scenarios.hpp"

namespace midge::bench {

// Acknowledged means on the disk, with a broker that keeps its word; so times count, and not CPU.
void durable(Engine& engine, Json& json) {
  constexpr const char* kTopic = "plant/line-7/sensor-42/tmp";  // 26 bytes
  const Options& options = engine.options;
  Client& subscriber = engine.add_client();
  subscriber.is_kept = true;
  Client& publisher = engine.add_publisher(kTopic);
  engine.connect_all();
  engine.subscribe(subscriber, {kTopic});
  engine.await_subacks();
  if (options.away) {
    engine.say_goodbye(subscriber);
  } else {
    publisher.readers = {subscriber.index};
  }

  const std::uint32_t window = window_or(options, 1);
  engine.run_publishers({publisher.index}, window, 0, std::uint64_t{2} * window);
  const std::uint64_t already = engine.acknowledged;
  Meter meter(engine);
  engine.run_publishers({publisher.index}, window, options.seconds, options.count);
  meter.finish();
  const std::uint64_t acknowledged = engine.acknowledged - already;
  json.add("window", window);
  json.add("away", options.away);
  json.add("us_per_message", meter.seconds() * 1e6 / static_cast<double>(acknowledged));
  json.add("acknowledged_in_all", engine.acknowledged);
  meter.report(json, "message", acknowledged);
}

void fill(Engine& engine, Json& json) {
  constexpr std::uint32_t kAtOnce = 128;
  const Options& options = engine.options;
  Client& publisher = engine.add_client();
  for (std::uint32_t i = 0; i < options.connections; ++i) engine.add_client().is_kept = true;
  engine.connect_all();
  for (Client& client : engine.clients) {
    if (!client.is_kept) continue;
    engine.subscribe(client, {"own/" + std::to_string(client.index) + "/t"});
    if (client.index % kAtOnce == 0) engine.await_subacks();
  }
  engine.await_subacks();
  store_retained(engine, publisher);
  for (Client& client : engine.clients) engine.say_goodbye(client);
  json.add("conns", options.connections);
  json.add("retained", options.retained);
}

}  // namespace midge::bench
