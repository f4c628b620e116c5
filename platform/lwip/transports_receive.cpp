// Transports: the way in. A pbuf is offered as it is and freed before its callback returns. What a
// pausing handler left is kept as far as there are blocks; the rest is treated as never received.
#include <lwip/tcp.h>

#include <algorithm>
#include <utility>

#include "broker/base/assert.hpp"
#include "platform/lwip/transports.hpp"

namespace midge::lwip {

using State = Transport::State;

void Transports::receive(Transport& transport, pbuf* chain) {
  MIDGE_ASSERT(chain != nullptr);
  std::size_t used = 0;
  for (const pbuf* piece = chain; piece != nullptr; piece = piece->next) {
    if (transport.state_ != State::Open || transport.paused_ || transport.leftover_ != kNoLeftover)
      break;
    if (piece->len == 0) continue;
    const std::size_t count = transport.handler_->on_received(
        {static_cast<const std::uint8_t*>(piece->payload), piece->len});
    used += count;
    if (count < piece->len) break;
  }
  if (transport.state_ == State::Open && used < chain->tot_len) {
    keep(transport, chain, used);
  } else {
    used = chain->tot_len;
  }
  // Nothing of what the handler does ends the pcb from inside.
  if (used > 0) tcp_recved(transport.pcb_, static_cast<u16_t>(used));
  pbuf_free(chain);
}

// Keeps what lies behind the first `used` bytes.
void Transports::keep(Transport& transport, pbuf* chain, std::size_t used) {
  std::size_t kept = 0;
  std::size_t skip = used;
  for (const pbuf* piece = chain; piece != nullptr; piece = piece->next) {
    const Bytes bytes(static_cast<const std::uint8_t*>(piece->payload), piece->len);
    const Bytes rest = bytes.subspan(std::min(skip, bytes.size()));
    skip -= bytes.size() - rest.size();
    const std::size_t count = leftovers_.append(transport.leftover_, rest);
    kept += count;
    if (count < rest.size()) break;
  }
  if (!transport.paused_) wait_for_turn(transport);
  if (used + kept < chain->tot_len) put_back(transport, chain->tot_len - used - kept);
}

// The last bytes of the segment that lwIP is just handing over are not there: the acknowledgement
// that follows does not count them, so the peer sends them again. That is how a network loses them,
// and it needs no memory: any number of paused peers leaves the others what they need.
void Transports::put_back(Transport& transport, std::size_t bytes) {
  ++put_back_;
  tcp_pcb& pcb = *transport.pcb_;
  // The peer's end is behind them in the same segment and counts already.
  if (pcb.state != ESTABLISHED && pcb.state != FIN_WAIT_1 && pcb.state != FIN_WAIT_2)
    return end(transport, hal::CloseCause::Error);
  pcb.rcv_nxt -= static_cast<u32_t>(bytes);
  tcp_recved(&pcb, static_cast<u16_t>(bytes));
}

void Transports::offer_leftover(Transport& transport) {
  // The block is out of the transport's hands meanwhile: the handler may end it and still look.
  while (transport.leftover_ != kNoLeftover && !transport.paused_) {
    LeftoverIndex taken = transport.leftover_;
    LeftoverBlock& block = leftovers_[taken];
    transport.leftover_ = std::exchange(block.next, kNoLeftover);
    const std::size_t size = static_cast<std::size_t>(block.end - block.begin);
    const std::size_t used = transport.handler_->on_received({block.bytes + block.begin, size});
    if (transport.state_ != State::Open) {
      leftovers_.drop(taken);
      if (transport.pcb_ != nullptr) tcp_recved(transport.pcb_, static_cast<u16_t>(size));
      return;
    }
    MIDGE_ASSERT(used == size || transport.paused_);
    block.next = std::exchange(transport.leftover_, taken);
    if (used > 0) leftovers_.consume(transport.leftover_, used);
    if (used > 0 && transport.pcb_ != nullptr) tcp_recved(transport.pcb_, static_cast<u16_t>(used));
  }
}

}  // namespace midge::lwip
