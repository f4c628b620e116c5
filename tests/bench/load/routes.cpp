// routes: each message finds its one receiver among many filters.
#include <algorithm>
#include <string>
#include <vector>

#include "tests/bench/load/meter.hpp"
#include "tests/bench/load/scenarios.hpp"

namespace midge::bench {
namespace {

struct Route {
  std::string filter;
  std::string topic;  // matches `filter` and no other
};

// Six filters in ten are exact, two end in +, one in #, and one has + as its second level.
Route route(std::uint32_t i) {
  const std::string site = "site/" + std::to_string(i / 100);
  const std::string device = site + "/dev/" + std::to_string(i % 100);
  switch (i % 10) {
    case 6:
    case 7:
      return {device + "/+", device + "/temp"};
    case 8:
      return {device + "/#", device + "/temp"};
    case 9: {
      const std::string own = "/dev/d" + std::to_string(i) + "/temp";
      return {"site/+" + own, site + own};
    }
    default:
      return {device + "/temp", device + "/temp"};
  }
}

// Filter i to client i modulo their number, some in a packet.
void subscribe_all(Engine& engine, const std::vector<std::uint32_t>& holders) {
  constexpr std::size_t kFiltersInPacket = 50;
  const Options& options = engine.options;
  for (std::uint32_t holder = 0; holder < holders.size(); ++holder) {
    Client& client = engine.clients[holders[holder]];
    std::vector<std::string> batch;
    for (std::uint32_t i = holder; i < options.filters; i += options.clients) {
      batch.push_back(route(i).filter);
      if (batch.size() < kFiltersInPacket) continue;
      engine.subscribe(client, batch);
      batch.clear();
    }
    if (!batch.empty()) engine.subscribe(client, batch);
    engine.await_subacks();
  }
}

}  // namespace

void routes(Engine& engine, Json& json) {
  const Options& options = engine.options;
  Client& publisher = engine.add_client();
  std::vector<std::uint32_t> holders;
  for (std::uint32_t i = 0; i < options.clients; ++i) {
    holders.push_back(engine.add_client().index);
  }
  engine.connect_all();

  Meter setup(engine);
  subscribe_all(engine, holders);
  setup.finish();
  json.add("filters", options.filters);
  json.add("cpu_us_per_subscription", setup.broker_cpu_us() / options.filters);
  json.add("bytes_per_subscription", setup.rss_bytes_each(options.filters));

  // In a scattered order, so that the broker's caches see the whole table.
  std::vector<std::string> topics;
  for (std::uint64_t i = 0; i < options.filters; ++i) {
    topics.push_back(route(static_cast<std::uint32_t>(i * 7919 % options.filters)).topic);
  }
  const std::uint32_t window = window_or(options, options.qos > 0 ? 20 : 64);
  publisher.readers = {holders[0]};  // one delivery each, to whichever holder it is
  std::size_t next = 0;
  Meter meter(engine);
  const std::uint64_t end_ns = now_ns() + to_ns(options.seconds);
  while (engine.now() < end_ns && (options.count == 0 || publisher.sent < options.count)) {
    std::uint64_t open = engine.expected - engine.delivered;
    if (options.qos > 0) open = std::max(open, engine.published - engine.acknowledged);
    if (open <= window / 2) {
      for (; open < window; ++open) {
        publisher.message = PublishTemplate(options.v5, topics[next++ % topics.size()], options.qos,
                                            false, options.payload_bytes);
        engine.publish(publisher, engine.now());
      }
    }
    engine.poll(50);
  }
  engine.drain();
  meter.finish();
  json.add("window", window);
  meter.report_deliveries(json);
}

}  // namespace midge::bench
