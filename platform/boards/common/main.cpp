// main() of every board: what its board.hpp has room for, and nothing else of its own.
#include "platform/boards/common/board_budget.hpp"
#include "platform/boards/common/image.hpp"
#include "platform/lwip/transports.hpp"

namespace {

using namespace midge;

// As large as the limits and the promises ask for: what does not fit the board does not link.
constexpr settings::Limits kLimits = core::with_memory(board::kLimits, board::kLargerBudget);

alignas(board::kPaging.page_bytes) constinit std::uint8_t arena[kLimits.memory_bytes]{};

constinit lwip::Transports::Storage<MEMP_NUM_TCP_PCB, MIDGE_LEFTOVER_BLOCKS> connections{};

}  // namespace

int main() {
  lwip::Transports transports(connections);
  return board::run({.name = board::kName,
                     .limits = kLimits,
                     .arena = arena,
                     .page_bytes = board::kPaging.page_bytes,
                     .reserve_pages = board::kPaging.reserve_pages,
                     .keeping = board::kKeepingRoom,
                     .address = board::kAddress,
                     .transports = transports});
}
