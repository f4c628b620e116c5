// One epoll instance: waits, then hands out what happened. Knows nothing of the broker.
#pragma once

#include <sys/epoll.h>

#include <array>
#include <cstddef>
#include <cstdint>

#include "broker/base/time.hpp"
#include "platform/linux/descriptor.hpp"

namespace midge::platform {

class TcpTransport;

// Something with a descriptor of its own, or only with a deadline: a listener, the signals.
class Source {
 public:
  virtual void on_events(std::uint32_t events) = 0;

  // When on_deadline() is due; asked before every wait.
  [[nodiscard]] virtual Instant deadline() const { return kNever; }
  virtual void on_deadline(Instant) {}

 protected:
  ~Source() = default;

 private:
  friend class EventLoop;
  Source* next_ = nullptr;
};

// Whoever owns the transports gets their events.
class TransportEvents {
 public:
  virtual void on_transport_events(TcpTransport& transport, std::uint32_t events) = 0;

  // Around the events of one turn. What was put off until the next turn before the begin is done
  // at the end, when no event can name a transport that goes away.
  virtual void on_turn_begin() = 0;
  virtual void on_turn_end(Instant now) = 0;

  // As Source::deadline(); Instant::min() when something was put off.
  [[nodiscard]] virtual Instant next_deadline() const = 0;

 protected:
  ~TransportEvents() = default;
};

class EventLoop {
 public:
  EventLoop() = default;
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // False when the system has no epoll instance left (errno says why). Not before daemonizing.
  [[nodiscard]] bool open();

  // Sources live as long as the loop. `fd` may be -1 for one that has deadlines only.
  [[nodiscard]] bool add(Source& source, int fd, std::uint32_t events);
  void change(Source& source, int fd, std::uint32_t events);
  // A transport's descriptor is registered once, edge-triggered; closing it ends that.
  [[nodiscard]] bool add_transport(TcpTransport& transport, int fd);
  void set_transport_events(TransportEvents* events) { transports_ = events; }

  // Waits for an event, a source's deadline or `until`.
  void wait(Instant until);
  // Hands out what the wait found; `now` is the time of the turn.
  void dispatch(Instant now);

 private:
  // Many events a turn make few, large writes.
  static constexpr int kMaximumEvents = 512;
  // Bit 0 of an event's data tells a transport from a source.
  static constexpr std::uint64_t kTransportTag = 1;

  Descriptor epoll_;
  Source* sources_ = nullptr;
  TransportEvents* transports_ = nullptr;  // null: no transports
  int ready_ = 0;
  std::array<epoll_event, kMaximumEvents> events_;
};

}  // namespace midge::platform
