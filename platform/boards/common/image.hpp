// The composition root that the boards share: what a board's main.cpp says of itself, and the
// broker that is made of it.
#pragma once

#include <cstddef>
#include <string_view>

#include "broker/base/bytes.hpp"
#include "broker/settings/limits.hpp"
#include "platform/boards/common/keeping.hpp"
#include "platform/boards/common/network.hpp"
#include "platform/lwip/transports.hpp"

namespace midge::board {

struct Image {
  std::string_view name;      // of the board
  settings::Limits limits;    // what the board has room for; its midge.conf may allow less
  MutableBytes arena;         // a static array, at a multiple of page_bytes
  std::size_t page_bytes;     // a power of two, at least 256
  std::size_t reserve_pages;  // of them, for what must not fail
  KeepingRoom keeping;
  Address address;
  lwip::Transports& transports;  // as many as lwIP has connections
};

// The whole program; to be called from main(). Returns only when the broker can't start, which the
// console then tells: the value is for midge_port_stop().
[[nodiscard]] int run(const Image& image);

}  // namespace midge::board
