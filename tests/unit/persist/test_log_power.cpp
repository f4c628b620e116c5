// The power goes in every single program and erase of a story in turn.
#include <doctest/doctest.h>

#include "tests/unit/persist/log_world.hpp"

using namespace midge;
using persist::Mounted;
using sim::Storage;
using test::LogWorld;

namespace {

struct Device {
  const char* name;
  Storage::Kind kind;
  hal::StorageGeometry geometry;
  std::size_t buffer_bytes;
};

constexpr Device kDevices[] = {
    {"NOR flash, byte by byte", Storage::Kind::Nor, {.segment_bytes = 512, .segments = 4}, 2 * 160},
    {"NOR flash in units of 32 bytes",
     Storage::Kind::Nor,
     {.segment_bytes = 1'024, .segments = 5, .program_unit_bytes = 32},
     2 * 288},
    {"a disk",
     Storage::Kind::Disk,
     {.segment_bytes = 4'096, .segments = 4, .program_unit_bytes = 512},
     2 * (32 + 1'024)},
    {"a card that answers at once",
     Storage::Kind::Disk,
     {.segment_bytes = 4'096, .segments = 4, .program_unit_bytes = 512, .answers_at_once = true},
     32 + 1'024},
};

// Changes of few keys, one or some a commit, until the power goes.
void tell(LogWorld& world, const Storage& device, std::uint64_t seed, int changes) {
  sim::Random random(seed);
  for (int i = 0; i < changes && !device.is_off(); ++i) {
    const auto key = static_cast<std::uint8_t>(random.between(0, 4));
    const std::size_t padding = random.between(0, 30);
    const bool alone = random.chance(60);
    if (!alone) (void)world.set(key, static_cast<std::uint32_t>(i) + 1'000'000, padding);
    world.change(static_cast<std::uint8_t>((key + 1) % 5), static_cast<std::uint32_t>(i), padding);
  }
}

// The table is one that was committed to, not older than the last that was safe.
bool is_kept(const LogWorld& world, std::size_t safe) {
  for (std::size_t i = safe; i < world.states.size(); ++i) {
    if (world.states[i] == world.table()) return true;
  }
  return false;
}

}  // namespace

TEST_CASE("a power cut in any program or erase loses nothing that was safe, and nothing in parts") {
  for (const Device& shape : kDevices) {
    CAPTURE(shape.name);
    Storage whole(shape.kind, shape.geometry, 1);
    LogWorld undisturbed(whole, shape.buffer_bytes);
    REQUIRE(undisturbed.start() == Mounted::Ok);
    tell(undisturbed, whole, 7, 400);
    REQUIRE(whole.operations() > 400);
    CHECK(whole.violations() == 0);

    for (std::uint64_t cut = 1; cut <= whole.operations(); ++cut) {
      CAPTURE(cut);
      Storage device(shape.kind, shape.geometry, cut);
      LogWorld world(device, shape.buffer_bytes);
      REQUIRE(world.start() == Mounted::Ok);
      device.cut_at = cut;
      tell(world, device, 7, 400);
      REQUIRE(device.is_off());
      const std::size_t safe = world.committed();
      device.power_on();
      REQUIRE(world.start() == Mounted::Ok);
      CHECK(is_kept(world, safe));
      CHECK_FALSE(world.findings.is_damaged());

      // And it goes on, with a second cut while the first one's remains are there.
      world.states.assign(1, world.table());
      device.cut_at = 1 + cut % 5;
      tell(world, device, cut, 20);
      const std::size_t again = world.committed();
      device.power_on();
      REQUIRE(world.start() == Mounted::Ok);
      CHECK(is_kept(world, again));
      CHECK_FALSE(world.findings.is_damaged());
      CHECK(device.violations() == 0);
    }
  }
}
