// MIDGE_ASSERT is for our own bugs: nothing from the network, a file or a full pool reaches it.
#pragma once

#include <cstdlib>

// Stays on in every build: a broker with broken invariants must stop, not go on.
#define MIDGE_ASSERT(condition)    \
  do {                             \
    if (!(condition)) [[unlikely]] \
      std::abort();                \
  } while (false)
