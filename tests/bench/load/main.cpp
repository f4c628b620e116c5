// midge-bench: a load generator for brokers. One process plays every client of a scenario and
// prints one JSON line. With --broker-pid it also tells what the run cost the broker in CPU time
// and memory. CPU microseconds per delivery are the figure to compare: unlike messages per second
// they barely move when something else uses the machine.
#include <sys/resource.h>

#include <cstdio>
#include <string>

#include "tests/bench/load/engine.hpp"
#include "tests/bench/load/error.hpp"
#include "tests/bench/load/json.hpp"
#include "tests/bench/load/options.hpp"
#include "tests/bench/load/probe.hpp"
#include "tests/bench/load/scenarios.hpp"

namespace midge::bench {
namespace {

using Scenario = void (*)(Engine&, Json&);

Scenario scenario_of(const std::string& name) {
  static constexpr struct {
    const char* name;
    Scenario run;
  } kScenarios[] = {
      {"fanout", fanout},
      {"fanin", fanin},
      {"pairs", pairs},
      {"routes", routes},
      {"retained", retained},
      {"connect", connect},
      {"churn", churn},
      {"durable", durable},
      {"fill", fill},
      {"latency", latency},
      {"fair-fanout", fair_fanout},
      {"fair-replay", fair_replay},
      {"fair-subscribe", fair_subscribe},
  };
  for (const auto& scenario : kScenarios) {
    if (name == scenario.name) return scenario.run;
  }
  return nullptr;
}

void raise_descriptor_limit() {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
}

int run(const Options& options) {
  const Scenario scenario = scenario_of(options.scenario);
  if (scenario == nullptr) end_with_usage();
  raise_descriptor_limit();
  Json json;
  json.add("scenario", options.scenario);
  json.add("mqtt", options.v5 ? 5 : 3);
  json.add("qos", int{options.qos});
  json.add("payload", options.payload_bytes);
  // A run's figures count only if everything arrived and nothing went wrong on the way. Order is
  // told apart (out_of_order): to break it is the broker's fault, not the measurement's.
  bool valid = false;
  try {
    const BrokerProbe probe(options.broker_pid);
    Engine engine(options, probe);
    scenario(engine, json);
    valid = engine.is_complete();
  } catch (const Failure& failure) {
    json.add("error", std::string(failure.what()));
  }
  json.add("valid", valid);
  json.print();
  return valid ? 0 : 1;
}

}  // namespace
}  // namespace midge::bench

int main(int argc, char** argv) {
  return midge::bench::run(midge::bench::parse_options(argc, argv));
}
