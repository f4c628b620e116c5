// midge-bench-rooms: the hot rooms, one case at a time.
//
//   midge-bench-rooms                  lists the cases: name, usual count, what is counted
//   midge-bench-rooms <case> <count>   runs one and prints nothing
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "tests/bench/rooms/case.hpp"

namespace midge::bench {

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "midge-bench-rooms: %s\n", what);
  std::exit(1);
}

namespace {

int run(std::string_view name, std::uint64_t count) {
  for (const auto& cases : {wire_cases(), match_cases(), turn_cases()}) {
    for (const Case& each : cases) {
      if (name.empty()) {
        std::printf("%s %llu %s\n", each.name, static_cast<unsigned long long>(each.count),
                    each.what);
      }
      if (each.name != name) continue;
      each.run(count);
      return 0;
    }
  }
  require(name.empty(), "no such case; without arguments it lists them");
  return 0;
}

}  // namespace
}  // namespace midge::bench

int main(int argc, char** argv) {
  if (argc == 1) return midge::bench::run({}, 0);
  midge::bench::require(argc == 3, "usage: midge-bench-rooms [<case> <count>]");
  return midge::bench::run(argv[1], std::strtoull(argv[2], nullptr, 10));
}
