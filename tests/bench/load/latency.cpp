// latency: how long a message takes through a broker that has time.
#include <algorithm>
#include <cstdint>
#include <vector>

#include "tests/bench/load/meter.hpp"
#include "tests/bench/load/scenarios.hpp"

namespace midge::bench {

double quantile_us(std::vector<std::uint64_t>& samples_ns, double quantile) {
  if (samples_ns.empty()) return 0;
  std::sort(samples_ns.begin(), samples_ns.end());
  const auto at = static_cast<std::size_t>(quantile * static_cast<double>(samples_ns.size()));
  return static_cast<double>(samples_ns[std::min(at, samples_ns.size() - 1)]) * 1e-3;
}

void latency(Engine& engine, Json& json) {
  const Options& options = engine.options;
  const std::vector<std::uint32_t> publishers = make_pairs(engine);
  std::vector<std::uint64_t> took_ns;
  std::vector<std::uint64_t> late_ns;        // how far the generator itself was behind
  std::vector<std::uint64_t> first_took_ns;  // of each subscriber's first message
  engine.on_delivery = [&](const Client& client, const Stamp& stamp) {
    took_ns.push_back(now_ns() - stamp.sent_ns);
    if (client.received == 1) first_took_ns.push_back(took_ns.back());
  };

  // Publishes `total` messages, in turn. Spins, so that a delivery is seen at once.
  const auto publish_at_rate = [&](std::uint64_t total) {
    const double gap_ns = 1e9 / options.messages_per_second;
    const std::uint64_t start_ns = now_ns();
    std::uint64_t sent = 0;
    while (sent < total) {
      const std::uint64_t time_ns = now_ns();
      for (; sent < total; ++sent) {
        const std::uint64_t due_ns =
            start_ns + static_cast<std::uint64_t>(static_cast<double>(sent) * gap_ns);
        if (due_ns > time_ns) break;
        late_ns.push_back(time_ns - due_ns);
        engine.publish(engine.clients[publishers[sent % publishers.size()]], now_ns());
      }
      engine.poll(0);
    }
    engine.drain();
  };

  // The first messages are told apart: where the broker leaves Nagle's algorithm on, a message
  // right behind a SUBACK waits until that is acknowledged, which the receiver delays by 40 ms.
  constexpr double kStartSeconds = 0.3;
  publish_at_rate(std::max(static_cast<std::uint64_t>(options.messages_per_second * kStartSeconds),
                           static_cast<std::uint64_t>(publishers.size())));
  json.add("first_p50_us", quantile_us(first_took_ns, 0.5));
  json.add("start_max_us", quantile_us(took_ns, 1));
  took_ns.clear();
  late_ns.clear();

  Meter meter(engine);
  publish_at_rate(static_cast<std::uint64_t>(options.messages_per_second * options.seconds));
  meter.finish();
  json.add("pairs", options.pairs);
  json.add("rate", options.messages_per_second);
  json.add("p50_us", quantile_us(took_ns, 0.5));
  json.add("p99_us", quantile_us(took_ns, 0.99));
  json.add("p999_us", quantile_us(took_ns, 0.999));
  json.add("max_us", quantile_us(took_ns, 1));
  json.add("gen_late_p99_us", quantile_us(late_ns, 0.99));
  meter.report_deliveries(json);
}

}  // namespace midge::bench
