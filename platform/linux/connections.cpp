#include "platform/linux/connections.hpp"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "broker/base/assert.hpp"
#include "platform/linux/clock.hpp"

namespace midge::platform {

namespace {

bool would_block(int error) {
  return error == EAGAIN || error == EWOULDBLOCK;
}

}  // namespace

Connections::Connections(EventLoop& loop, Arena& arena)
    : loop_(loop),
      arena_(arena),
      transports_(arena),
      long_peers_(arena),
      drains_(arena),
      receive_bytes_(std::clamp<std::size_t>(arena.total_pages() * arena.page_bytes() / 64,
                                             std::size_t{16} << 10, kReceiveBytes)) {
  loop_.set_transport_events(this);
}

Connections::~Connections() {
  loop_.set_transport_events(nullptr);
  if (spare_leftover_ != nullptr) arena_.give(spare_leftover_, leftover_pages(receive_bytes_));
}

Connections::Adopted Connections::adopt(Descriptor socket, const sockaddr& peer,
                                        hal::Acceptor& acceptor, std::uint16_t listener) {
  TcpTransport* const transport = transports_.create(Reserve::Enter, *this, socket.get());
  if (transport == nullptr) return Adopted::NoRoom;
  if (!set_peer(*transport, peer)) {
    transports_.destroy(transport);
    return Adopted::NoRoom;
  }
  [[maybe_unused]] const int fd = socket.release();
  transport->handler_ = acceptor.accept(*transport, listener);
  if (transport->handler_ == nullptr) {
    close(*transport);
    if (!transport->queued_) bury(*transport);
    return Adopted::Refused;
  }
  if (!transport->closed_ && !loop_.add_transport(*transport, transport->fd_)) {
    transport->cause_ = hal::CloseCause::Error;
    close(*transport);
    queue(*transport);
  }
  return Adopted::Open;
}

bool Connections::set_peer(TcpTransport& transport, const sockaddr& peer) {
  if (peer.sa_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(peer);
    transport.peer_v4_ = v4.sin_addr.s_addr;
    transport.peer_port_ = v4.sin_port;
    transport.family_ = TcpTransport::Family::V4;
  } else if (peer.sa_family == AF_INET6) {
    LongPeer* const long_peer = long_peers_.create(Reserve::Enter);
    if (long_peer == nullptr) return false;
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(peer);
    memcpy(long_peer->address.data(), &v6.sin6_addr, long_peer->address.size());
    transport.long_peer_ = long_peer;
    transport.peer_port_ = v6.sin6_port;
    transport.family_ = TcpTransport::Family::V6;
  }
  return true;
}

void Connections::queue(TcpTransport& transport) {
  if (transport.queued_) return;
  transport.queued_ = true;
  queue_.push_back(transport);
}

void Connections::on_turn_begin() {
  serving_ = std::exchange(queue_, {});
  turn_bytes_ = 0;
}

void Connections::on_transport_events(TcpTransport& transport, std::uint32_t events) {
  if (transport.closed_) return;
  if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) transport.readable_ = true;
  if ((events & (EPOLLRDHUP | EPOLLHUP)) != 0) transport.hung_up_ = true;
  if ((events & EPOLLERR) != 0) transport.broken_ = true;
  if ((events & EPOLLOUT) != 0 && !transport.writable_) {
    transport.writable_ = true;
    if (!transport.draining_ && !transport.broken_) transport.handler_->on_writable();
  }
  // What is queued has its turn at the end of this one or in the next.
  if (transport.queued_) return;
  if (is_behind_ || turn_bytes_ >= kTurnBytes) return queue(transport);
  serve(transport);
}

void Connections::on_turn_end(Instant now) {
  while (turn_bytes_ < kTurnBytes && !serving_.empty()) {
    TcpTransport* const transport = serving_.pop_front();
    transport->queued_ = false;
    if (transport->closed_) {
      bury(*transport);
    } else {
      serve(*transport);
    }
  }
  // Who did not get its turn is the first in the next.
  serving_.append(queue_);
  queue_ = std::exchange(serving_, {});
  is_behind_ = turn_bytes_ >= kTurnBytes && !queue_.empty();
  while (Drain* const drain = draining_.first()) {
    if (drain->deadline > now) break;
    end(drain->transport, hal::CloseCause::Finished);
  }
}

Instant Connections::next_deadline() const {
  if (!queue_.empty()) return Instant::min();
  const Drain* const drain = draining_.first();
  return drain != nullptr ? drain->deadline : kNever;
}

