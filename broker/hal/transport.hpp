// A byte stream to one peer: TCP, TLS over it, WebSocket over either, or a simulated link.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "broker/base/bytes.hpp"
#include "broker/base/result.hpp"

namespace midge::hal {

enum class Keep : std::uint8_t {
  Copy,       // the bytes are free for reuse when write() returns
  UntilSent,  // they stay in place until on_sent() has counted them: lwIP sends from our memory
};

struct Chunk {
  Bytes bytes;
  Keep keep = Keep::Copy;
};

enum class TransportError : std::uint8_t {
  Closed,  // the peer or the network ended it; on_closed() follows
};

// Why a transport ended, for the log.
enum class CloseCause : std::uint8_t {
  Peer,      // the peer closed its side in order
  Error,     // reset, unreachable, TLS failure
  Finished,  // we asked for it with finish() or abort()
};

// The broker's side of a connection. The platform calls it from its loop, before the core's turn(),
// never from inside one of its own calls to the transport, except on_sent().
class TransportHandler {
 public:
  // Offers received bytes; they live only during the call. Returns how many were used, always all
  // unless the handler paused or closed the transport: what was not used is offered again, in front
  // of newer bytes, after resume_receive().
  virtual std::size_t on_received(Bytes bytes) = 0;

  // write() took less than it was offered and may have room again.
  virtual void on_writable() = 0;

  // `bytes` more of the taken bytes are no longer referenced. May be called from inside write().
  virtual void on_sent(std::size_t bytes) = 0;

  // The last call. No taken byte is referenced any more, not by a retransmission either; the
  // transport must not be touched afterwards.
  virtual void on_closed(CloseCause cause) = 0;

 protected:
  ~TransportHandler() = default;
};

class Transport {
 public:
  // Offers chunks in order; returns bytes taken, fewer than offered when full (on_writable
  // follows).
  [[nodiscard]] virtual Result<std::size_t, TransportError> write(
      std::span<const Chunk> chunks) = 0;

  // Stops and restarts on_received; while stopped, the peer's TCP window fills. Neither calls the
  // handler from inside. A new transport receives.
  virtual void pause_receive() = 0;
  virtual void resume_receive() = 0;

  // Sends what was taken, closes the write side, drains with a bound (1 s), then closes.
  virtual void finish() = 0;

  // At once. After finish() or abort() only on_sent() and on_closed() follow, the latter exactly
  // once and never from inside the call.
  virtual void abort() = 0;

  // The peer as "address:port", or what stands for it ("unix", "sim:7"). To be asked until
  // on_closed() returns; the view is valid until any transport is asked the next time, so that none
  // has to keep the text.
  [[nodiscard]] virtual std::string_view peer() const = 0;

 protected:
  ~Transport() = default;  // the platform owns it; the broker never deletes one
};

}  // namespace midge::hal
