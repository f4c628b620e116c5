// One run: a broker, some twenty clients of all versions on bad networks, two minutes of what they
// do at random, and then silence in which everything that is owed has to arrive. A run is a
// function of its seed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace midge::scenario {

struct Report {
  std::vector<std::string> violations;  // none: the run is right
  std::string profile{};                // what was difficult in this run
  std::uint32_t messages = 0;
  std::uint32_t receipts = 0;
  std::uint32_t musts = 0;     // deliveries that were asked for
  std::uint32_t restarts = 0;  // of the broker
  std::uint64_t trace_hash = 0;
};

struct Options {
  // The broker keeps what it has on a device whose power comes and goes.
  bool has_storage = false;
  bool verbose = false;  // prints what all clients do and see
};

[[nodiscard]] Report run(std::uint64_t seed, const Options& options);

}  // namespace midge::scenario
