// A broker that keeps what it has on a storage device, for tests of what is there when it comes
// back.
#pragma once

#include <doctest/doctest.h>

#include "platform/sim/storage.hpp"
#include "tests/support/client.hpp"

namespace midge::test {

inline const ConnectOptions kLasting{.clean_start = false,
                                     .props = {.session_expiry_interval = 3'600}};

struct KeptBroker : Broker {
  static constexpr hal::StorageGeometry kDisk{.segment_bytes = 64U << 10U,
                                              .segments = 32,
                                              .program_unit_bytes = sim::Storage::kSector,
                                              .reprogram_endangers_unit = false};
  static constexpr hal::StorageGeometry kNor{.segment_bytes = 8U << 10U,
                                             .segments = 32,
                                             .program_unit_bytes = 4,
                                             .reprogram_endangers_unit = true};

  explicit KeptBroker(std::uint64_t seed = 1, sim::Storage::Kind kind = sim::Storage::Kind::Disk,
                      const hal::StorageGeometry& geometry = kDisk,
                      std::size_t buffer_bytes = 32U << 10U)
      : Broker(seed), device(kind, geometry, seed) {
    sim.keep_in(device, buffer_bytes);
  }
  // With what another one has kept.
  explicit KeptBroker(const sim::Storage& of, std::size_t buffer_bytes = 32U << 10U)
      : Broker(of.operations()), device(of) {
    sim.keep_in(device, buffer_bytes);
  }
  ~KeptBroker() { stop(); }

  // The power goes and comes back.
  void restart(Where where = Where::here()) {
    stop();
    start(where);
  }

  sim::Storage device;
};

}  // namespace midge::test
