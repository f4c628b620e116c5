// scenario                  runs the seeds that CI runs
// scenario --seeds 1000     ... that many, from 1
// scenario --from 5000 --seeds 100
// scenario --seed 7 [-v]    one; -v: with all that the clients do and see
// scenario --storage ...    the broker's power comes and goes, and what it keeps it has to keep
//
// Prints the seed of every run that fails and what was wrong; exits with 1 then.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#define DOCTEST_CONFIG_IMPLEMENT  // the harness prints packets with doctest's strings
#include <doctest/doctest.h>

#include "tests/scenario/workload.hpp"

namespace {

constexpr std::uint64_t kSeeds = 30;

struct Arguments {
  std::uint64_t from = 1;
  std::uint64_t seeds = kSeeds;
  midge::scenario::Options options;
  bool right = true;
};

Arguments parse(int count, char** texts) {
  Arguments arguments;
  for (int i = 1; i < count; ++i) {
    const std::string_view text = texts[i];
    if (text == "-v" || text == "--storage") {
      (text == "-v" ? arguments.options.verbose : arguments.options.has_storage) = true;
      continue;
    }
    if (i + 1 == count) {
      arguments.right = false;
      return arguments;
    }
    const std::uint64_t number = std::strtoull(texts[++i], nullptr, 10);
    if (text == "--seed") {
      arguments.from = number;
      arguments.seeds = 1;
    } else if (text == "--seeds") {
      arguments.seeds = number;
    } else if (text == "--from") {
      arguments.from = number;
    } else {
      arguments.right = false;
    }
  }
  return arguments;
}

}  // namespace

int main(int argc, char** argv) {
  const Arguments arguments = parse(argc, argv);
  if (!arguments.right) {
    std::fprintf(stderr, "usage: scenario [--storage] [--seed N | [--from N] [--seeds N]] [-v]\n");
    return 2;
  }
  std::uint64_t messages = 0;
  std::uint64_t receipts = 0;
  std::uint64_t musts = 0;
  std::uint64_t restarts = 0;
  std::uint64_t failed = 0;
  for (std::uint64_t seed = arguments.from; seed < arguments.from + arguments.seeds; ++seed) {
    const auto report = midge::scenario::run(seed, arguments.options);
    messages += report.messages;
    receipts += report.receipts;
    musts += report.musts;
    restarts += report.restarts;
    if (report.violations.empty()) continue;
    ++failed;
    std::printf("seed %llu FAILED (%s )\n", static_cast<unsigned long long>(seed),
                report.profile.c_str());
    for (const auto& violation : report.violations) std::printf("  %s\n", violation.c_str());
    std::fflush(stdout);
  }
  std::printf(
      "%llu runs, %llu failed: %llu messages, %llu received, %llu deliveries asked for, "
      "%llu restarts\n",
      static_cast<unsigned long long>(arguments.seeds), static_cast<unsigned long long>(failed),
      static_cast<unsigned long long>(messages), static_cast<unsigned long long>(receipts),
      static_cast<unsigned long long>(musts), static_cast<unsigned long long>(restarts));
  // A run in which nothing is asked for shows nothing.
  return failed == 0 && musts > 100 * arguments.seeds ? 0 : 1;
}
