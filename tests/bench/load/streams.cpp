// fanout, fanin, pairs: messages as fast as the broker delivers them.
#include <string>
#include <vector>

#include "tests/bench/load/meter.hpp"
#include "tests/bench/load/scenarios.hpp"

namespace midge::bench {
namespace {

// A short warm-up, then the measured part.
void warm_and_measure(Engine& engine, Json& json, const std::vector<std::uint32_t>& publishers,
                      std::uint32_t usual_window) {
  const std::uint32_t window = window_or(engine.options, usual_window);
  json.add("window", window);
  engine.run_publishers(publishers, window, 0, std::uint64_t{2} * window);
  Meter meter(engine);
  engine.run_publishers(publishers, window, engine.options.seconds, engine.options.count);
  meter.finish();
  meter.report_deliveries(json);
}

}  // namespace

Client& make_fanout(Engine& engine) {
  constexpr const char* kTopic = "fan/out/topic";
  Client& publisher = engine.add_publisher(kTopic);
  for (std::uint32_t i = 0; i < engine.options.subscribers; ++i) {
    publisher.readers.push_back(engine.add_client().index);
  }
  engine.connect_all();
  for (const std::uint32_t reader : publisher.readers) {
    engine.subscribe(engine.clients[reader], {kTopic});
  }
  engine.await_subacks();
  return publisher;
}

void fanout(Engine& engine, Json& json) {
  engine.check_order = true;
  engine.shared_topic = true;
  const Client& publisher = make_fanout(engine);
  json.add("subs", engine.options.subscribers);
  warm_and_measure(engine, json, {publisher.index}, engine.options.qos > 0 ? 20 : 32);
}

void fanin(Engine& engine, Json& json) {
  Client& subscriber = engine.add_client();
  std::vector<std::uint32_t> publishers;
  for (std::uint32_t i = 0; i < engine.options.publishers; ++i) {
    Client& publisher = engine.add_publisher("fan/in/" + std::to_string(i) + "/v");
    publisher.readers = {subscriber.index};
    publishers.push_back(publisher.index);
  }
  engine.connect_all();
  engine.subscribe(subscriber, {"fan/in/+/v"});
  engine.await_subacks();
  json.add("pubs", engine.options.publishers);
  warm_and_measure(engine, json, publishers, 8);  // small: all queue up for one subscriber
}

std::vector<std::uint32_t> make_pairs(Engine& engine) {
  const auto topic = [](std::uint32_t i) { return "pair/" + std::to_string(i) + "/t"; };
  std::vector<std::uint32_t> publishers;
  for (std::uint32_t i = 0; i < engine.options.pairs; ++i) {
    Client& publisher = engine.add_publisher(topic(i));
    publisher.readers = {engine.add_client().index};
    publishers.push_back(publisher.index);
  }
  engine.check_order = true;
  engine.connect_all();
  for (std::uint32_t i = 0; i < engine.options.pairs; ++i) {
    const Client& publisher = engine.clients[publishers[i]];
    engine.subscribe(engine.clients[publisher.readers[0]], {topic(i)});
  }
  engine.await_subacks();
  return publishers;
}

void pairs(Engine& engine, Json& json) {
  constexpr std::size_t kLargePayload = 16'384;
  const std::vector<std::uint32_t> publishers = make_pairs(engine);
  json.add("pairs", engine.options.pairs);
  const bool large = engine.options.payload_bytes > kLargePayload;
  warm_and_measure(engine, json, publishers, large ? 4 : 20);
}

}  // namespace midge::bench
