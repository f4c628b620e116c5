#include "platform/boards/common/image.hpp"
#include "platform/boards/lm3s6965evb/board.hpp"
#include "platform/lwip/transports.hpp"

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
