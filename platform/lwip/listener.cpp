#include "platform/lwip/listener.hpp"

#include <lwip/tcp.h>

#include <utility>

namespace midge::lwip {

struct AcceptCallback {
  static err_t accepted(void* argument, tcp_pcb* pcb, err_t error) {
    auto& listener = *static_cast<Listener*>(argument);
    if (error != ERR_OK || pcb == nullptr) {
      listener.metrics_.count(metrics::Cause::ConnectionLimit);
      return ERR_VAL;
    }
    switch (listener.transports_.adopt(pcb, listener.acceptor_, listener.index_)) {
      case Transports::Adopted::Open:
        return ERR_OK;
      case Transports::Adopted::Refused:
        break;  // the acceptor counts it
      case Transports::Adopted::NoRoom:
        listener.metrics_.count(metrics::Cause::ConnectionLimit);
        break;
    }
    tcp_abort(pcb);
    return ERR_ABRT;
  }
};

bool Listener::start(std::uint16_t port, std::uint8_t backlog) {
  tcp_pcb* const pcb = tcp_new();
  if (pcb == nullptr) return false;
  if (tcp_bind(pcb, IP4_ADDR_ANY, port) == ERR_OK)
    pcb_ = tcp_listen_with_backlog(pcb, backlog);  // frees `pcb` when it succeeds
  if (pcb_ == nullptr) {
    tcp_close(pcb);
    return false;
  }
  tcp_arg(pcb_, this);
  tcp_accept(pcb_, AcceptCallback::accepted);
  return true;
}

void Listener::close() {
  if (pcb_ != nullptr) tcp_close(std::exchange(pcb_, nullptr));
}

}  // namespace midge::lwip
