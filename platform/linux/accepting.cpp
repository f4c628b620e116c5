#include "platform/linux/accepting.hpp"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>

#include <utility>

#include "platform/linux/address_text.hpp"
#include "platform/linux/clock.hpp"

namespace midge::platform {

namespace {

constexpr Duration kTellAgain{60'000};

int open_spare() {
  return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

}  // namespace

DescriptorReserve::DescriptorReserve(LogSink& log) : log_(log), spare_(open_spare()) {}

DescriptorReserve::Outcome DescriptorReserve::turn_away(int listener, Instant now) {
  if (!spare_) spare_.reset(open_spare());
  if (!spare_) {
    tell(now);
    return Outcome::Failed;
  }
  spare_.reset();
  Descriptor peer(accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  // With its table full the kernel does not even look whether somebody waits.
  const bool nobody = !peer && errno == EAGAIN;
  const bool turned_away = static_cast<bool>(peer);
  peer.reset();
  spare_.reset(open_spare());
  if (nobody) return Outcome::NobodyThere;
  tell(now);
  return turned_away ? Outcome::TurnedAway : Outcome::Failed;
}

void DescriptorReserve::tell(Instant now) {
  if (told_ && now - *told_ < kTellAgain) return;
  told_ = now;
  log_.write(LogLevel::Error,
             "Error: Unable to accept new connection, system socket count has been exceeded. "
             "Try increasing \"ulimit -n\" or equivalent.");
}

// Here and not in the class, where the compiler writes it out for each of an array.
SocketListener::SocketListener() = default;

bool SocketListener::start(ListenSocket& socket, Entrance& entrance) {
  entrance_ = &entrance;
  index_ = socket.listener;
  if (!entrance.loop.add(*this, socket.socket.get(), EPOLLIN)) return false;
  socket_ = std::move(socket.socket);
  return true;
}

void SocketListener::close() {
  socket_.reset();  // the loop forgets it with this
  parked_until_ = kNever;
}

void SocketListener::on_events(std::uint32_t) {
  for (int i = 0; i < kAcceptsPerTurn && socket_; ++i) {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    Descriptor peer(accept4(socket_.get(), reinterpret_cast<sockaddr*>(&address), &size,
                            SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (peer) {
      take_in(std::move(peer), address);
      continue;
    }
    switch (errno) {
      case EAGAIN:
        return;
      case EMFILE:
      case ENFILE:
        if (!turn_away()) return;
        break;
      case ENOBUFS:
      case ENOMEM:
        return park(monotonic_now());
      default:
        break;  // this peer is gone already, or the network failed: on to the next
    }
  }
}

void SocketListener::take_in(Descriptor socket, const sockaddr_storage& address) {
  const auto& peer = reinterpret_cast<const sockaddr&>(address);
  const Connections::Adopted adopted =
      entrance_->connections.adopt(std::move(socket), peer, entrance_->acceptor, index_);
  if (adopted == Connections::Adopted::NoRoom) entrance_->metrics.count(metrics::Cause::MemoryFull);
}

bool SocketListener::turn_away() {
  using enum DescriptorReserve::Outcome;
  const Instant now = monotonic_now();
  switch (entrance_->reserve.turn_away(socket_.get(), now)) {
    case TurnedAway:
      entrance_->metrics.count(metrics::Cause::ConnectionLimit);
      return true;
    case NobodyThere:
      return false;
    case Failed:
      park(now);
      return false;
  }
  return false;
}

void SocketListener::park(Instant now) {
  entrance_->loop.change(*this, socket_.get(), 0);
  parked_until_ = now + kParkTime;
}

void SocketListener::on_deadline(Instant) {
  parked_until_ = kNever;
  if (socket_) entrance_->loop.change(*this, socket_.get(), EPOLLIN);
}

}  // namespace midge::platform
