#include "tests/persistence/failing_memory.hpp"

// The linker's names: of what it calls instead, and of what it would have called.
#define MIDGE_WRAPPED(symbol) asm("__wrap_" symbol)
#define MIDGE_REAL(symbol) asm("__real_" symbol)
#define MIDGE_SLAB_TAKE "_ZN5midge4Slab4takeENS_7ReserveE"
#define MIDGE_SLAB_PREPARE "_ZN5midge4Slab7prepareEm"
#define MIDGE_SLAB_SETTLE "_ZN5midge4Slab6settleEv"
#define MIDGE_ARENA_TAKE "_ZN5midge5Arena4takeEmNS_7ReserveE"

namespace midge::test {

void* real_slab_take(Slab*, Reserve) MIDGE_REAL(MIDGE_SLAB_TAKE);
bool real_slab_prepare(Slab*, std::size_t) MIDGE_REAL(MIDGE_SLAB_PREPARE);
void real_slab_settle(Slab*) MIDGE_REAL(MIDGE_SLAB_SETTLE);
void* real_arena_take(Arena*, std::size_t, Reserve) MIDGE_REAL(MIDGE_ARENA_TAKE);
void* wrapped_slab_take(Slab*, Reserve) MIDGE_WRAPPED(MIDGE_SLAB_TAKE);
bool wrapped_slab_prepare(Slab*, std::size_t) MIDGE_WRAPPED(MIDGE_SLAB_PREPARE);
void wrapped_slab_settle(Slab*) MIDGE_WRAPPED(MIDGE_SLAB_SETTLE);
void* wrapped_arena_take(Arena*, std::size_t, Reserve) MIDGE_WRAPPED(MIDGE_ARENA_TAKE);

void* wrapped_slab_take(Slab* slab, Reserve reserve) {
  return failing_memory.take(*slab, reserve);
}
bool wrapped_slab_prepare(Slab* slab, std::size_t count) {
  return failing_memory.prepare(*slab, count);
}
void wrapped_slab_settle(Slab* slab) {
  failing_memory.settle(*slab);
}
void* wrapped_arena_take(Arena* arena, std::size_t pages, Reserve reserve) {
  return failing_memory.take(*arena, pages, reserve);
}

FailingMemory failing_memory;

bool FailingMemory::fails() {
  ++count_;
  return at_ != 0 && count_ >= at_ && count_ - at_ < failures_;
}

void* FailingMemory::take(Slab& slab, Reserve reserve) {
  const auto promised = promised_.find(&slab);
  if (promised != promised_.end() && promised->second > 0) {
    --promised->second;
  } else if (fails()) {
    return nullptr;
  }
  is_inside_ = true;
  void* const memory = real_slab_take(&slab, reserve);
  is_inside_ = false;
  return memory;
}

bool FailingMemory::prepare(Slab& slab, std::size_t count) {
  promised_[&slab] = 0;
  // What is promised already ends with a new promise, also with one that can't be given.
  if (count > 0 && fails()) {
    real_slab_settle(&slab);
    return false;
  }
  is_inside_ = true;
  const bool is_promised = real_slab_prepare(&slab, count);
  is_inside_ = false;
  if (is_promised) promised_[&slab] = count;
  return is_promised;
}

void FailingMemory::settle(Slab& slab) {
  promised_.erase(&slab);
  real_slab_settle(&slab);
}

void* FailingMemory::take(Arena& arena, std::size_t pages, Reserve reserve) {
  if (!is_inside_ && fails()) return nullptr;
  return real_arena_take(&arena, pages, reserve);
}

}  // namespace midge::test
