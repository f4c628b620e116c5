// All transports: reads, writes, drains and closes them. There are as many as the system has
// sockets for, in a table that is made once.
//
// System calls: poll() for all; two recv() for each readiness (the first leaves the bytes where
// they are, the second takes away what the broker used, so that a paused client's bytes stay in
// its own receive window and cost the broker nothing); one send() for up to kSendBytes of short
// chunks, and for each long chunk.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "broker/base/arena.hpp"
#include "broker/hal/listener.hpp"
#include "platform/sockets/poller.hpp"
#include "platform/sockets/transport.hpp"

namespace midge::sockets {

class Connections {
 public:
  static constexpr std::size_t kReceiveBytes = 2'048;  // read at once, one segment and more
  static constexpr std::size_t kSendBytes = 1'460;     // gathered for one send, one segment
  static constexpr std::size_t kCopyBelow = 512;       // chunks of this size go out by themselves
  static constexpr Duration kDrainTime{1'000};

  // A table for `capacity` transports in pages of `arena`. Their entries in a poller are 0 to
  // capacity - 1.
  Connections(Arena& arena, std::size_t capacity, Instant now);
  Connections(const Connections&) = delete;
  Connections& operator=(const Connections&) = delete;
  // Transports that are still open are closed unseen.
  ~Connections();

  // False when the arena had no room: then nothing else may be called.
  [[nodiscard]] bool is_ready() const { return table_ != nullptr; }

  enum class Adopted : std::uint8_t { Open, Refused, NoRoom };
  // Takes over a connected, non-blocking socket and offers it to `acceptor`; closes it when that
  // refuses it or the table is full.
  Adopted adopt(int socket, const Address& peer, hal::Acceptor& acceptor, std::uint16_t listener);

  // Transports that exist, those on the way out included.
  [[nodiscard]] std::size_t count() const { return count_; }
  [[nodiscard]] std::size_t capacity() const { return capacity_; }

  // Before a wait: tells `poller` what each transport waits for.
  void watch(Poller& poller) const;
  // When serve() must come even without an event.
  [[nodiscard]] Instant next_deadline() const;
  // After it: hands out what `poller` found. `now` is the time of the turn.
  void serve(const Poller& poller, Instant now);

 private:
  friend class SocketTransport;
  using State = SocketTransport::State;

  [[nodiscard]] Result<std::size_t, hal::TransportError> write(SocketTransport& transport,
                                                               std::span<const hal::Chunk> chunks);
  [[nodiscard]] Bytes next_piece(std::span<const hal::Chunk> chunks, std::size_t skip);
  void finish(SocketTransport& transport);
  void close(SocketTransport& transport, hal::CloseCause cause);
  [[nodiscard]] std::string_view text_of(const Address& address);

  void serve(SocketTransport& transport, Events events);
  void read(SocketTransport& transport);
  void drain(SocketTransport& transport, Events events);
  void bury(SocketTransport& transport);
  [[nodiscard]] SocketTransport* free_transport() const;
  [[nodiscard]] std::span<SocketTransport> all() const { return {table_, capacity_}; }
  [[nodiscard]] std::size_t pages() const;

  Arena& arena_;
  const std::size_t capacity_;
  SocketTransport* table_;
  std::size_t count_ = 0;
  std::size_t closed_ = 0;  // of these, waiting for their on_closed()
  Instant now_;             // of the last turn
  AddressText peer_text_;   // what SocketTransport::peer() refers to
  std::array<std::uint8_t, kReceiveBytes> received_;
  std::array<std::uint8_t, kSendBytes> gathered_;
};

}  // namespace midge::sockets
