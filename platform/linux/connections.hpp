// All transports of the loop: reads, writes, drains and closes them. Objects and leftovers come
// from the broker's arena, so that its limit covers them.
//
// System calls: one recv per readiness (more only while it fills the whole buffer), one send or
// sendmsg per write, no epoll_ctl after the first.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "broker/base/arena.hpp"
#include "broker/base/list.hpp"
#include "broker/base/slab.hpp"
#include "broker/hal/listener.hpp"
#include "platform/linux/address_text.hpp"
#include "platform/linux/descriptor.hpp"
#include "platform/linux/event_loop.hpp"
#include "platform/linux/gather.hpp"
#include "platform/linux/tcp_transport.hpp"

namespace midge::platform {

// A transport between finish() and on_closed(): reads and forgets, until the peer closes too.
struct DrainTag;
struct Drain : ListNode<DrainTag> {
  TcpTransport& transport;
  Instant deadline;
  std::size_t bytes_left;

  Drain(TcpTransport& of, Instant until, std::size_t bytes)
      : transport(of), deadline(until), bytes_left(bytes) {}
};

class Connections final : public TransportEvents {
 public:
  static constexpr std::size_t kReceiveBytes = 256 * 1024;
  // When all together have read so much, the others wait for the next turn: more would not be in
  // the cache any more when it is sent.
  static constexpr std::size_t kTurnBytes = 512 * 1024;
  static constexpr Duration kDrainTime{1'000};
  static constexpr std::size_t kDrainBytes = 1024 * 1024;

  // Both outlive it.
  Connections(EventLoop& loop, Arena& arena);
  Connections(const Connections&) = delete;
  Connections& operator=(const Connections&) = delete;
  // Transports that are still open are left to the end of the process.
  ~Connections();

  enum class Adopted : std::uint8_t { Open, Refused, NoRoom };
  // Takes over a connected, non-blocking socket, offers it to `acceptor` and, when that takes it,
  // watches it. Otherwise it is closed again.
  Adopted adopt(Descriptor socket, const sockaddr& peer, hal::Acceptor& acceptor,
                std::uint16_t listener);

  // Transports that exist, those on the way out included.
  [[nodiscard]] std::size_t count() const { return transports_.used(); }
  void on_transport_events(TcpTransport& transport, std::uint32_t events) override;
  void on_turn_begin() override;
  void on_turn_end(Instant now) override;
  [[nodiscard]] Instant next_deadline() const override;

 private:
  friend class TcpTransport;
  // What one connection may read in a turn, in fillings of the buffer: the others wait as long.
  static constexpr int kReadsPerTurn = 1;

  [[nodiscard]] Result<std::size_t, hal::TransportError> write(TcpTransport& transport,
                                                               std::span<const hal::Chunk> chunks);
  [[nodiscard]] std::size_t send_chunk(TcpTransport& transport, Bytes bytes);
  [[nodiscard]] std::size_t send_gathered(TcpTransport& transport,
                                          std::span<const hal::Chunk> chunks);
  [[nodiscard]] std::size_t on_sent(TcpTransport& transport, ssize_t sent, std::size_t offered);
  void finish(TcpTransport& transport);
  void abort(TcpTransport& transport);

  void queue(TcpTransport& transport);  // to be looked at in the next turn
  void serve(TcpTransport& transport);
  void read(TcpTransport& transport);
  void offer(TcpTransport& transport, std::size_t received, bool peeked);
  void offer_leftover(TcpTransport& transport);
  void drain(TcpTransport& transport);
  void end(TcpTransport& transport, hal::CloseCause cause);
  void close(TcpTransport& transport);
  void bury(TcpTransport& transport);
  [[nodiscard]] bool set_peer(TcpTransport& transport, const sockaddr& peer);

  [[nodiscard]] bool can_keep_leftover();
  void keep_leftover(TcpTransport& transport, Bytes bytes);
  void drop_leftover(TcpTransport& transport);
  [[nodiscard]] std::size_t leftover_pages(std::size_t bytes) const;
  void give_back(Leftover* leftover);

  EventLoop& loop_;
  Arena& arena_;
  Pool<TcpTransport> transports_;
  Pool<LongPeer> long_peers_;
  Pool<Drain> drains_;
  Queue<TcpTransport> queue_;        // for the next turn
  Queue<TcpTransport> serving_;      // of this turn
  List<Drain, DrainTag> draining_;   // in the order of their deadlines
  AddressText peer_text_;            // what TcpTransport::peer() refers to
  void* spare_leftover_ = nullptr;   // room for one full buffer, taken before it is needed
  const std::size_t receive_bytes_;  // of the buffer; less where the arena is small
  std::size_t kept_pages_ = 0;       // of leftovers
  std::size_t turn_bytes_ = 0;       // read in this turn
  bool is_behind_ = false;           // the turn before read all it may: who is queued comes first
  Gather gather_;
  alignas(64) std::array<std::uint8_t, kReceiveBytes> buffer_;
};

}  // namespace midge::platform
