// A board that has room for more than any: its image must not link.
#pragma once

#include "broker/core/budget.hpp"
#include "broker/core/promise.hpp"
#include "broker/settings/limits.hpp"
#include "platform/boards/common/keeping.hpp"
#include "platform/boards/common/network.hpp"

namespace midge::board {

inline constexpr std::string_view kName = "too-large";
inline constexpr core::Paging kPaging{.page_bytes = 1'024, .reserve_pages = 4};
inline constexpr settings::Limits kLimits{
    .connections = 16,
    .sessions = 64,
    .subscriptions = 128,
    .retained_messages = MIDGE_TOO_MANY,
};
inline constexpr core::Promise kPromise{.half_packets = 0};
inline constexpr KeepingRoom kKeepingRoom{};
inline constexpr core::Promise kKeepingPromise = kPromise;
inline constexpr Address kAddress{};

}  // namespace midge::board
