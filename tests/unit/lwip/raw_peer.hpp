// A peer on the other end of the wire, over lwIP's raw API.
#pragma once

#include <string>
#include <string_view>

#include "tests/unit/hal/world.hpp"

struct tcp_pcb;

namespace midge::test {

class RawPeer final : public Peer {
 public:
  explicit RawPeer(std::uint16_t port);
  ~RawPeer() override;
  RawPeer(const RawPeer&) = delete;
  RawPeer& operator=(const RawPeer&) = delete;

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

  // Sends and reads what goes; once a turn.
  void pump();

 private:
  friend struct RawPeerCallbacks;
  void leave();

  tcp_pcb* pcb_;  // null when over
  std::string name_;
  std::string to_send_;
  std::string received_;
  std::string unread_;
  bool connected_ = false;
  bool closes_write_ = false;
  bool closes_ = false;
  bool shut_ = false;
  bool reads_ = true;
  bool broker_finished_ = false;
  End end_ = End::Open;
};

}  // namespace midge::test
