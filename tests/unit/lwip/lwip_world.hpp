// The suite's world on platform/lwip, open to the tests of lwIP alone.
#pragma once

#include <memory>
#include <vector>

#include "broker/metrics/metrics.hpp"
#include "platform/lwip/connector.hpp"
#include "platform/lwip/listener.hpp"
#include "platform/lwip/transports.hpp"
#include "tests/unit/hal/world.hpp"
#include "tests/unit/lwip/raw_peer.hpp"
#include "tests/unit/lwip/wire.hpp"

namespace midge::test {

class LwipWorld final : public World {
 public:
  static constexpr std::size_t kTransports = 12;
  static constexpr std::size_t kBlocks = 20;
  static constexpr std::uint16_t kPort = 1883;

  LwipWorld();
  ~LwipWorld() override;

  Peer& connect() override;
  void turn(const std::function<void()>& body) override;
  [[nodiscard]] Instant now() const override { return wire.now(); }
  [[nodiscard]] hal::Listener* listener() override { return &listening; }
  [[nodiscard]] std::size_t flood_bytes() const override { return 20'000; }
  [[nodiscard]] std::size_t transports() const override { return connections.count(); }
  void check() override;

  std::function<void()> before_events;  // core.begin(); may be empty
  Wire& wire = Wire::instance();
  metrics::Metrics metrics;
  lwip::Transports::Storage<kTransports, kBlocks> storage;
  lwip::Transports connections{storage};
  lwip::Listener listening{connections, door, metrics, 0};
  lwip::Connector connector{connections};
  std::vector<std::unique_ptr<RawPeer>> peers;
};

}  // namespace midge::test
