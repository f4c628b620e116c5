// Packets that are half in, of all connections: what they hold together is at most half of the
// memory, so that they never hold what others need. They stand in the order in which their last
// bytes came, so that the one that has stalled for longest is known.
#pragma once

#include <cstddef>

#include "broker/base/arena.hpp"
#include "broker/base/list.hpp"

namespace midge::connection {

struct Incoming;
struct HalfPacket {};  // tag

class Halves {
 public:
  explicit Halves(const Arena& arena) : most_(arena.total_pages() / 2 * arena.page_bytes()) {}

  // What one may hold when it is alone.
  [[nodiscard]] std::size_t most_bytes() const { return most_; }
  [[nodiscard]] bool has_room(std::size_t bytes) const { return held_ + bytes <= most_; }
  // The one that holds `before` holds `now`.
  void account(std::size_t before, std::size_t now) { held_ = held_ - before + now; }

  // Those whose next bytes are the client's to send.
  List<Incoming, HalfPacket> waiting{};

 private:
  std::size_t most_;
  std::size_t held_ = 0;
};

}  // namespace midge::connection
