// All connections of lwIP's stack: a fixed pool of them, and what they share of its memory. lwIP
// calls it while it gets frames and timers; the handlers are called from there and from end_turn().
//
// One turn of the board's loop:
//   core.begin(now, wall);
//   transports.begin_turn(now);
//   ... received frames to lwIP, sys_check_timeouts() ...
//   transports.end_turn();
//   core.turn();
//   wait until core.next_deadline(), transports.next_deadline(), lwIP's timers, or a frame
#pragma once

#include <lwip/opt.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <new>
#include <span>

#include "broker/base/text.hpp"
#include "broker/base/time.hpp"
#include "broker/hal/listener.hpp"
#include "platform/lwip/leftovers.hpp"
#include "platform/lwip/transport.hpp"

struct pbuf;

namespace midge::lwip {

class Transports {
 public:
  static constexpr Duration kDrainTime{1'000};
  // A shorter chunk is copied, whatever its Keep. Instructions of a Cortex-M3: 290 for a reference
  // behind what is queued (670 with a segment of its own), and 1.1 to copy a byte: twice, because
  // short chunks are gathered. The broker's entry that holds the message for a reference comes on
  // top; the copy takes memory of lwIP's that others wait for.
  static constexpr std::size_t kReferenceFrom = 256;

  // The memory: so many connections at once, so many blocks for what handlers leave over.
  template <std::size_t kTransports, std::size_t kBlocks>
  struct Storage {
    alignas(Transport) std::uint8_t transports[kTransports][sizeof(Transport)];
    LeftoverBlock blocks[kBlocks];
  };

  // `storage` outlives it. One object for lwIP's one stack.
  template <std::size_t kTransports, std::size_t kBlocks>
  explicit Transports(Storage<kTransports, kBlocks>& storage)
      : Transports(reinterpret_cast<Transport*>(storage.transports), kTransports, storage.blocks) {}
  Transports(const Transports&) = delete;
  Transports& operator=(const Transports&) = delete;

  enum class Adopted : std::uint8_t { Open, Refused, NoRoom };
  // Takes over a connected pcb and offers it to `acceptor`. When it is not taken the pcb is still
  // the caller's. Called from lwIP's callbacks.
  [[nodiscard]] Adopted adopt(tcp_pcb* pcb, hal::Acceptor& acceptor, std::uint16_t listener);

  void begin_turn(Instant now);
  void end_turn();
  // When the next turn must come; Instant::min() when something was put off until then.
  [[nodiscard]] Instant next_deadline() const;

  // Connections that exist, those on the way out included.
  [[nodiscard]] std::size_t count() const;
  [[nodiscard]] const Leftovers& leftovers() const { return leftovers_; }
  // How often a peer has to send again because there was no room for a leftover.
  [[nodiscard]] std::uint32_t put_back() const { return put_back_; }

 private:
  friend class Transport;
  friend struct Callbacks;

  // lwIP's heap holds the copies and the headers of all connections. Each has a share that nobody
  // else gets; the rest is for who comes first. So a peer that does not read stops nobody else.
  static constexpr std::size_t kBudget = MIDGE_SEND_BYTES;
  // A queued buffer: heap and pbuf headers, room for TCP, IP and Ethernet; and so much that lwIP's
  // segments last as long as its heap.
  static constexpr std::size_t kPerBuffer =
      kBudget / MIDGE_SEND_BUFFERS > 100 ? kBudget / MIDGE_SEND_BUFFERS : 100;
  static_assert(kBudget <= MEM_SIZE && kPerBuffer < 0x4000);

  Transports(Transport* transports, std::size_t count, std::span<LeftoverBlock> blocks);

  // What is left until an instant whose low bits are `end_ms`, not far away.
  [[nodiscard]] Duration left_until(std::uint16_t end_ms) const;

  // The way in.
  void receive(Transport& transport, pbuf* chain);
  void keep(Transport& transport, pbuf* chain, std::size_t used);
  void put_back(Transport& transport, std::size_t bytes);
  void offer_leftover(Transport& transport);
  // The way out.
  [[nodiscard]] std::size_t write(Transport& transport, std::span<const hal::Chunk> chunks);
  [[nodiscard]] std::size_t write_part(Transport& transport, Bytes bytes, bool& refers);
  [[nodiscard]] std::size_t room(const Transport& transport, bool refers) const;
  [[nodiscard]] bool is_writable(const Transport& transport) const;
  std::size_t charge(Transport& transport);
  [[nodiscard]] std::size_t charged(std::size_t cost) const {
    return cost < share_ ? share_ : cost;
  }
  void settle(Transport& transport);
  void set_cost(Transport& transport, std::size_t cost);
  // The end.
  void wait_for_turn(Transport& transport);
  void serve(Transport& transport);
  void drain(Transport& transport, hal::CloseCause cause);
  void shut(Transport& transport);
  void end(Transport& transport, hal::CloseCause cause);
  void fail(Transport& transport);
  void release_pcb(Transport& transport, bool aborts);
  void bury(Transport& transport);

  static inline Transports* only_ = nullptr;

  std::span<Transport> transports_;
  Leftovers leftovers_;
  Instant now_{};
  std::size_t share_;    // of the budget, each connection's own
  std::size_t charged_;  // of the budget: the larger of share and cost, of each
  std::uint32_t put_back_ = 0;
  bool waits_ = false;  // some transport does
  Text<24> peer_text_;  // what Transport::peer() refers to
};

}  // namespace midge::lwip
