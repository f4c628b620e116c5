#include <stdexcept>

#include "tests/support/board/configuration.hpp"
#include "tests/support/board/emulator.hpp"
#include "tests/support/broker.hpp"

namespace midge::test {

namespace {

// Boards that no test uses now. To start one anew takes some milliseconds, to start QEMU a second.
std::vector<std::unique_ptr<Emulator>> idle_boards;

std::unique_ptr<Emulator> take_board() {
  if (idle_boards.empty()) return std::make_unique<Emulator>();
  std::unique_ptr<Emulator> board = std::move(idle_boards.back());
  idle_boards.pop_back();
  return board;
}

// Of settle() since a broker was started last.
int rounds = 0;
constexpr int kMostRounds = 1'500;

}  // namespace

Broker::Broker(std::uint64_t) {
  settings.listener_count = 1;
  limits.memory_bytes = std::size_t{16} << 20;
}

Broker::~Broker() {
  stop();
}

void Broker::start(Where) {
  if (board_ != nullptr) return;
  const std::string configuration = configuration_text(settings);
  std::unique_ptr<Emulator> board = take_board();
  board->start(configuration);
  board_ = std::move(board);
  rounds = 0;
  if (board_->lacks_room()) needs_simulator("more room than the board has");
}

void Broker::stop() {
  for (const auto& each : links_) each->reset();
  if (board_ != nullptr) idle_boards.push_back(std::move(board_));
}

Link& Broker::connect(std::uint16_t number) {
  is_settled_ = false;
  return *links_.emplace_back(std::make_unique<Link>(board_->port(number)));
}

// Until what was sent has no consequences any more.
void Broker::settle() {
  if (board_ == nullptr) return;
  for (const auto& each : links_) is_settled_ = !each->was_used() && is_settled_;
  while (!is_settled_) {
    if (++rounds > kMostRounds) needs_simulator("thousands of packets");
    board_->wait_until_received();
    is_settled_ = true;
    for (const auto& each : links_) is_settled_ = !each->receive() && is_settled_;
  }
  metrics = board_->metrics();
}

void Broker::advance(Duration by) {
  settle();
  if (board_ == nullptr) return;
  // The clock goes on by itself too: what depends on a part of a second is not for it.
  constexpr Duration kLeast = std::chrono::seconds(1);
  if (by % kLeast != Duration{}) needs_simulator("a clock to the millisecond");
  constexpr Duration kMost = std::chrono::hours(24);
  if (by > kMost) needs_simulator("many days");
  board_->advance(by);
  is_settled_ = false;
  settle();
}

}  // namespace midge::test
