// Opens connections outward, for the bridge. NoConnector stands where a platform has none.
#pragma once

#include <cstdint>
#include <string_view>

#include "broker/hal/transport.hpp"

namespace midge::hal {

enum class ConnectError : std::uint8_t { Unsupported, NotFound, Refused, Unreachable, TimedOut };

class ConnectHandler {
 public:
  // The connection stands. Returns the handler for its further events, null to abort it.
  [[nodiscard]] virtual TransportHandler* on_connected(Transport& transport) = 0;
  virtual void on_connect_failed(ConnectError error) = 0;

 protected:
  ~ConnectHandler() = default;
};

class Connector {
 public:
  // Resolves and connects; exactly one of the handler's calls follows, never from inside. `host`
  // (a name or an address) is copied.
  virtual void connect(std::string_view host, std::uint16_t port, ConnectHandler& handler) = 0;

  // Gives up the attempt made for `handler`, if one is under way: no call follows.
  virtual void cancel(ConnectHandler& handler) = 0;

 protected:
  ~Connector() = default;
};

// Fails every attempt at once with Unsupported. The one exception to "never from inside": there is
// nothing to wait for.
class NoConnector final : public Connector {
 public:
  void connect(std::string_view, std::uint16_t, ConnectHandler& handler) override {
    handler.on_connect_failed(ConnectError::Unsupported);
  }
  void cancel(ConnectHandler&) override {}
};

}  // namespace midge::hal
