// A page-aligned range and an arena over it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>

#include "broker/base/arena.hpp"

namespace midge::bench {

class ArenaOfItsOwn {
 public:
  explicit ArenaOfItsOwn(std::size_t bytes)
      : memory_(static_cast<std::uint8_t*>(::operator new(bytes, kAlignment))),
        arena_({memory_.get(), bytes}, kPageBytes, 64, backing_) {}

  [[nodiscard]] Arena& get() { return arena_; }

 private:
  static constexpr std::size_t kPageBytes = 4'096;
  static constexpr std::align_val_t kAlignment{kPageBytes};
  struct Free {
    void operator()(std::uint8_t* memory) const { ::operator delete(memory, kAlignment); }
  };

  std::unique_ptr<std::uint8_t, Free> memory_;
  NoBacking backing_;
  Arena arena_;
};

}  // namespace midge::bench
