// The listening sockets that the settings ask for: TCP on numeric addresses.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "broker/base/log.hpp"
#include "broker/hal/listener.hpp"
#include "broker/metrics/metrics.hpp"
#include "broker/settings/settings.hpp"
#include "platform/sockets/connections.hpp"
#include "platform/sockets/poller.hpp"

namespace midge::sockets {

// Where the listeners hand what they accept.
struct Entrance {
  Connections& connections;
  hal::Acceptor& acceptor;
  metrics::Metrics& metrics;
};

class ListenSocket {
 public:
  void start(int socket, std::uint16_t listener);
  void close();

  [[nodiscard]] bool is_parked() const { return parked_until_ != kNever; }
  [[nodiscard]] Instant deadline() const { return parked_until_; }
  [[nodiscard]] int socket() const { return socket_; }
  // Takes in whoever waits, when there is something or the time of a parked one has come.
  void serve(Events events, Instant now, Entrance& entrance);

 private:
  // A storm of new peers leaves the others their turn.
  static constexpr int kAcceptsPerTurn = 8;
  static constexpr Duration kParkTime{1'000};

  int socket_ = kNoSocket;
  std::uint16_t index_ = 0;
  // Not watched until then: the system had no socket for a peer that waits, and would say so
  // without end.
  Instant parked_until_ = kNever;
};

class Listeners final : public hal::Listener {
 public:
  // A listener without an address stands for two, one of each family.
  static constexpr std::size_t kMaximumSockets = std::size_t{2} * settings::kMaximumListeners;
  // Peers that wait to be accepted. lwIP keeps a connection for each.
  static constexpr int kBacklog = 4;

  Listeners() = default;
  Listeners(const Listeners&) = delete;
  Listeners& operator=(const Listeners&) = delete;
  ~Listeners() { close(); }

  // False when one can't be opened; that was logged then:
  // "Error: Address already in use (127.0.0.1:1883)". `settings` outlives this.
  [[nodiscard]] bool open(const settings::Settings& settings, LogSink& log);
  // Takes over a listening, non-blocking socket; `listener` is its index in the settings.
  void add(int socket, std::uint16_t listener);
  void close() override;

  [[nodiscard]] std::size_t count() const { return count_; }

  // As those of Connections; the entries in the poller begin at `first_entry`.
  void watch(Poller& poller, std::size_t first_entry) const;
  [[nodiscard]] Instant next_deadline() const;
  void serve(const Poller& poller, std::size_t first_entry, Instant now, Entrance& entrance);

 private:
  [[nodiscard]] bool open_listener(const settings::Listener& listener, std::uint16_t index,
                                   LogSink& log);
  [[nodiscard]] bool open_at(const Address& address, std::uint16_t index, bool may_be_missing,
                             LogSink& log);

  std::array<ListenSocket, kMaximumSockets> sockets_;
  std::size_t count_ = 0;
};

}  // namespace midge::sockets
