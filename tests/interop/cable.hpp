// A network cable that can be pulled: relays bytes between one client at a time and the broker.
// Client libraries say DISCONNECT whenever they can; pulling the cable is how a client is lost.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <thread>

namespace midge::interop {

class Cable {
 public:
  explicit Cable(std::uint16_t broker_port);
  ~Cable();
  Cable(const Cable&) = delete;
  Cable& operator=(const Cable&) = delete;

  std::string uri() const { return "tcp://127.0.0.1:" + std::to_string(port_); }

  // From now until pull() the broker's answers are kept back; the client's bytes still pass.
  void hold_answers();
  // How many bytes of the client have passed since hold_answers().
  std::size_t passed_bytes() const { return passed_bytes_; }

  // Both sides see the connection end without a word. The next client may connect afterwards.
  void pull();

 private:
  void relay();

  int listener_{-1};
  std::uint16_t port_{};
  std::uint16_t broker_port_{};
  std::atomic<bool> hold_{false};
  std::atomic<std::size_t> passed_bytes_{0};
  std::atomic<bool> cut_{false};
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace midge::interop
