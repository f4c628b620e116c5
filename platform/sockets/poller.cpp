#include "platform/sockets/poller.hpp"

#include <midge_sockets_port.h>

#include <algorithm>
#include <new>

#include "platform/sockets/system.hpp"

namespace midge::sockets {

struct Poller::Entry : pollfd {};

std::size_t Poller::pages() const {
  return (count_ * sizeof(Entry) + arena_.page_bytes() - 1) / arena_.page_bytes();
}

Poller::Poller(Arena& arena, std::size_t entries)
    : arena_(arena), count_(entries), entries_(static_cast<Entry*>(arena.take(pages()))) {
  if (entries_ == nullptr) return;
  for (std::size_t i = 0; i < count_; ++i) {
    new (entries_ + i) Entry{};
    forget(i);
  }
}

Poller::~Poller() {
  if (entries_ != nullptr) arena_.give(entries_, pages());
}

void Poller::watch(std::size_t entry, int socket, Interest interest) {
  Entry& at = entries_[entry];
  at.fd = socket;
  at.events = static_cast<decltype(at.events)>((interest.reads ? POLLIN : 0) |
                                               (interest.writes ? POLLOUT : 0));
}

void Poller::forget(std::size_t entry) {
  entries_[entry].fd = kNoSocket;  // poll() passes by negative ones
  entries_[entry].revents = 0;
}

void Poller::wait(Duration longest) {
  constexpr Duration kLongest{3'600'000};
  const int timeout =
      longest == Duration::max()
          ? -1
          : static_cast<int>(std::clamp(longest, Duration::zero(), kLongest).count());
  // A negative result is EINTR, or a system out of memory: the next turn tries again.
  found_ = MIDGE_SOCKETS(poll)(entries_, static_cast<nfds_t>(count_), timeout) > 0;
}

Events Poller::events(std::size_t entry) const {
  const Entry& at = entries_[entry];
  if (!found_ || at.fd < 0) return {};
  return {.readable = (at.revents & (POLLIN | POLLHUP | POLLERR | POLLNVAL)) != 0,
          .writable = (at.revents & POLLOUT) != 0,
          .hung_up = (at.revents & POLLHUP) != 0,
          .broken = (at.revents & (POLLERR | POLLNVAL)) != 0};
}

}  // namespace midge::sockets
