// A loop with one end of socket pairs in it; the other end is the test's.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "broker/base/arena.hpp"
#include "broker/hal/listener.hpp"
#include "broker/hal/transport.hpp"
#include "platform/linux/connections.hpp"
#include "platform/linux/event_loop.hpp"

namespace midge::platform {

// Notes what happens, and does what the test says.
class Recorder final : public hal::TransportHandler {
 public:
  std::size_t on_received(Bytes bytes) override;
  void on_writable() override { ++writable; }
  void on_sent(std::size_t bytes) override { sent += bytes; }
  void on_closed(hal::CloseCause cause) override;

  hal::Transport* transport = nullptr;
  std::string received;              // used bytes
  std::vector<std::size_t> offered;  // sizes
  // Answers how many bytes are used; none: all.
  std::function<std::size_t(std::string_view)> receive;
  std::size_t sent = 0;
  int writable = 0;
  int closed = 0;
  hal::CloseCause cause{};
  bool inside_call = false;  // set by the test around calls to the transport
};

// Takes every peer, or refuses every one.
class Door final : public hal::Acceptor {
 public:
  hal::TransportHandler* accept(hal::Transport& transport, std::uint16_t listener) override;

  bool refuses = false;
  std::vector<std::unique_ptr<Recorder>> guests;
  std::vector<std::string> peers;
  std::vector<std::uint16_t> listeners;
};

struct World {
  explicit World(std::size_t memory_bytes = std::size_t{4} << 20);

  // A connection between the loop and a peer that is said to have this address.
  struct Link {
    Recorder& handler;
    hal::Transport& transport;
    Descriptor peer;
  };
  [[nodiscard]] Link connect(const char* host = "192.0.2.1", std::uint16_t port = 1234);

  // One turn; waits at most `longest` for an event.
  void turn(Duration longest = Duration(20));
  // Turns until `done`, at most five seconds.
  [[nodiscard]] bool turn_until(const std::function<bool()>& done);

  std::unique_ptr<std::uint8_t[]> memory;
  NoBacking backing;
  std::optional<Arena> arena;
  EventLoop loop;
  std::optional<Connections> connections;
  Door door;
};

// The peer's side; blocking calls with a limit of five seconds.
void send_all(const Descriptor& peer, std::string_view bytes);
// Up to `bytes`, fewer at the end of the stream.
[[nodiscard]] std::string receive(const Descriptor& peer, std::size_t bytes);
// What is there now.
[[nodiscard]] std::string receive_available(const Descriptor& peer);

[[nodiscard]] std::string pattern(std::size_t bytes);

}  // namespace midge::platform
