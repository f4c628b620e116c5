// main() of every board: what its board.hpp has room for, and nothing else of its own.
#include "platform/boards/common/image.hpp"
#include "platform/lwip/transports.hpp"

// The board's own: its folder is on the path.
#include <board.hpp>

namespace {

alignas(midge::board::kPageBytes) constinit std::uint8_t arena[midge::board::kArenaBytes]{};

constinit midge::lwip::Transports::Storage<MEMP_NUM_TCP_PCB, MIDGE_LEFTOVER_BLOCKS> connections{};

}  // namespace

int main() {
  using namespace midge::board;
  midge::lwip::Transports transports(connections);
  return run({.name = kName,
              .limits = kLimits,
              .arena = arena,
              .page_bytes = kPageBytes,
              .reserve_pages = kReservePages,
              .address = kAddress,
              .transports = transports});
}
