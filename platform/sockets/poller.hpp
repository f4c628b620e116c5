// The array of poll(): one entry for each socket that is watched, at a place that its owner knows.
#pragma once

#include <cstddef>

#include "broker/base/arena.hpp"
#include "broker/base/time.hpp"

namespace midge::sockets {

// What poll() found at a socket.
struct Events {
  bool readable = false;  // bytes, the end or an error
  bool writable = false;
  bool hung_up = false;  // told whether or not it is asked for, again and again
  bool broken = false;   // an error, told likewise
};

// What is asked about a socket.
struct Interest {
  bool reads = false;
  bool writes = false;
};

class Poller {
 public:
  // Room for `entries` sockets in pages of `arena`, which it gives back at its end.
  Poller(Arena& arena, std::size_t entries);
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;
  ~Poller();

  // False when the arena had no room: then nothing else may be called.
  [[nodiscard]] bool is_ready() const { return entries_ != nullptr; }

  void watch(std::size_t entry, int socket, Interest interest);
  void forget(std::size_t entry);

  // Waits until something happens at a watched socket, at most `longest`, rounded down to
  // milliseconds; Duration::max() is for ever.
  void wait(Duration longest);
  // What the last wait found.
  [[nodiscard]] Events events(std::size_t entry) const;

 private:
  struct Entry;  // the system's pollfd

  [[nodiscard]] std::size_t pages() const;

  Arena& arena_;
  const std::size_t count_;
  Entry* entries_;
  bool found_ = false;  // the last wait ended with an event
};

}  // namespace midge::sockets
