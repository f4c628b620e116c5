#include "tests/unit/lwip/lwip_world.hpp"

#include <doctest/doctest.h>

namespace midge::test {

LwipWorld::LwipWorld() {
  REQUIRE(listening.start(kPort, kTransports));
}

LwipWorld::~LwipWorld() {
  listening.close();
  Wire::end_remains();
  wire.forget();
  wire.stops = false;
  wire.keeps_trace = false;
  wire.trace.clear();
}

Peer& LwipWorld::connect() {
  peers.push_back(std::make_unique<RawPeer>(kPort));
  return *peers.back();
}

void LwipWorld::turn(const std::function<void()>& body) {
  for (const auto& peer : peers) peer->pump();
  if (before_events) before_events();
  connections.begin_turn(wire.now());
  wire.poll();
  wire.advance(Duration(2));
  connector.end_turn();
  connections.end_turn();
  if (each_turn) each_turn();
  body();
  for (const auto& peer : peers) peer->pump();
}

void LwipWorld::check() {
  CHECK(connections.leftovers().free_blocks() == kBlocks);
  peers.clear();
  Wire::end_remains();
  wire.forget();
  CHECK(Wire::use() == Wire::Use{});
}

}  // namespace midge::test
