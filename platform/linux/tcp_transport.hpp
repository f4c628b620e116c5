// One connected stream socket, TCP or Unix. It holds state and nothing else; Connections does the
// work. No buffer belongs to it but bytes that a paused handler left over.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "broker/hal/transport.hpp"

namespace midge::platform {

class Connections;
struct Leftover;
struct Drain;

// A peer's address that does not fit into the transport: IPv6.
struct LongPeer {
  std::array<std::uint8_t, 16> address;
};

class TcpTransport final : public hal::Transport {
 public:
  TcpTransport(Connections& owner, int fd) : owner_(owner), fd_(fd) {}
  TcpTransport(const TcpTransport&) = delete;
  TcpTransport& operator=(const TcpTransport&) = delete;

  [[nodiscard]] Result<std::size_t, hal::TransportError> write(
      std::span<const hal::Chunk> chunks) override;
  void pause_receive() override;
  void resume_receive() override;
  void finish() override;
  void abort() override;
  [[nodiscard]] std::string_view peer() const override;

  TcpTransport* next = nullptr;  // in the queue of Connections

 private:
  friend class Connections;
  Connections& owner_;
  hal::TransportHandler* handler_ = nullptr;  // null until accepted
  union {
    Leftover* leftover_ = nullptr;  // received but not used; null: none
    Drain* drain_;                  // while draining
  };
  int fd_;  // -1 when closed

  bool writable_ : 1 = true;   // no write was cut short since the last EPOLLOUT
  bool readable_ : 1 = false;  // bytes, an end or an error may wait in the socket
  bool hung_up_ : 1 = false;   // the peer's end waits behind what is unread
  bool broken_ : 1 = false;    // reset: what came before may be read still, nothing can be sent
  bool paused_ : 1 = false;
  bool draining_ : 1 = false;  // finish() was called
  bool closed_ : 1 = false;    // the descriptor is gone; on_closed() is due or was called
  bool queued_ : 1 = false;    // in the queue of Connections
  enum class Family : std::uint8_t { Unix, V4, V6 };
  hal::CloseCause cause_ : 4 = hal::CloseCause::Finished;
  Family family_ : 4 = Family::Unix;

  std::uint16_t peer_port_ = 0;  // as the kernel has it, as the address
  union {
    std::uint32_t peer_v4_ = 0;
    LongPeer* long_peer_;  // V6
  };
};

static_assert(sizeof(void*) != 8 || sizeof(TcpTransport) <= 56);

}  // namespace midge::platform
