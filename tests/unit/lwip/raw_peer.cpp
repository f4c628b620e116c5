#include "tests/unit/lwip/raw_peer.hpp"

#include <doctest/doctest.h>
#include <lwip/netif.h>
#include <lwip/tcp.h>

#include <algorithm>
#include <utility>

namespace midge::test {

struct RawPeerCallbacks {
  static RawPeer& of(void* argument) { return *static_cast<RawPeer*>(argument); }

  static err_t connected(void* argument, tcp_pcb*, err_t) {
    of(argument).connected_ = true;
    return ERR_OK;
  }
  static err_t received(void* argument, tcp_pcb*, pbuf* chain, err_t) {
    RawPeer& peer = of(argument);
    if (chain == nullptr) {
      peer.broker_finished_ = true;
      return ERR_OK;
    }
    for (const pbuf* piece = chain; piece != nullptr; piece = piece->next)
      peer.unread_.append(static_cast<const char*>(piece->payload), piece->len);
    pbuf_free(chain);
    return ERR_OK;
  }
  static void failed(void* argument, err_t error) {
    RawPeer& peer = of(argument);
    peer.pcb_ = nullptr;
    // Closed means that the last acknowledgement has come.
    if (error != ERR_CLSD && peer.end_ == Peer::End::Open) peer.end_ = Peer::End::Reset;
  }
};

RawPeer::RawPeer(std::uint16_t port) : pcb_(tcp_new()) {
  REQUIRE(pcb_ != nullptr);
  tcp_arg(pcb_, this);
  tcp_recv(pcb_, RawPeerCallbacks::received);
  tcp_err(pcb_, RawPeerCallbacks::failed);
  tcp_nagle_disable(pcb_);
  REQUIRE(tcp_connect(pcb_, netif_ip_addr4(netif_default), port, RawPeerCallbacks::connected) ==
          ERR_OK);
  name_ = "10.0.0.1:" + std::to_string(pcb_->local_port);
}

RawPeer::~RawPeer() {
  if (pcb_ == nullptr) return;
  tcp_err(pcb_, nullptr);
  tcp_abort(pcb_);
}

void RawPeer::leave() {
  tcp_arg(pcb_, nullptr);
  tcp_recv(pcb_, nullptr);
  tcp_err(pcb_, nullptr);
  pcb_ = nullptr;
}

void RawPeer::reset() {
  if (tcp_pcb* const pcb = pcb_) {
    leave();
    tcp_abort(pcb);
  }
  to_send_.clear();
  end_ = End::Reset;
}

void RawPeer::pump() {
  if (reads_ && !unread_.empty()) {
    received_ += unread_;
    if (pcb_ != nullptr) tcp_recved(pcb_, static_cast<u16_t>(unread_.size()));
    unread_.clear();
  }
  if (end_ == End::Open && broker_finished_ && unread_.empty()) end_ = End::Finished;
  if (pcb_ == nullptr || !connected_) return;
  while (!to_send_.empty()) {
    const auto part = static_cast<u16_t>(std::min<std::size_t>(to_send_.size(), tcp_sndbuf(pcb_)));
    if (part == 0 || tcp_write(pcb_, to_send_.data(), part, TCP_WRITE_FLAG_COPY) != ERR_OK) break;
    to_send_.erase(0, part);
  }
  tcp_output(pcb_);
  if (!to_send_.empty()) return;
  if (closes_ && unread_.empty()) {
    tcp_pcb* const pcb = pcb_;
    leave();
    tcp_close(pcb);
    if (end_ == End::Open) end_ = End::Finished;
  } else if (closes_write_ && !shut_) {
    shut_ = true;
    tcp_shutdown(pcb_, 0, 1);
  }
}

}  // namespace midge::test
