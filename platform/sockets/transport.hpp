// One connected TCP socket. It holds state and nothing else; Connections does the work. No buffer
// belongs to it: what a paused handler leaves stays in the socket.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "broker/base/time.hpp"
#include "broker/hal/transport.hpp"
#include "platform/sockets/system.hpp"

namespace midge::sockets {

class Connections;

class SocketTransport final : public hal::Transport {
 public:
  explicit SocketTransport(Connections& owner) : owner_(owner) {}
  SocketTransport(const SocketTransport&) = delete;
  SocketTransport& operator=(const SocketTransport&) = delete;

  [[nodiscard]] Result<std::size_t, hal::TransportError> write(
      std::span<const hal::Chunk> chunks) override;
  void pause_receive() override { paused_ = true; }
  void resume_receive() override { paused_ = quiet_ = false; }
  void finish() override;
  void abort() override;
  [[nodiscard]] std::string_view peer() const override;

 private:
  friend class Connections;

  enum class State : std::uint8_t {
    Free,      // nobody's
    Open,      //
    Draining,  // finish() was called: reads and forgets until the peer closes too
    Closed,    // the socket is gone, on_closed() is due
  };

  Connections& owner_;
  hal::TransportHandler* handler_ = nullptr;  // null while free
  int socket_ = kNoSocket;
  Instant drain_end_{};  // of Draining
  Address peer_;
  State state_ = State::Free;
  hal::CloseCause cause_ = hal::CloseCause::Finished;  // of Closed
  bool writable_ : 1 = true;  // no write was cut short since poll() last said so
  bool broken_ : 1 = false;   // what came before may be read still, nothing can be sent
  bool paused_ : 1 = false;
  bool quiet_ : 1 = false;  // not watched, because poll() would tell the same for ever
};

static_assert(sizeof(void*) != 8 || sizeof(SocketTransport) <= 64);
static_assert(sizeof(void*) != 4 || sizeof(SocketTransport) <= 48);

}  // namespace midge::sockets
