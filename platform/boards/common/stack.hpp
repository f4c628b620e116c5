// The one stack: how much of it there is, and how much was ever used.
//
// It lies at the very start of RAM and grows toward lower addresses, so a stack that is too small
// leaves the RAM and faults at once; it never reaches anybody's data. The linker script sets its
// size (link_stack_bytes).
#pragma once

#include <cstddef>

namespace midge::board {

// Fills what is free of the stack with a pattern. Comes before anything else.
void paint_stack();

// From now on a step below the stack is a fault, also where the bus would let it pass.
void guard_stack();

[[nodiscard]] std::size_t stack_bytes();

// The most that was ever in use, in bytes: whatever no longer has its paint. Takes time in
// proportion to what is unused.
[[nodiscard]] std::size_t most_used_stack_bytes();

}  // namespace midge::board
