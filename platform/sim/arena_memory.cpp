#include "platform/sim/arena_memory.hpp"

#include <memory>
#include <new>
#include <utility>

#if defined(__SANITIZE_ADDRESS__)
#define MIDGE_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MIDGE_ASAN 1
#endif
#endif
#ifdef MIDGE_ASAN
#include <sanitizer/asan_interface.h>
#endif

namespace midge::sim {

namespace {

void allow([[maybe_unused]] MutableBytes range) {
#ifdef MIDGE_ASAN
  __asan_unpoison_memory_region(range.data(), range.size());
#endif
}

void forbid([[maybe_unused]] MutableBytes range) {
#ifdef MIDGE_ASAN
  __asan_poison_memory_region(range.data(), range.size());
#endif
}

struct FreeAligned {
  void operator()(std::uint8_t* memory) const {
    ::operator delete (memory, std::align_val_t{ArenaMemory::kAlignment});
  }
};

// Tests have one thread, and mostly one broker at a time.
struct Kept {
  std::unique_ptr<std::uint8_t, FreeAligned> memory;
  std::size_t bytes = 0;

  void keep(MutableBytes range);
  [[nodiscard]] std::uint8_t* take(std::size_t size);
};

void Kept::keep(MutableBytes range) {
  forbid(range);
  memory.reset(range.data());
  bytes = range.size();
}

std::uint8_t* Kept::take(std::size_t size) {
  if (memory != nullptr && size == bytes) {
    allow({memory.get(), size});
    return memory.release();
  }
  return static_cast<std::uint8_t*>(
      ::operator new (size, std::align_val_t{ArenaMemory::kAlignment}));
}

Kept& kept() {
  static Kept instance;
  return instance;
}

}  // namespace

ArenaMemory::ArenaMemory(std::size_t bytes) : range_(kept().take(bytes), bytes) {}

ArenaMemory::ArenaMemory(ArenaMemory&& other) noexcept : range_(std::exchange(other.range_, {})) {}

ArenaMemory& ArenaMemory::operator=(ArenaMemory&& other) noexcept {
  if (this != &other) {
    give_back();
    range_ = std::exchange(other.range_, {});
  }
  return *this;
}

ArenaMemory::~ArenaMemory() {
  give_back();
}

void ArenaMemory::give_back() {
  if (range_.data() != nullptr) kept().keep(range_);
  range_ = {};
}

}  // namespace midge::sim
