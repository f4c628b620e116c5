#include "platform/lwip/transports.hpp"

#include <lwip/tcp.h>

#include <algorithm>
#include <utility>

namespace midge::lwip {

using State = Transport::State;

static_assert(LWIP_CALLBACK_API == 1);
static_assert(TCP_QUEUE_OOSEQ == 0);
static_assert(TCP_OVERSIZE == 0);
static_assert(LWIP_NETIF_TX_SINGLE_PBUF == 0);
static_assert(TCP_LISTEN_BACKLOG == 1);
static_assert(TCP_SND_BUF <= 0xFFFF && TCP_SND_QUEUELEN >= 4);

// What lwIP calls. The argument is the transport.
struct Callbacks {
  static Transport& of(void* argument) { return *static_cast<Transport*>(argument); }

  static err_t received(void* argument, tcp_pcb*, pbuf* chain, err_t) {
    Transport& transport = of(argument);
    if (chain == nullptr) {
      transport.peer_ended_ = true;
      // It waits a turn, so that what the last bytes asked for is answered: the peer may have
      // closed its side only.
      Transport::owner().wait_for_turn(transport);
    } else {
      Transport::owner().receive(transport, chain);
    }
    return ERR_OK;
  }
  static err_t sent(void* argument, tcp_pcb*, u16_t) {
    Transport::owner().settle(of(argument));
    return ERR_OK;
  }
  static void failed(void* argument, err_t) { Transport::owner().fail(of(argument)); }
};

Transports& Transport::owner() {
  return *Transports::only_;
}

Transports::Transports(Transport* transports, std::size_t count, std::span<LeftoverBlock> blocks)
    : transports_(transports, count),
      leftovers_(blocks),
      share_(kBudget / 2 / count),
      charged_(share_ * count) {
  only_ = this;
  for (Transport& transport : transports_) new (&transport) Transport;
}

std::size_t Transports::count() const {
  std::size_t used = 0;
  for (const Transport& transport : transports_) used += transport.state_ != State::Free ? 1U : 0U;
  return used;
}

Transports::Adopted Transports::adopt(tcp_pcb* pcb, hal::Acceptor& acceptor,
                                      std::uint16_t listener) {
  for (Transport& transport : transports_) {
    if (transport.state_ != State::Free) continue;
    new (&transport) Transport;
    transport.state_ = State::Open;
    transport.pcb_ = pcb;
    transport.peer_address_ = ip4_addr_get_u32(ip_2_ip4(&pcb->remote_ip));
    transport.peer_port_ = pcb->remote_port;
    transport.handler_ = acceptor.accept(transport, listener);
    if (transport.handler_ == nullptr) {
      transport.state_ = State::Free;
      return Adopted::Refused;
    }
    tcp_arg(pcb, &transport);
    tcp_recv(pcb, Callbacks::received);
    tcp_sent(pcb, Callbacks::sent);
    tcp_err(pcb, Callbacks::failed);
    tcp_nagle_disable(pcb);  // a turn's packets are one write: nothing comes that was worth waiting
    // A client without a keep alive that has vanished is noticed after three minutes.
    ip_set_option(pcb, SOF_KEEPALIVE);
    pcb->keep_idle = 120'000;
    pcb->keep_intvl = 10'000;
    pcb->keep_cnt = 6;
    return Adopted::Open;
  }
  return Adopted::NoRoom;
}

void Transports::begin_turn(Instant now) {
  now_ = now;
  waits_ = false;
  for (Transport& transport : transports_) {
    transport.serves_ = transport.waits_;
    transport.waits_ = false;
  }
}

void Transports::end_turn() {
  for (Transport& transport : transports_) {
    if (transport.state_ == State::Open && transport.serves_) serve(transport);
    if (transport.state_ == State::Open && transport.full_ && is_writable(transport)) {
      transport.full_ = false;
      transport.handler_->on_writable();
    }
    if (transport.state_ == State::Draining && transport.pcb_ != nullptr && !transport.shut_)
      shut(transport);
    if (transport.state_ == State::Draining) {
      const bool sent = transport.counted_ == 0 && transport.uncounted_ == 0;
      if (transport.pcb_ == nullptr || (transport.peer_ended_ && transport.shut_ && sent)) {
        release_pcb(transport, false);
        end(transport, transport.cause_);
      } else if (left_until(transport.drain_end_ms_) <= Duration{0}) {
        end(transport, transport.cause_);
      }
    }
    if (transport.state_ == State::Ended) bury(transport);
  }
}

Instant Transports::next_deadline() const {
  if (waits_) return Instant::min();
  Instant next = kNever;
  for (const Transport& transport : transports_) {
    if (transport.state_ != State::Draining) continue;
    next = std::min(next, now_ + left_until(transport.drain_end_ms_));
  }
  return next;
}

Duration Transports::left_until(std::uint16_t end_ms) const {
  const auto now_ms = static_cast<std::uint16_t>(now_.time_since_epoch().count());
  return Duration(static_cast<std::int16_t>(end_ms - now_ms));
}

void Transports::wait_for_turn(Transport& transport) {
  transport.waits_ = waits_ = true;
}

// What was put off for a turn.
void Transports::serve(Transport& transport) {
  if (!transport.paused_ && transport.leftover_ != kNoLeftover) {
    offer_leftover(transport);
    // Whatever is behind it waits a turn more, so that the bytes are answered before the end.
    if (transport.state_ == State::Open && transport.leftover_ == kNoLeftover)
      wait_for_turn(transport);
    return;
  }
  if (transport.pcb_ == nullptr) return end(transport, hal::CloseCause::Error);
  if (!transport.paused_ && transport.peer_ended_) drain(transport, hal::CloseCause::Peer);
}

// Nothing is offered from now on.
void Transports::drain(Transport& transport, hal::CloseCause cause) {
  const std::size_t unused = leftovers_.drop(transport.leftover_);
  transport.state_ = State::Draining;
  transport.cause_ = cause;
  transport.drain_end_ms_ =
      static_cast<std::uint16_t>((now_ + kDrainTime).time_since_epoch().count());
  wait_for_turn(transport);
  if (transport.pcb_ == nullptr) return;
  if (unused > 0) tcp_recved(transport.pcb_, static_cast<u16_t>(unused));
  shut(transport);
}

// Closes our side. A FIN into a closed window would be lost, and repeated after the drain's end: it
// waits until the peer reads.
void Transports::shut(Transport& transport) {
  tcp_pcb* const pcb = transport.pcb_;
  if (pcb->snd_lbb - pcb->lastack >= pcb->snd_wnd) return;
  transport.shut_ = true;
  // Without memory for the FIN lwIP tries again with its timer.
  if (tcp_shutdown(pcb, 0, 1) != ERR_OK) end(transport, transport.cause_);
}

// The pcb stays until the end of the turn: lwIP may be in the middle of it.
void Transports::end(Transport& transport, hal::CloseCause cause) {
  if (transport.state_ == State::Ended || transport.state_ == State::Free) return;
  if (transport.state_ == State::Open) leftovers_.drop(transport.leftover_);
  transport.state_ = State::Ended;
  transport.cause_ = cause;
  wait_for_turn(transport);
}

// lwIP has given up the pcb, and frees it when this returns.
void Transports::fail(Transport& transport) {
  transport.pcb_ = nullptr;
  wait_for_turn(transport);
}

// Its memory refers to nothing of ours from now on: an abort frees what was queued; else all is
// acknowledged, and lwIP ends the connection by itself.
void Transports::release_pcb(Transport& transport, bool aborts) {
  tcp_pcb* const pcb = std::exchange(transport.pcb_, nullptr);
  if (pcb == nullptr) return;
  tcp_arg(pcb, nullptr);
  tcp_recv(pcb, nullptr);
  tcp_sent(pcb, nullptr);
  tcp_err(pcb, nullptr);
  if (aborts) tcp_abort(pcb);
}

void Transports::bury(Transport& transport) {
  release_pcb(transport, true);
  set_cost(transport, 0);
  transport.waits_ = false;
  transport.handler_->on_closed(transport.cause_);
  transport.state_ = State::Free;
}

}  // namespace midge::lwip
