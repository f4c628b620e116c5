// The RAM that a board's limits and promises need.
#pragma once

#include "broker/core/make_budget.hpp"

// The board's own: its folder is on the path.
#include <board.hpp>

namespace midge::board {

inline constexpr core::Budget kBudget = core::make_budget(kLimits, kPromise, kPaging);
// While it keeps what it has, on a board that can.
inline constexpr core::Budget kKeepingBudget = core::make_budget(kLimits, kKeepingPromise, kPaging);
inline constexpr core::Budget kLargerBudget =
    kKeepingBudget.arena_bytes > kBudget.arena_bytes ? kKeepingBudget : kBudget;

}  // namespace midge::board
