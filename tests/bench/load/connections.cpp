// connect, churn: what connections cost, idle and coming and going.
#include <string>
#include <vector>

#include "tests/bench/load/meter.hpp"
#include "tests/bench/load/scenarios.hpp"

namespace midge::bench {

void connect(Engine& engine, Json& json) {
  const Options& options = engine.options;
  for (std::uint32_t i = 0; i < options.connections; ++i) engine.add_client();
  Meter meter(engine);
  engine.connect_all();
  if (options.subscribe_each) {
    for (Client& client : engine.clients) {
      engine.subscribe(client, {"own/" + std::to_string(client.index) + "/t"});
      if (client.index % 128 == 127) engine.await_subacks();
    }
    engine.await_subacks();
  }
  meter.finish();
  Meter idle(engine);
  const std::uint64_t end_ns = now_ns() + to_ns(options.hold_seconds);
  while (now_ns() < end_ns) engine.poll(50);
  idle.finish();

  const auto bytes_each = [&](long before_kb, long after_kb) {
    return static_cast<double>(after_kb - before_kb) * 1024 / options.connections;
  };
  json.add("conns", options.connections);
  json.add("sub_each", options.subscribe_each);
  meter.report(json, "connection", options.connections);
  json.add("bytes_per_connection", bytes_each(meter.before().rss_kb, idle.after().rss_kb));
  json.add("pss_bytes_per_connection", bytes_each(meter.before().pss_kb, idle.after().pss_kb));
  json.add("rss_before_kb", meter.before().rss_kb);
  json.add("idle_cpu_ms_per_s", idle.broker_cpu_us() * 1e-3 / idle.seconds());
}

void churn(Engine& engine, Json& json) {
  const Options& options = engine.options;
  const auto topic = [](std::uint32_t index) { return "churn/" + std::to_string(index); };
  for (std::uint32_t i = 0; i < options.clients; ++i) {
    Client& client = engine.add_publisher(topic(i));
    client.readers = {client.index};
  }
  std::vector<std::uint32_t> finished;
  engine.on_control = [&](Client& client, Type type) {
    if (type == Type::Connack) engine.subscribe(client, {topic(client.index)});
    if (type == Type::Suback) engine.publish(client, engine.now());
  };
  engine.on_delivery = [&](Client& client, const Stamp&) { finished.push_back(client.index); };

  std::uint64_t named = 0;
  std::uint64_t live = 0;
  const auto start = [&](Client& client) {
    engine.open(client, "C" + std::to_string(named++));
    ++live;
  };
  std::uint64_t cycles = 0;
  Meter meter(engine);
  const std::uint64_t end_ns = now_ns() + to_ns(options.seconds);
  for (Client& client : engine.clients) start(client);
  while (live > 0) {
    engine.poll(50);
    for (const std::uint32_t index : finished) {
      Client& client = engine.clients[index];
      engine.say_goodbye(client);
      --live;
      ++cycles;
      if (now_ns() < end_ns) start(client);
    }
    finished.clear();
  }
  meter.finish();
  json.add("clients", options.clients);
  json.add("cycles", cycles);
  meter.report(json, "cycle", cycles);
}

}  // namespace midge::bench
