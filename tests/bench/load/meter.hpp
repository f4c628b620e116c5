// One measured part of a run, from construction to finish(): wall time, both sides' CPU time, the
// broker's memory, deliveries.
#pragma once

#include <cstdint>
#include <string>

#include "tests/bench/load/engine.hpp"
#include "tests/bench/load/json.hpp"
#include "tests/bench/load/probe.hpp"

namespace midge::bench {

class Meter {
 public:
  explicit Meter(const Engine& engine);
  void finish();

  // The rest only after finish().
  [[nodiscard]] double seconds() const { return seconds_; }
  [[nodiscard]] double broker_cpu_us() const { return (after_.cpu_s - before_.cpu_s) * 1e6; }
  [[nodiscard]] const Usage& before() const { return before_; }
  [[nodiscard]] const Usage& after() const { return after_; }
  // What each of `count` things added to the broker's resident memory.
  [[nodiscard]] double rss_bytes_each(std::uint64_t count) const;

  // The figures of a part whose unit of work (connection, cycle) happened `count` times.
  void report(Json& json, const std::string& unit, std::uint64_t count) const;
  // The same for deliveries, with their counts.
  void report_deliveries(Json& json) const;

 private:
  const Engine& engine_;
  Usage before_;
  Usage after_;
  std::uint64_t started_ns_;
  std::uint64_t own_cpu_ns_;
  std::uint64_t published_;
  std::uint64_t expected_;
  std::uint64_t delivered_;
  double seconds_ = 0;
  double own_cpu_seconds_ = 0;
};

}  // namespace midge::bench
