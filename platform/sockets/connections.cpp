#include "platform/sockets/connections.hpp"

#include <algorithm>
#include <new>

#include "broker/base/assert.hpp"

namespace midge::sockets {

std::size_t Connections::pages() const {
  return (capacity_ * sizeof(SocketTransport) + arena_.page_bytes() - 1) / arena_.page_bytes();
}

Connections::Connections(Arena& arena, std::size_t capacity, Instant now)
    : arena_(arena),
      capacity_(capacity),
      table_(static_cast<SocketTransport*>(arena.take(pages()))),
      now_(now) {
  if (table_ == nullptr) return;
  for (std::size_t i = 0; i < capacity_; ++i) new (table_ + i) SocketTransport(*this);
}

Connections::~Connections() {
  if (table_ == nullptr) return;
  for (const SocketTransport& transport : all()) {
    if (transport.socket_ != kNoSocket) close_socket(transport.socket_);
  }
  arena_.give(table_, pages());
}

SocketTransport* Connections::free_transport() const {
  for (SocketTransport& transport : all()) {
    if (transport.state_ == State::Free) return &transport;
  }
  return nullptr;
}

Connections::Adopted Connections::adopt(int socket, const Address& peer, hal::Acceptor& acceptor,
                                        std::uint16_t listener) {
  SocketTransport* const place = free_transport();
  if (place == nullptr) {
    close_socket(socket);
    return Adopted::NoRoom;
  }
  SocketTransport& transport = *new (place) SocketTransport(*this);
  transport.socket_ = socket;
  transport.peer_ = peer;
  transport.state_ = State::Open;
  ++count_;
  transport.handler_ = acceptor.accept(transport, listener);
  if (transport.handler_ != nullptr) return Adopted::Open;
  if (transport.state_ != State::Closed) close(transport, hal::CloseCause::Finished);
  bury(transport);
  return Adopted::Refused;
}

std::string_view Connections::text_of(const Address& address) {
  peer_text_ = AddressText(address);
  return peer_text_.view();
}

void Connections::watch(Poller& poller) const {
  for (std::size_t i = 0; i < capacity_; ++i) {
    const SocketTransport& transport = table_[i];
    if (transport.socket_ == kNoSocket || transport.quiet_) {
      poller.forget(i);
    } else {
      const bool draining = transport.state_ == State::Draining;
      poller.watch(i, transport.socket_,
                   {.reads = draining || !transport.paused_,
                    .writes = !draining && !transport.writable_ && !transport.broken_});
    }
  }
}

Instant Connections::next_deadline() const {
  if (closed_ > 0) return Instant::min();
  Instant next = kNever;
  for (const SocketTransport& transport : all()) {
    if (transport.state_ == State::Draining) next = std::min(next, transport.drain_end_);
    // Whether or not the system goes on to tell of it.
    if (transport.state_ == State::Open && transport.broken_) return Instant::min();
  }
  return next;
}

void Connections::serve(const Poller& poller, Instant now) {
  now_ = now;
  for (std::size_t i = 0; i < capacity_; ++i) serve(table_[i], poller.events(i));
}

void Connections::serve(SocketTransport& transport, Events events) {
  switch (transport.state_) {
    case State::Free:
      return;
    case State::Closed:
      return bury(transport);
    case State::Draining:
      return drain(transport, events);
    case State::Open:
      break;
  }
  if (events.broken) transport.broken_ = true;
  if (events.writable && !transport.writable_ && !transport.broken_) {
    transport.writable_ = true;
    transport.handler_->on_writable();
    if (transport.state_ != State::Open) return;
  }
  if (transport.paused_) {
    // Nobody will send to it any more, so there is nothing to wait for.
    if (transport.broken_) return close(transport, hal::CloseCause::Error);
    transport.quiet_ = events.hung_up;
    return;
  }
  if (events.readable || transport.broken_) read(transport);
}

// One filling of the buffer a turn: the others wait as long. The end that stands behind these
// bytes is told in the next turn, so that what they asked for is answered: the peer may have
// closed its side only.
void Connections::read(SocketTransport& transport) {
  const Transferred got = receive(transport.socket_, received_, true);
  switch (got.result) {
    case Transfer::WouldBlock:
      // An error without anything to read: poll() would tell it for ever.
      if (transport.broken_) close(transport, hal::CloseCause::Error);
      return;
    case Transfer::Ended:
      return close(transport, transport.broken_ ? hal::CloseCause::Error : hal::CloseCause::Peer);
    case Transfer::Failed:
      return close(transport, hal::CloseCause::Error);
    case Transfer::Done:
      break;
  }
  const std::size_t used = transport.handler_->on_received({received_.data(), got.bytes});
  MIDGE_ASSERT(used == got.bytes || transport.paused_ || transport.state_ != State::Open);
  if (transport.state_ != State::Open || used == 0) return;
  // Cannot fail or wait: these bytes are there.
  [[maybe_unused]] const Transferred gone =
      receive(transport.socket_, {received_.data(), used}, false);
}

void Connections::finish(SocketTransport& transport) {
  close_write_side(transport.socket_);
  transport.state_ = State::Draining;
  transport.drain_end_ = now_ + kDrainTime;
  transport.quiet_ = false;
}

// Reads what waits, but never the end behind it. With lwIP (2.1.3) a socket whose own side was
// closed after the peer's, and whose end is read only then, keeps a reference to what the stack
// frees with the last acknowledgement: its close() goes astray.
void Connections::drain(SocketTransport& transport, Events events) {
  bool ended = events.broken || transport.drain_end_ <= now_;
  if (events.readable && !ended) {
    const std::optional<std::size_t> waiting = waiting_bytes(transport.socket_);
    if (!waiting) {
      transport.quiet_ = true;  // blind, until the time is over
    } else {
      ended =
          *waiting == 0 || receive(transport.socket_, received_, false).result != Transfer::Done;
    }
  }
  if (ended) close(transport, hal::CloseCause::Finished);
}

void Connections::close(SocketTransport& transport, hal::CloseCause cause) {
  close_socket(transport.socket_);
  transport.socket_ = kNoSocket;
  transport.state_ = State::Closed;
  transport.cause_ = cause;
  ++closed_;
}

void Connections::bury(SocketTransport& transport) {
  --closed_;
  --count_;
  hal::TransportHandler* const handler = transport.handler_;
  if (handler != nullptr) handler->on_closed(transport.cause_);
  transport.handler_ = nullptr;
  transport.state_ = State::Free;
}

}  // namespace midge::sockets
