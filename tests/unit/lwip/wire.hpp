// An interface of lwIP whose every packet comes back to its own stack: the broker's side and its
// peers are on the same one. Time is the test's. There is one for the whole program, as of lwIP.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "broker/base/time.hpp"

struct netif;
struct pbuf;

namespace midge::test {

class Wire {
 public:
  [[nodiscard]] static Wire& instance();

  // Packets become chains of the pool's buffers, as a driver makes them.
  void poll();
  // lwIP's timers that are due.
  void advance(Duration by);
  [[nodiscard]] Instant now() const { return now_; }
  void forget() { frames_.clear(); }

  bool stops = false;  // what is sent stays on the way
  // Each packet that passed since, IP header and all.
  bool keeps_trace = false;
  std::vector<std::vector<std::uint8_t>> trace;

  // Of lwIP's pools, to be compared.
  struct Use {
    std::size_t heap_bytes;
    unsigned pool_buffers;
    unsigned segments;
    unsigned references;
    bool operator==(const Use&) const = default;
  };
  [[nodiscard]] static Use use();
  // Ends the connections that are over but not forgotten (TIME_WAIT and such).
  static void end_remains();

  void send(const pbuf& packet);

 private:
  Wire();

  Instant now_{Duration{1'000'000}};
  std::deque<std::vector<std::uint8_t>> frames_;
};

}  // namespace midge::test
