// What the log makes of a device that fails or has lost something.
#include <doctest/doctest.h>

#include "broker/persist/crc32c.hpp"
#include "tests/unit/persist/log_world.hpp"

using namespace midge;
using persist::Mounted;
using sim::Storage;
using test::LogWorld;

namespace {

constexpr hal::StorageGeometry kGeometry{
    .segment_bytes = 1'024, .segments = 6, .program_unit_bytes = 16};
constexpr std::size_t kBuffer = 2 * (32 + 256);

// A log of four segments: key 1 has the values 1 to 100.
void fill(LogWorld& world) {
  REQUIRE(world.start() == Mounted::Ok);
  for (std::uint32_t value = 1; value <= 100; ++value) {
    REQUIRE(world.set(1, value, 14));
    world.commit();
  }
  REQUIRE(world.log().newest() >= 4);
  REQUIRE(world.log().newest() < kGeometry.segments);
}

std::size_t begin_of(persist::SegmentNumber number) {
  return std::size_t{number % kGeometry.segments} * kGeometry.segment_bytes;
}

}  // namespace

TEST_CASE("a flipped bit costs one frame, whichever it is") {
  Storage device(Storage::Kind::Nor, kGeometry, 1);
  LogWorld world(device, kBuffer);
  fill(world);
  // All bits of a frame in the middle of the second segment.
  const std::size_t frame = begin_of(2) + 5 * 32;
  for (std::size_t bit = 0; bit < 32 * 8; ++bit) {
    CAPTURE(bit);
    std::uint8_t& byte = device.medium()[frame + bit / 8];
    byte = static_cast<std::uint8_t>(byte ^ 1U << bit % 8);
    REQUIRE(world.start() == Mounted::Ok);
    byte = static_cast<std::uint8_t>(byte ^ 1U << bit % 8);
    CHECK(world.shown.size() == 99);
    CHECK(world.findings.damaged_frames == 1);
    CHECK(world.table().at(1) == 100);
  }
}

TEST_CASE("a segment that is gone is counted, and the others are read") {
  Storage device(Storage::Kind::Nor, kGeometry, 1);
  LogWorld world(device, kBuffer);
  fill(world);
  for (persist::SegmentNumber number = 1; number < world.log().newest(); ++number) {
    CAPTURE(number);
    std::uint8_t& byte = device.medium()[begin_of(number) + 12];
    byte = static_cast<std::uint8_t>(byte ^ 0x10U);
    REQUIRE(world.start() == Mounted::Ok);
    byte = static_cast<std::uint8_t>(byte ^ 0x10U);
    CHECK(world.findings.missing_segments == 1);
    CHECK(world.findings.is_damaged());
    CHECK(world.shown.size() < 80);
    CHECK(world.table().at(1) == 100);
  }
}

TEST_CASE("a segment of another version is passed by and counted") {
  Storage device(Storage::Kind::Nor, kGeometry, 1);
  LogWorld world(device, kBuffer);
  fill(world);
  std::uint8_t* const header = device.medium().data() + begin_of(2);
  header[4] = 2;
  const std::uint32_t crc = persist::crc32c({header, 28});
  for (unsigned i = 0; i < 4; ++i) header[28 + i] = static_cast<std::uint8_t>(crc >> 8 * i);
  REQUIRE(world.start() == Mounted::Ok);
  CHECK(world.findings.other_versions == 1);
  CHECK(world.findings.missing_segments == 0);
  CHECK(world.table().at(1) == 100);
}

TEST_CASE("a torn tail costs what was not committed, and is written over by nobody") {
  Storage device(Storage::Kind::Nor, kGeometry, 1);
  LogWorld world(device, kBuffer);
  fill(world);
  device.cut_at = 1;
  REQUIRE(world.set(1, 101, 14));
  world.commit();
  CHECK(world.failures() == 1);
  device.power_on();
  REQUIRE(world.start() == Mounted::Ok);
  CHECK_FALSE(world.findings.is_damaged());
  CHECK(world.findings.torn_frames <= 1);
  REQUIRE(world.set(1, 102, 14));
  world.commit();
  CHECK(device.violations() == 0);
  REQUIRE(world.start() == Mounted::Ok);
  CHECK(world.table().at(1) == 102);
}

TEST_CASE("what a device did not take goes to the next segment, once the device is well") {
  for (const bool fails_late : {false, true}) {
    for (const std::uint64_t failures : {1U, 2U, 3U, 50U}) {
      CAPTURE(fails_late);
      CAPTURE(failures);
      Storage device(Storage::Kind::Nor, kGeometry, 1);
      LogWorld world(device, kBuffer);
      fill(world);
      const std::size_t before = world.committed();
      device.fail_at = 1;
      device.failures = failures;
      device.fails_late = fails_late;
      REQUIRE(world.set(1, 101, 14));
      world.commit();
      CHECK(world.log().is_failed());
      CHECK(world.committed() == before);
      std::uint64_t tries = 0;
      while (world.log().is_failed()) {
        REQUIRE(++tries < 1'000);
        world.log().retry();
      }
      CHECK(tries + 1 >= failures / 2);
      CHECK(world.committed() == before + 1);
      REQUIRE(world.set(1, 102, 14));
      world.commit();
      CHECK(device.violations() == 0);

      REQUIRE(world.start() == Mounted::Ok);
      CHECK_FALSE(world.findings.is_damaged());
      // Each once, though it may lie there twice.
      CHECK(world.shown.size() == 102);
      CHECK(world.table().at(1) == 102);
    }
  }
}

TEST_CASE("what is committed while the device is ill is safe when it is well") {
  Storage device(Storage::Kind::Disk, kGeometry, 1);
  device.is_late = true;
  LogWorld world(device, kBuffer);
  REQUIRE(world.start() == Mounted::Ok);
  device.fail_at = 1;
  device.failures = 3;
  for (std::uint32_t value = 1; value <= 5; ++value) {
    REQUIRE(world.set(1, value));
    world.commit();
    device.work();
  }
  CHECK(world.committed() == 0);
  for (int i = 0; i < 20; ++i) {
    world.log().retry();
    device.work();
  }
  CHECK(world.committed() == 5);
  REQUIRE(world.start() == Mounted::Ok);
  CHECK(world.table() == world.states.back());
}

TEST_CASE("any bytes at all can be mounted") {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    CAPTURE(seed);
    Storage device(Storage::Kind::Nor, kGeometry, seed);
    LogWorld world(device, kBuffer);
    sim::Random random(seed);
    if (seed % 2 == 0) {
      // A log, and damage all over it.
      fill(world);
      for (int i = 0; i < 200; ++i) {
        const std::size_t at = random.between(0, device.medium().size() - 1);
        device.medium()[at] = static_cast<std::uint8_t>(random.next());
      }
    }
    REQUIRE(world.start() == Mounted::Ok);
    REQUIRE(world.set(2, 7));
    world.commit();
    REQUIRE(world.start() == Mounted::Ok);
    CHECK(world.table().at(2) == 7);
  }
}
