// Opens connections outward over lwIP, for the bridge. Names need LWIP_DNS; without it only
// addresses are found.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "broker/hal/connector.hpp"
#include "platform/lwip/transports.hpp"

namespace midge::lwip {

class Connector final : public hal::Connector {
 public:
  static constexpr std::size_t kAttempts = 2;  // at once; one more is answered by TimedOut

  // `transports` outlives it.
  explicit Connector(Transports& transports) : transports_(transports) {}
  Connector(const Connector&) = delete;
  Connector& operator=(const Connector&) = delete;

  void connect(std::string_view host, std::uint16_t port, hal::ConnectHandler& handler) override;
  void cancel(hal::ConnectHandler& handler) override;

  // After the turn's frames and timers, before Transports::end_turn(): tells of what has ended.
  void end_turn();
  // True when end_turn() has something to tell: the next turn comes at once.
  [[nodiscard]] bool is_due() const;

 private:
  friend struct ConnectCallbacks;

  // It lives on after cancel() while lwIP's resolver knows it.
  struct Attempt {
    hal::ConnectHandler* handler = nullptr;  // null: cancelled, or free
    tcp_pcb* pcb = nullptr;
    std::uint16_t port = 0;
    bool resolves = false;
    bool failed = false;
    hal::ConnectError error{};
  };

  void open(Attempt& attempt, std::uint32_t address);
  static void fail(Attempt& attempt, hal::ConnectError error);

  Transports& transports_;
  std::array<Attempt, kAttempts> attempts_;
  hal::ConnectHandler* refused_ = nullptr;  // an attempt too many, that is to be told
};

}  // namespace midge::lwip
