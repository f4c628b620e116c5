// One client of a run: its connection, and what it has sent and received. Any client may publish
// and subscribe; a scenario decides which do.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/bench/load/packets.hpp"

namespace midge::bench {

struct Client {
  enum class State : std::uint8_t { Idle, Connecting, Handshaking, Up, Spent };

  State state = State::Idle;
  int fd = -1;
  std::uint32_t index = 0;
  bool is_kept = false;  // its session outlives its connections

  // --- writing
  std::string out;       // not yet taken by the kernel
  bool queued = false;   // in the engine's list of clients to flush
  bool blocked = false;  // the kernel's buffer is full: wait for EPOLLOUT

  // --- reading
  std::vector<std::uint8_t> in;     // the start of a packet whose rest has not come
  std::size_t payload_to_come = 0;  // of a large PUBLISH, whose head is in `begun`
  struct {
    Stamp stamp;
    std::uint16_t id = 0;
    std::uint8_t qos = 0;
  } begun{};

  // --- as a publisher
  PublishTemplate message;
  std::vector<std::uint32_t> readers;  // who gets its messages
  bool touched = false;                // in the engine's list of publishers to top up
  std::uint16_t last_id = 0;
  std::uint32_t receive_maximum = 65'535;
  std::uint64_t sent = 0;
  std::uint64_t acknowledged = 0;
  std::uint64_t delivered = 0;  // over all its readers

  // --- as a subscriber
  std::uint64_t received = 0;
  std::uint32_t next_number = 0;

  [[nodiscard]] std::uint16_t next_id() {
    last_id = static_cast<std::uint16_t>(last_id % 65'535 + 1);
    return last_id;
  }
};

}  // namespace midge::bench
