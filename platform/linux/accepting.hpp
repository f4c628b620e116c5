// Accepts connections on the listening sockets and survives running out of descriptors.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <optional>

#include "broker/base/log.hpp"
#include "broker/hal/listener.hpp"
#include "broker/metrics/metrics.hpp"
#include "broker/settings/settings.hpp"
#include "platform/linux/connections.hpp"
#include "platform/linux/listen_sockets.hpp"

namespace midge::platform {

// Says at most once a minute that descriptors have run out, and keeps one to turn peers away with.
class DescriptorReserve {
 public:
  explicit DescriptorReserve(LogSink& log);

  enum class Outcome : std::uint8_t { TurnedAway, NobodyThere, Failed };
  // Accepts and closes the first peer in the backlog of `listener`.
  [[nodiscard]] Outcome turn_away(int listener, Instant now);

 private:
  void tell(Instant now);

  LogSink& log_;
  Descriptor spare_;
  std::optional<Instant> told_;
};

// Where the listeners hand what they accept.
struct Entrance {
  EventLoop& loop;
  Connections& connections;
  hal::Acceptor& acceptor;
  metrics::Metrics& metrics;
  DescriptorReserve& reserve;
};

class SocketListener final : public hal::Listener, public Source {
 public:
  SocketListener();
  // Takes `socket` over when it succeeds.
  [[nodiscard]] bool start(ListenSocket& socket, Entrance& entrance);

  void close() override;

  void on_events(std::uint32_t events) override;
  [[nodiscard]] Instant deadline() const override { return parked_until_; }
  void on_deadline(Instant now) override;

 private:
  // A storm of new peers leaves the others their turn.
  static constexpr int kAcceptsPerTurn = 64;
  static constexpr Duration kParkTime{1'000};

  void take_in(Descriptor socket, const sockaddr_storage& address);
  // Whether it makes sense to try the next peer.
  [[nodiscard]] bool turn_away();
  void park(Instant now);

  Entrance* entrance_ = nullptr;  // set by start()
  Descriptor socket_;
  std::uint16_t index_ = 0;
  Instant parked_until_ = kNever;  // not watched until then
};

}  // namespace midge::platform
