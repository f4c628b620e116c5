// A board in QEMU, as tests/interop/on_board.py starts it, used by its sockets and its memory. Ends
// with the object.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "broker/base/time.hpp"
#include "broker/metrics/metrics.hpp"
#include "tests/interop/process.hpp"
#include "tests/support/board/memory.hpp"
#include "tests/support/board/monitor.hpp"

namespace midge::test {

class Emulator {
 public:
  // Without a broker until start(). Throws std::runtime_error when there is no QEMU.
  Emulator();

  // The power goes off and on again, with another text of midge.conf, whose listeners are 1883 and
  // 1884. Connections don't end by it. Returns when the broker runs; throws std::runtime_error with
  // the console's text when it does not.
  void start(const std::string& configuration);
  // By the board's own word.
  [[nodiscard]] bool lacks_room() const;

  // Where a listener of the board is on this machine.
  [[nodiscard]] std::uint16_t port(std::uint16_t listener) const { return ports_.at(listener); }

  // Returns when the board has received what was sent to it before, and has sent what it sends by
  // the end of that turn.
  void wait_until_received();

  [[nodiscard]] metrics::Metrics metrics() const;
  // Sets the board's clock forward.
  void advance(Duration by);

 private:
  // What it said since the last start.
  [[nodiscard]] std::string console() const { return process_.output().substr(old_console_bytes_); }
  [[noreturn]] void fail(const std::string& what) const;
  void wait_until_running();
  // The variable of that name, or what lies at that address.
  [[nodiscard]] Memory memory(std::string_view symbol);
  [[nodiscard]] Memory memory(std::uint32_t address);
  // A port of this machine from now on, for one of the board's.
  [[nodiscard]] std::uint16_t forward(std::uint16_t board_port);
  void knock();

  interop::TemporaryFolder folder_;
  Monitor monitor_{folder_.path()};
  std::vector<std::uint16_t> ports_;
  interop::Process process_;
  std::size_t old_console_bytes_ = 0;
  std::uint16_t closed_port_ = 0;
  std::optional<Memory> metrics_;
  std::optional<Memory> ticks_;
  std::optional<Memory> time_of_loop_;
  std::optional<Memory> text_view_;
  std::optional<Memory> text_;
};

}  // namespace midge::test
