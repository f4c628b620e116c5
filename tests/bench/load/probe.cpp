#include "tests/bench/load/probe.hpp"

#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string_view>

#include "tests/bench/load/error.hpp"

namespace midge::bench {
namespace {

std::string read_all(const std::string& path) {
  const std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// The number behind `name` in a file of "Name:  123 kB" lines.
long kilobytes(const std::string& text, std::string_view name) {
  const std::size_t at = text.find(name);
  return at == std::string::npos ? 0 : std::atol(text.c_str() + at + name.size());
}

}  // namespace

std::uint64_t clock_ns(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000U +
         static_cast<std::uint64_t>(time.tv_nsec);
}

BrokerProbe::BrokerProbe(int pid) : pid_(pid) {
  if (pid_ == 0) return;
  const int error = clock_getcpuclockid(pid_, &clock_);
  if (error != 0) fail_with_errno("process " + std::to_string(pid_), error);
  std::ofstream(file("clear_refs")) << "5";  // VmHWM starts at what is resident now
}

std::string BrokerProbe::file(const char* name) const {
  return "/proc/" + std::to_string(pid_) + "/" + name;
}

bool BrokerProbe::is_alive() const {
  return pid_ == 0 || kill(pid_, 0) == 0;
}

Usage BrokerProbe::read() const {
  Usage usage;
  if (pid_ == 0) return usage;
  usage.cpu_s = static_cast<double>(clock_ns(clock_)) * 1e-9;

  const std::string stat = read_all(file("stat"));
  const std::size_t name_end = stat.rfind(')');  // the name may hold anything
  unsigned long user = 0;
  unsigned long system = 0;
  if (name_end != std::string::npos) {
    std::sscanf(stat.c_str() + name_end + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
                &user, &system);
  }
  const auto ticks_per_second = static_cast<double>(sysconf(_SC_CLK_TCK));
  usage.user_s = static_cast<double>(user) / ticks_per_second;
  usage.system_s = static_cast<double>(system) / ticks_per_second;

  const std::string status = read_all(file("status"));
  usage.rss_kb = kilobytes(status, "VmRSS:");
  usage.peak_rss_kb = kilobytes(status, "VmHWM:");
  usage.pss_kb = kilobytes(read_all(file("smaps_rollup")), "\nPss:");
  return usage;
}

}  // namespace midge::bench
