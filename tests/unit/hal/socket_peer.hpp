// A peer over a socket on the loopback interface, for platforms that use sockets too. What the
// functions are called is in the port header of platform/sockets that it is built with.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/unit/hal/world.hpp"

namespace midge::test {

class SocketPeer final : public Peer {
 public:
  // Connects to this port of 127.0.0.1, which must listen or have listened.
  explicit SocketPeer(std::uint16_t port);
  ~SocketPeer() override;
  SocketPeer(const SocketPeer&) = delete;
  SocketPeer& operator=(const SocketPeer&) = delete;

  void send(std::string_view bytes) override { to_send_ += bytes; }
  void close_write() override { closes_write_ = true; }
  void close() override { closes_ = true; }
  void reset() override;
  void stop_reading() override { reads_ = false; }
  void start_reading() override { reads_ = true; }
  [[nodiscard]] const std::string& received() const override { return received_; }
  [[nodiscard]] std::size_t unsent() const override { return to_send_.size(); }
  [[nodiscard]] End end() const override { return end_; }
  [[nodiscard]] std::string name() const override { return name_; }

  // Sends and reads what goes without waiting; once a turn.
  void pump();

 private:
  void end(End how);

  int fd_;  // -1 when closed
  std::string name_;
  std::string to_send_;
  std::string received_;
  bool closes_write_ = false;
  bool closes_ = false;
  bool shut_ = false;
  bool reads_ = true;
  End end_ = End::Open;
};

// Makes that closing `fd` resets its connection: a matter of the sockets' kind.
void prepare_reset(int fd);

// A listening socket on a free port of 127.0.0.1, non-blocking, with small buffers for those that
// it accepts.
struct ListeningSocket {
  ListeningSocket();

  int fd;  // the caller closes it
  std::uint16_t port;
};

}  // namespace midge::test
