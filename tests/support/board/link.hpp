// A client's TCP connection to a board.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "broker/base/bytes.hpp"
#include "platform/sim/link.hpp"
#include "tests/support/board/left_out.hpp"

namespace midge::test {

// How the client sees its connection.
enum class End : std::uint8_t { Open, Finished, Reset };

class Link {
 public:
  explicit Link(std::uint16_t port);
  ~Link();
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  void send(Bytes bytes);
  void close();  // its side, behind what was sent; it still receives
  void reset();  // at once

  // Whether the client has done something since it was asked last.
  [[nodiscard]] bool was_used() { return std::exchange(is_used_, false); }
  // Gathers what has come; true when something has.
  bool receive();
  [[nodiscard]] Bytes received() const { return received_; }
  std::vector<std::uint8_t> take();
  [[nodiscard]] End end() const { return end_; }

  // The network's faults.
  [[noreturn]] static sim::LinkOptions& options() { needs_simulator(kNetwork); }
  void cut() { reset(); }
  [[noreturn]] static void stop_reading() { needs_simulator(kNetwork); }
  [[noreturn]] static void start_reading() { needs_simulator(kNetwork); }
  [[noreturn]] static bool broker_is_done() { needs_simulator(kNetwork); }

 private:
  void finish(End end);

  int socket_;
  std::vector<std::uint8_t> received_;
  End end_ = End::Open;
  bool is_used_ = true;
};

}  // namespace midge::test
