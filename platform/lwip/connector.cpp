#include "platform/lwip/connector.hpp"

#include <lwip/dns.h>
#include <lwip/tcp.h>

#include <utility>

namespace midge::lwip {

namespace {

hal::ConnectError to_error(err_t error) {
  switch (error) {
    case ERR_RST:
      return hal::ConnectError::Refused;
    case ERR_RTE:
      return hal::ConnectError::Unreachable;
    default:
      return hal::ConnectError::TimedOut;  // also without memory: a later attempt may have it
  }
}

// Hands the new connection to who asked for it.
class OnlyOne final : public hal::Acceptor {
 public:
  explicit OnlyOne(hal::ConnectHandler& handler) : handler_(handler) {}
  [[nodiscard]] hal::TransportHandler* accept(hal::Transport& transport, std::uint16_t) override {
    return handler_.on_connected(transport);
  }

 private:
  hal::ConnectHandler& handler_;
};

}  // namespace

// What lwIP calls. The argument is the connector's attempt; the connector is one per stack.
struct ConnectCallbacks {
  static Connector* connector;

  static Connector::Attempt& of(void* argument) {
    return *static_cast<Connector::Attempt*>(argument);
  }
  static err_t connected(void* argument, tcp_pcb* pcb, err_t) {
    Connector::Attempt& attempt = of(argument);
    attempt.pcb = nullptr;
    hal::ConnectHandler* const handler = std::exchange(attempt.handler, nullptr);
    OnlyOne taker(*handler);
    switch (connector->transports_.adopt(pcb, taker, 0)) {
      case Transports::Adopted::Open:
        return ERR_OK;
      case Transports::Adopted::Refused:
        break;
      case Transports::Adopted::NoRoom:
        attempt.handler = handler;
        Connector::fail(attempt, hal::ConnectError::TimedOut);
        break;
    }
    tcp_err(pcb, nullptr);
    tcp_abort(pcb);
    return ERR_ABRT;
  }
  static void failed(void* argument, err_t error) {
    Connector::Attempt& attempt = of(argument);
    attempt.pcb = nullptr;
    Connector::fail(attempt, to_error(error));
  }
#if LWIP_DNS
  static void found(const char*, const ip_addr_t* address, void* argument) {
    Connector::Attempt& attempt = of(argument);
    attempt.resolves = false;
    if (attempt.handler == nullptr) return;
    if (address == nullptr) return Connector::fail(attempt, hal::ConnectError::NotFound);
    connector->open(attempt, ip4_addr_get_u32(ip_2_ip4(address)));
  }
#endif
};

Connector* ConnectCallbacks::connector = nullptr;

void Connector::connect(std::string_view host, std::uint16_t port, hal::ConnectHandler& handler) {
  ConnectCallbacks::connector = this;
  Attempt* free = nullptr;
  for (Attempt& attempt : attempts_)
    if (attempt.handler == nullptr && !attempt.resolves) free = &attempt;
  if (free == nullptr) {
    refused_ = &handler;
    return;
  }
  *free = {.handler = &handler, .port = port};
  constexpr std::size_t kLongestName = 255;
  char name[kLongestName + 1];
  ip4_addr_t address;
  if (host.empty() || host.size() > kLongestName) return fail(*free, hal::ConnectError::NotFound);
  copy(name, host);
  name[host.size()] = '\0';
  if (ip4addr_aton(name, &address) != 0) return open(*free, ip4_addr_get_u32(&address));
#if LWIP_DNS
  ip_addr_t found;
  free->resolves = true;
  switch (dns_gethostbyname(name, &found, ConnectCallbacks::found, free)) {
    case ERR_INPROGRESS:
      return;
    case ERR_OK:
      free->resolves = false;
      return open(*free, ip4_addr_get_u32(ip_2_ip4(&found)));
    default:
      free->resolves = false;
      break;
  }
#endif
  fail(*free, hal::ConnectError::NotFound);
}

void Connector::open(Attempt& attempt, std::uint32_t address) {
  ip_addr_t remote;
  ip_addr_set_ip4_u32(&remote, address);
  attempt.pcb = tcp_new();
  if (attempt.pcb == nullptr) return fail(attempt, hal::ConnectError::TimedOut);
  tcp_arg(attempt.pcb, &attempt);
  tcp_err(attempt.pcb, ConnectCallbacks::failed);
  const err_t error = tcp_connect(attempt.pcb, &remote, attempt.port, ConnectCallbacks::connected);
  if (error == ERR_OK) return;
  tcp_err(attempt.pcb, nullptr);
  tcp_close(std::exchange(attempt.pcb, nullptr));
  fail(attempt, to_error(error));
}

void Connector::fail(Attempt& attempt, hal::ConnectError error) {
  attempt.failed = true;
  attempt.error = error;
}

void Connector::cancel(hal::ConnectHandler& handler) {
  if (refused_ == &handler) refused_ = nullptr;
  for (Attempt& attempt : attempts_) {
    if (attempt.handler != &handler) continue;
    attempt.handler = nullptr;
    attempt.failed = false;
    if (tcp_pcb* const pcb = std::exchange(attempt.pcb, nullptr)) {
      tcp_err(pcb, nullptr);
      tcp_abort(pcb);
    }
  }
}

bool Connector::is_due() const {
  bool due = refused_ != nullptr;
  for (const Attempt& attempt : attempts_) due = due || attempt.failed;
  return due;
}

void Connector::end_turn() {
  for (Attempt& attempt : attempts_) {
    if (!attempt.failed) continue;
    attempt.failed = false;
    std::exchange(attempt.handler, nullptr)->on_connect_failed(attempt.error);
  }
  if (hal::ConnectHandler* const handler = std::exchange(refused_, nullptr))
    handler->on_connect_failed(hal::ConnectError::TimedOut);
}

}  // namespace midge::lwip
