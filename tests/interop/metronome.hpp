// Keeps Paho C 1.3 awake. Its one network thread per process sleeps in poll() for up to a second
// and does not look at a connection begun meanwhile until some older one has news; every CONNECT of
// a test would cost that second. The metronome is such an older connection: a Paho client of its
// own whose server, a thread here, sends it a PINGRESP every few milliseconds.
#pragma once

#include <mqtt/async_client.h>

#include <atomic>
#include <memory>
#include <thread>

namespace midge::interop {

class Metronome {
 public:
  Metronome();
  ~Metronome();
  Metronome(const Metronome&) = delete;
  Metronome& operator=(const Metronome&) = delete;

 private:
  void serve();

  int listener_{-1};
  std::atomic<bool> stop_{false};
  std::thread server_;
  std::unique_ptr<mqtt::async_client> client_;
};

}  // namespace midge::interop
