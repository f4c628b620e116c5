// Keeping, of a board without storage.
#include "platform/boards/common/keeping.hpp"

namespace midge::board {

bool Keeping::start() {
  return false;
}

session::Journal* Keeping::open(const settings::Persistence&, Arena&) {
  log_.write(LogLevel::Notice, "No storage: sessions and retained messages end with the power.");
  return &none_;
}

bool Keeping::bring_back(core::Core&, hal::Entropy&, Instant) {
  return true;
}

void Keeping::begin(Instant) {}

void Keeping::turn() {}

Instant Keeping::next_deadline() const {
  return kNever;
}

}  // namespace midge::board
