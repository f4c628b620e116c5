// A network cable that can be pulled: relays bytes between one client at a time and the broker.
// Client libraries say DISCONNECT whenever they can; pulling the cable is how a client is lost.
#pragma once

#include <atomic>
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

  // Both sides see the connection end without a word. The next client may connect afterwards.
  void pull();

 private:
  void relay();

  int listener_{-1};
  std::uint16_t port_{};
  std::uint16_t broker_port_{};
  std::atomic<bool> cut_{false};
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace midge::interop
