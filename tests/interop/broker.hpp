// The real broker in a process of its own, on a loopback port of its own. Which program that is
// comes from the environment variable MIDGE_BROKER, so the same tests can run against another
// broker that reads mosquitto.conf, or against a board in QEMU (on_board.py).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/interop/process.hpp"

namespace midge::interop {

// MIDGE_BROKER; throws std::runtime_error where it is unset.
std::string broker_program();

class Broker {
 public:
  // Starts with `listener <free port> 127.0.0.1`, anonymous, all log types, followed by `settings`
  // (lines of mosquitto.conf). "{folder}" in them stands for the broker's temporary folder. Returns
  // when it listens; throws std::runtime_error with its log when it does not.
  explicit Broker(const std::string& settings = {}, const ProcessOptions& options = {});
  ~Broker();  // stops it; any exit code but 0 fails the test
  Broker(const Broker&) = delete;
  Broker& operator=(const Broker&) = delete;

  std::uint16_t port() const { return port_; }
  std::string uri() const { return "tcp://127.0.0.1:" + std::to_string(port_); }
  const std::filesystem::path& folder() const { return folder_.path(); }
  Process& process() { return *process_; }
  std::string log() const { return process_->errors() + process_->output(); }

  // True when `settings` ask for more than a board has room for, by its own word. Then the test can
  // only end; a program on Linux never says it.
  bool lacks_room() const;

  // Sleeps. A board's clock is slower than ours while the machine is too busy for all of its ticks,
  // so there it takes until the broker's uptime has grown by as much.
  void wait(Clock::duration time);

  // SIGTERM, then the exit code, or nothing (and SIGKILL) when it does not end in time.
  std::optional<int> stop();

  // SIGKILL: it ends at whatever instant this is. Fails the test if it had ended before.
  void kill();
  // After kill(): the same program on the same port with the same configuration and folder.
  void start_again();

 private:
  [[nodiscard]] bool start();  // false when somebody else has the port

  TemporaryFolder folder_;
  std::string settings_;
  ProcessOptions options_;
  std::uint16_t port_{};
  std::unique_ptr<Process> process_;
};

}  // namespace midge::interop
