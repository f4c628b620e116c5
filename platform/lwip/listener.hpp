// A listening port of lwIP's stack.
#pragma once

#include <cstdint>

#include "broker/hal/listener.hpp"
#include "broker/metrics/metrics.hpp"
#include "platform/lwip/transports.hpp"

namespace midge::lwip {

class Listener final : public hal::Listener {
 public:
  // All of them outlive it. `index` is its number in the settings.
  Listener(Transports& transports, hal::Acceptor& acceptor, metrics::Metrics& metrics,
           std::uint16_t index)
      : transports_(transports), acceptor_(acceptor), metrics_(metrics), index_(index) {}
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  // Listens on all addresses, with at most `backlog` peers that are not let in yet: a SYN beyond it
  // is dropped and comes again seconds later, so it is the number of connections. False when the
  // port is taken or lwIP has no listener left.
  [[nodiscard]] bool start(std::uint16_t port, std::uint8_t backlog);

  void close() override;

 private:
  friend struct AcceptCallback;

  Transports& transports_;
  hal::Acceptor& acceptor_;
  metrics::Metrics& metrics_;
  tcp_pcb* pcb_ = nullptr;  // null while it does not listen
  std::uint16_t index_;
};

}  // namespace midge::lwip
