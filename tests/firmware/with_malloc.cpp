// Must not link: malloc() needs _sbrk(), and there is no heap.
#include <cstdlib>

namespace {

// The linker keeps this section, and so what it refers to.
[[gnu::section(".vectors"), gnu::used]] void* (*const kAsks)(std::size_t) = std::malloc;

}  // namespace

int main() {
  return 0;
}
