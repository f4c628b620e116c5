// Clocks, and what the broker's process has cost so far.
#pragma once

#include <time.h>

#include <cstdint>
#include <string>

namespace midge::bench {

[[nodiscard]] std::uint64_t clock_ns(clockid_t clock);
[[nodiscard]] inline std::uint64_t now_ns() {
  return clock_ns(CLOCK_MONOTONIC);
}
[[nodiscard]] constexpr std::uint64_t to_ns(double seconds) {
  return static_cast<std::uint64_t>(seconds * 1e9);
}

struct Usage {
  double cpu_s = 0;  // of all threads, those that have ended too; to the nanosecond
  double user_s = 0;
  double system_s = 0;  // the split comes in ticks of 10 ms
  long rss_kb = 0;
  long pss_kb = 0;
  long peak_rss_kb = 0;
};

class BrokerProbe {
 public:
  // Without a process (0) everything reads as zero. Starts the peak anew where it may.
  explicit BrokerProbe(int pid);

  [[nodiscard]] Usage read() const;
  [[nodiscard]] bool is_on() const { return pid_ != 0; }
  [[nodiscard]] bool is_alive() const;

 private:
  [[nodiscard]] std::string file(const char* name) const;

  int pid_;
  clockid_t clock_{};
};

}  // namespace midge::bench
