// The board's storage: its SD card.
#include "platform/boards/common/hardware.hpp"
#include "platform/boards/lm3s6965evb/sd_card.hpp"

namespace midge::board {

namespace {

// 8 MiB: a start looks at each, and a card spreads its wear by itself.
constexpr std::uint32_t kSegments = 256;

constinit SdCard card;

}  // namespace

hal::Storage* start_storage() {
  return card.start(kSegments) ? &card : nullptr;
}

}  // namespace midge::board
