// retained: many retained messages are stored, and replayed to one new subscriber after another.
#include <algorithm>
#include <string>

#include "tests/bench/load/meter.hpp"
#include "tests/bench/load/scenarios.hpp"

namespace midge::bench {

void store_retained(Engine& engine, Client& publisher) {
  const Options& options = engine.options;
  const std::uint64_t window = std::min(20U, publisher.receive_maximum);
  const std::uint64_t already = publisher.acknowledged;
  std::uint64_t stored = 0;
  while (stored < options.retained) {
    for (; stored < options.retained && publisher.sent - publisher.acknowledged < window;
         ++stored) {
      const std::string topic =
          "keep/" + std::to_string(stored / 1000) + "/" + std::to_string(stored % 1000) + "/v";
      publisher.message = PublishTemplate(options.v5, topic, 1, true, options.payload_bytes);
      engine.publish(publisher, now_ns());
    }
    engine.poll(50);
  }
  while (publisher.acknowledged - already < options.retained) engine.poll(50);
}

void retained(Engine& engine, Json& json) {
  const Options& options = engine.options;
  Client& publisher = engine.add_client();
  engine.connect_all();
  Meter store(engine);
  store_retained(engine, publisher);
  store.finish();
  json.add("retained", options.retained);
  json.add("cpu_us_per_store", store.broker_cpu_us() / options.retained);
  json.add("bytes_per_retained", store.rss_bytes_each(options.retained));

  Meter meter(engine);
  for (std::uint32_t i = 0; i < options.subscribers; ++i) {
    Client& subscriber = engine.add_client();
    engine.connect_all();
    engine.expected += options.retained;
    engine.subscribe(subscriber, {"#"});
    engine.await_subacks();
    engine.drain();
    engine.close(subscriber);
    subscriber.state = Client::State::Spent;
  }
  meter.finish();
  meter.report_deliveries(json);
}

}  // namespace midge::bench
