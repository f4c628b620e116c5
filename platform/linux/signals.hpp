// What the operator asks for by signal, delivered through the loop.
#pragma once

#include "broker/base/log.hpp"
#include "platform/linux/descriptor.hpp"
#include "platform/linux/event_loop.hpp"
#include "platform/linux/log.hpp"

namespace midge::platform {

// SIGTERM and SIGINT: stop. SIGHUP, SIGUSR1 and SIGRTMIN: reopen the log file; SIGHUP is also to
// reload the configuration, and says that it does not yet. SIGPIPE is ignored.
class Signals final : public Source {
 public:
  explicit Signals(Log& log) : log_(log) {}

  // From here on the signals wait to be read. Not before Background::enter(). False when the system
  // refuses.
  [[nodiscard]] bool start(EventLoop& loop);

  [[nodiscard]] bool stop_requested() const { return stop_requested_; }

  void on_events(std::uint32_t events) override;

 private:
  Log& log_;
  Descriptor fd_;
  bool stop_requested_ = false;
};

}  // namespace midge::platform
