// One TCP connection over lwIP's raw API. It holds state and nothing else; Transports does the
// work.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "broker/hal/transport.hpp"
#include "platform/lwip/leftovers.hpp"

struct tcp_pcb;

namespace midge::lwip {

class Transports;

class Transport final : public hal::Transport {
 public:
  enum class State : std::uint8_t {
    Free,
    Open,
    Draining,  // what was taken goes out; received bytes are dropped
    Ended,     // on_closed() is due
  };

  Transport() = default;
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  [[nodiscard]] Result<std::size_t, hal::TransportError> write(
      std::span<const hal::Chunk> chunks) override;
  void pause_receive() override { paused_ = true; }
  void resume_receive() override;
  void finish() override;
  void abort() override;
  [[nodiscard]] std::string_view peer() const override;

 private:
  friend class Transports;
  friend struct Callbacks;
  // There is one, as there is one lwIP.
  [[nodiscard]] static Transports& owner();

  hal::TransportHandler* handler_ = nullptr;
  tcp_pcb* pcb_ = nullptr;          // null once lwIP has given it up
  std::uint32_t peer_address_ = 0;  // in network order
  std::uint16_t peer_port_ = 0;
  union {
    LeftoverIndex leftover_ = kNoLeftover;  // while open: received but not used
    std::uint16_t drain_end_ms_;            // while draining: the low bits of an instant
  };
  // Taken bytes that lwIP still holds, in their order: first those that on_sent() has counted
  // already, because lwIP has copied them and nothing before them was referred to; then the others.
  std::uint16_t counted_ = 0;
  std::uint16_t uncounted_ = 0;
  std::uint16_t cost_ = 0;  // of these to lwIP's memory, see Transports

  State state_ : 3 = State::Free;
  hal::CloseCause cause_ : 3 = hal::CloseCause::Finished;
  bool paused_ : 1 = false;
  bool full_ : 1 = false;        // a write was cut short; on_writable() follows
  bool shut_ : 1 = false;        // our side is closed
  bool peer_ended_ : 1 = false;  // the peer has closed its side
  bool waits_ : 1 = false;       // to be looked at in the next turn
  bool serves_ : 1 = false;      // to be looked at in this turn
};

static_assert(sizeof(void*) != 4 || sizeof(Transport) == 28);

}  // namespace midge::lwip