void Connections::serve(TcpTransport& transport) {
  if (transport.closed_) return;
  if (transport.draining_) return drain(transport);
  if (!transport.paused_ && transport.leftover_ != nullptr) offer_leftover(transport);
  if (transport.closed_ || transport.draining_) return;
  // Nobody will send to it any more, so there is nothing to wait for.
  if (transport.paused_ && transport.broken_) return end(transport, hal::CloseCause::Error);
  read(transport);
}

void Connections::read(TcpTransport& transport) {
  for (int reads = 0; transport.readable_ && !transport.paused_; ++reads) {
    if (reads == kReadsPerTurn) return queue(transport);
    // Without room to keep what a pausing handler leaves, the bytes stay in the socket until used.
    const bool peeks = !can_keep_leftover();
    const ssize_t got = recv(transport.fd_, buffer_.data(), receive_bytes_, peeks ? MSG_PEEK : 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && would_block(errno)) {
      transport.readable_ = false;
      return;
    }
    if (got <= 0) {
      const bool in_order = got == 0 && (transport.hung_up_ || !transport.broken_);
      return end(transport, in_order ? hal::CloseCause::Peer : hal::CloseCause::Error);
    }
    const auto received = static_cast<std::size_t>(got);
    const bool emptied = received < receive_bytes_;
    turn_bytes_ += received;
    const bool ends = transport.hung_up_ || transport.broken_;
    // Emptied: whatever comes next makes a new event.
    if (emptied && !ends) transport.readable_ = false;
    offer(transport, received, peeks);
    if (transport.closed_ || transport.draining_) return;
    // The end is behind these bytes. It waits a turn, so that what they asked for is answered: the
    // peer may have closed its side only.
    if (emptied && ends && !transport.paused_) return queue(transport);
  }
}

void Connections::offer(TcpTransport& transport, std::size_t received, bool peeked) {
  const std::size_t used = transport.handler_->on_received({buffer_.data(), received});
  if (transport.closed_) return;
  if (peeked && used > 0) {
    // Cannot fail or block: these bytes are there.
    [[maybe_unused]] const ssize_t gone = recv(transport.fd_, buffer_.data(), used, 0);
  }
  if (transport.draining_ || used == received) return;
  MIDGE_ASSERT(transport.paused_ && used < received);
  if (peeked) {
    transport.readable_ = true;
  } else {
    keep_leftover(transport, {buffer_.data() + used, received - used});
  }
}

void Connections::finish(TcpTransport& transport) {
  drop_leftover(transport);
  shutdown(transport.fd_, SHUT_WR);
  transport.draining_ = true;
  transport.drain_ =
      drains_.create(Reserve::Use, transport, monotonic_now() + kDrainTime, kDrainBytes);
  if (transport.drain_ == nullptr) return abort(transport);
  draining_.push_back(*transport.drain_);
  if (transport.readable_) queue(transport);
}

void Connections::drain(TcpTransport& transport) {
  for (int reads = 0; transport.readable_; ++reads) {
    if (reads == kReadsPerTurn) return queue(transport);
    const ssize_t got = recv(transport.fd_, buffer_.data(), receive_bytes_, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && would_block(errno)) {
      transport.readable_ = false;
      return;
    }
    const std::size_t received = got > 0 ? static_cast<std::size_t>(got) : 0;
    const bool emptied = received < receive_bytes_;
    if (received == 0 || received > transport.drain_->bytes_left ||
        (emptied && (transport.hung_up_ || transport.broken_))) {
      return end(transport, hal::CloseCause::Finished);
    }
    transport.drain_->bytes_left -= received;
    if (emptied) transport.readable_ = false;
  }
}

void Connections::abort(TcpTransport& transport) {
  transport.cause_ = hal::CloseCause::Finished;
  close(transport);
  queue(transport);
}

void Connections::end(TcpTransport& transport, hal::CloseCause cause) {
  transport.cause_ = cause;
  close(transport);
  if (!transport.queued_) bury(transport);
}

void Connections::close(TcpTransport& transport) {
  if (transport.draining_) {
    if (transport.drain_ != nullptr) {
      draining_.remove(*transport.drain_);
      drains_.destroy(transport.drain_);
      transport.drain_ = nullptr;
    }
  } else {
    drop_leftover(transport);
  }
  ::close(transport.fd_);
  transport.fd_ = -1;
  transport.closed_ = true;
}

void Connections::bury(TcpTransport& transport) {
  if (transport.handler_ != nullptr) transport.handler_->on_closed(transport.cause_);
  if (transport.family_ == TcpTransport::Family::V6) long_peers_.destroy(transport.long_peer_);
  transports_.destroy(&transport);
}

}  // namespace midge::platform
