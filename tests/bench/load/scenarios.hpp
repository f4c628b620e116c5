// What a run can do with a broker. Each adds its figures to `json`, and throws a Failure when the
// broker did not play its part.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/bench/load/engine.hpp"
#include "tests/bench/load/json.hpp"

namespace midge::bench {

void fanout(Engine& engine, Json& json);
void fanin(Engine& engine, Json& json);
void pairs(Engine& engine, Json& json);
void routes(Engine& engine, Json& json);
void retained(Engine& engine, Json& json);
void connect(Engine& engine, Json& json);
void churn(Engine& engine, Json& json);
void durable(Engine& engine, Json& json);
void fill(Engine& engine, Json& json);
void latency(Engine& engine, Json& json);
void fair_fanout(Engine& engine, Json& json);
void fair_replay(Engine& engine, Json& json);
void fair_subscribe(Engine& engine, Json& json);

// --- what they share

// Connects --pairs publishers, each with a subscriber of its own; returns the publishers.
[[nodiscard]] std::vector<std::uint32_t> make_pairs(Engine& engine);
// Connects one publisher and --subs subscribers of its topic; returns the publisher.
[[nodiscard]] Client& make_fanout(Engine& engine);
// Stores --retained messages from `publisher`, with QoS 1 so that it is known when they are.
void store_retained(Engine& engine, Client& publisher);
// In microseconds; sorts `samples_ns`. 0 when there are none.
[[nodiscard]] double quantile_us(std::vector<std::uint64_t>& samples_ns, double quantile);

[[nodiscard]] inline std::uint32_t window_or(const Options& options, std::uint32_t usual) {
  return options.window != 0 ? options.window : usual;
}

}  // namespace midge::bench
