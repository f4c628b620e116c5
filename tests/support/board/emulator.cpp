#include "tests/support/board/emulator.hpp"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <stdexcept>

#include "tests/interop/listening.hpp"
#include "tests/support/board/symbols.hpp"

namespace midge::test {

namespace {

constexpr std::uint16_t kSecondListener = 1884;
constexpr std::uint16_t kClosedPort = 9;

std::string environment(const char* name) {
  const char* const value = std::getenv(name);
  if (value == nullptr) throw std::runtime_error(std::string(name) + " is not set");
  return value;
}

std::vector<std::string> command_line(const interop::TemporaryFolder& folder, std::uint16_t port,
                                      const std::vector<std::string>& options) {
  const auto file = folder.write("midge.conf", "listener " + std::to_string(port) + " 127.0.0.1\n");
  std::vector<std::string> arguments{environment("MIDGE_BROKER"), "-c", file.string()};
  arguments.insert(arguments.end(), options.begin(), options.end());
  return arguments;
}

}  // namespace

Emulator::Emulator()
    : ports_{interop::free_port()}, process_(command_line(folder_, ports_[0], monitor_.options())) {
  wait_until_running();
  ports_.push_back(forward(kSecondListener));
  closed_port_ = forward(kClosedPort);
  metrics_.emplace(memory("_ZZN5midge5board3runERKNS0_5ImageEE7metrics"));
  ticks_.emplace(memory("_ZN12_GLOBAL__N_15ticksE"));
  time_of_loop_.emplace(memory("_ZZN5midge5board3nowEvE4last"));
  text_view_.emplace(memory("_ZN5midge5board14kConfigurationE"));
  text_.emplace(memory(text_view_->read<std::uint32_t>(sizeof(std::uint32_t))));
}

void Emulator::fail(const std::string& what) const {
  throw std::runtime_error(what + ": " + console() + process_.errors());
}

bool Emulator::lacks_room() const {
  return console().find("asks for more than this board has room for") != std::string::npos;
}

// QEMU fills the flash once, not with each reset.
void Emulator::start(const std::string& configuration) {
  text_->write(configuration.data(), configuration.size());
  const auto bytes = static_cast<std::uint32_t>(configuration.size());
  text_view_->write(&bytes, sizeof bytes);
  old_console_bytes_ = process_.output().size();
  (void)monitor_.ask("system_reset");
  wait_until_running();
  // Until the board knows the gateway it keeps only the last frame for it: the first may be ours.
  knock();
}

void Emulator::wait_until_running() {
  constexpr auto kShort = std::chrono::microseconds(500);
  const auto give_up = interop::Clock::now() + interop::kPatience;
  while (process_.running() && interop::Clock::now() < give_up) {
    if (console().find(" running") != std::string::npos) return;
    interop::sleep_for(kShort);
  }
  fail("the board's broker does not start");
}

std::uint16_t Emulator::forward(std::uint16_t board_port) {
  constexpr int kAttempts = 5;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const std::uint16_t port = interop::free_port();
    const std::string answer =
        monitor_.ask("hostfwd_add net0 tcp:127.0.0.1:" + std::to_string(port) +
                     "-:" + std::to_string(board_port));
    if (answer.find("ould not") == std::string::npos) return port;
  }
  fail("QEMU can't forward a port");
}

Memory Emulator::memory(std::string_view symbol) {
  return memory(address_of(environment("MIDGE_BOARD_IMAGE"), symbol));
}

// The answer is "Host virtual address for 0x20000000 (sram) is 0x7f0000000000".
Memory Emulator::memory(std::uint32_t address) {
  const std::string answer = monitor_.ask("gpa2hva " + std::to_string(address));
  constexpr std::string_view kIs = " is 0x";
  const auto number = answer.find(kIs);
  if (number == std::string::npos) fail("QEMU has no such memory: " + answer);
  return {process_.pid(), std::stoull(answer.substr(number + kIs.size()), nullptr, 16)};
}

// Frames stay in order. The loop reads the clock only before a turn and behind it, so once it has
// read a later time than when the answer came, the turn with the last byte is over.
void Emulator::wait_until_received() {
  constexpr auto kShort = std::chrono::microseconds(50);
  // QEMU may see the end of a connection only behind the first.
  knock();
  knock();
  const auto time = time_of_loop_->read<std::uint32_t>();
  const auto give_up = interop::Clock::now() + interop::kPatience;
  while (time_of_loop_->read<std::uint32_t>() == time) {
    if (interop::Clock::now() > give_up) fail("the board stands still");
    interop::sleep_for(kShort);
  }
}

// At a port that is closed, of which the broker knows nothing: the board's TCP refuses it.
void Emulator::knock() {
  constexpr int kPatienceMs = 20'000;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(closed_port_);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  bool is_answered = false;
  if (connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
    // A byte that nobody reads: QEMU's end is then reset, and leaves no TIME_WAIT.
    (void)send(descriptor, "", 1, MSG_NOSIGNAL);
    pollfd event{.fd = descriptor, .events = POLLIN, .revents = 0};
    is_answered = poll(&event, 1, kPatienceMs) == 1;
  }
  close(descriptor);
  if (!is_answered) fail("the board does not answer");
}

// The same numbers in the same places as here.
metrics::Metrics Emulator::metrics() const {
  return metrics_->read<metrics::Metrics>();
}

void Emulator::advance(Duration by) {
  const std::uint32_t wanted =
      ticks_->read<std::uint32_t>() + static_cast<std::uint32_t>(by.count());
  // The interrupt that counts may have been under way.
  constexpr std::uint32_t kMuchLater = 1U << 30;
  do ticks_->write(&wanted, sizeof wanted);
  while (ticks_->read<std::uint32_t>() - wanted > kMuchLater);
}

}  // namespace midge::test
