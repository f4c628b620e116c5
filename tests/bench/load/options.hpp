// What a run is to do, from the command line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace midge::bench {

struct Options {
  std::string scenario;
  std::string host = "127.0.0.1";
  std::uint16_t port = 1883;
  bool v5 = false;
  std::uint8_t qos = 0;
  std::size_t payload_bytes = 64;  // at least a stamp's 16
  double seconds = 2;              // length of the measured part ...
  std::uint64_t count = 0;         // ... or, unless 0, messages of each publisher in it
  std::uint32_t window = 0;        // undelivered messages of a publisher; 0: as the scenario has it
  std::uint32_t publishers = 100;
  std::uint32_t subscribers = 100;
  std::uint32_t pairs = 50;
  std::uint32_t clients = 100;
  std::uint32_t filters = 100'000;
  std::uint32_t retained = 100'000;
  std::uint32_t connections = 10'000;
  bool subscribe_each = false;
  bool away = false;
  double hold_seconds = 1;
  double messages_per_second = 5'000;
  double limit_seconds = 60;  // then a run is given up
  int broker_pid = 0;         // 0: the broker's cost is not measured
};

// Prints what is wrong, or the usage, and ends the program when it can't go on.
[[nodiscard]] Options parse_options(int argc, char** argv);
[[noreturn]] void end_with_usage();

}  // namespace midge::bench
