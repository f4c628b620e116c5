#include "platform/linux/event_loop.hpp"

#include <algorithm>

#include "platform/linux/clock.hpp"
#include "platform/linux/tcp_transport.hpp"

namespace midge::platform {

bool EventLoop::open() {
  epoll_.reset(epoll_create1(EPOLL_CLOEXEC));
  return static_cast<bool>(epoll_);
}

bool EventLoop::add(Source& source, int fd, std::uint32_t events) {
  if (fd >= 0) {
    epoll_event event{};
    event.events = events;
    event.data.u64 = reinterpret_cast<std::uintptr_t>(&source);
    if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) return false;
  }
  source.next_ = sources_;
  sources_ = &source;
  return true;
}

void EventLoop::change(Source& source, int fd, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = reinterpret_cast<std::uintptr_t>(&source);
  epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event);
}

bool EventLoop::add_transport(TcpTransport& transport, int fd) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.u64 = reinterpret_cast<std::uintptr_t>(&transport) | kTransportTag;
  return epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0;
}

void EventLoop::wait(Instant until) {
  for (const Source* source = sources_; source != nullptr; source = source->next_)
    until = std::min(until, source->deadline());
  if (transports_ != nullptr) until = std::min(until, transports_->next_deadline());

  int timeout = -1;
  if (until != kNever) {
    // Both instants are whole milliseconds and the clock rounds down, so this never wakes early.
    const Instant now = monotonic_now();
    constexpr std::int64_t kLongest = 3'600'000;
    timeout = until <= now ? 0 : static_cast<int>(std::min((until - now).count(), kLongest));
  }
  ready_ = epoll_wait(epoll_.get(), events_.data(), kMaximumEvents, timeout);
}

void EventLoop::dispatch(Instant now) {
  if (transports_ != nullptr) transports_->on_turn_begin();
  for (int i = 0; i < ready_; ++i) {  // none after EINTR
    const std::uint64_t data = events_[static_cast<std::size_t>(i)].data.u64;
    const std::uint32_t events = events_[static_cast<std::size_t>(i)].events;
    const auto address = static_cast<std::uintptr_t>(data & ~kTransportTag);
    if ((data & kTransportTag) != 0) {
      transports_->on_transport_events(*reinterpret_cast<TcpTransport*>(address), events);
    } else {
      reinterpret_cast<Source*>(address)->on_events(events);
    }
  }
  ready_ = 0;
  if (transports_ != nullptr) transports_->on_turn_end(now);
  for (Source* source = sources_; source != nullptr; source = source->next_) {
    if (source->deadline() <= now) source->on_deadline(now);
  }
}

}  // namespace midge::platform
