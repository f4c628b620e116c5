// Allocations that fail although there is memory: of any object of a pool, of any size class, of
// any run of pages. The linker puts what counts them in front of the broker's (see CMakeLists.txt),
// so that the broker knows nothing of it.
//
//   failing_memory.begin(17, 2);   // the 17th from now fails, and the one behind it
//   ...
//   failing_memory.end();
#pragma once

#include <cstdint>
#include <map>

#include "broker/base/slab.hpp"

namespace midge::test {

class FailingMemory {
 public:
  // `at` 0: all go well, and are counted.
  void begin(std::uint64_t at, std::uint64_t failures = 1) {
    promised_.clear();
    count_ = 0;
    at_ = at;
    failures_ = failures;
  }
  void end() { begin(0); }
  // Allocations that could have failed since begin().
  [[nodiscard]] std::uint64_t count() const { return count_; }

  [[nodiscard]] void* take(Slab& slab, Reserve reserve);
  [[nodiscard]] bool prepare(Slab& slab, std::size_t count);
  void settle(Slab& slab);
  [[nodiscard]] void* take(Arena& arena, std::size_t pages, Reserve reserve);

 private:
  [[nodiscard]] bool fails();

  std::map<const Slab*, std::size_t> promised_;  // by prepare(), and not taken yet
  std::uint64_t count_ = 0;
  std::uint64_t at_ = 0;
  std::uint64_t failures_ = 0;
  bool is_inside_ = false;  // a slab asks the arena: that is one allocation
};

extern FailingMemory failing_memory;

}  // namespace midge::test
