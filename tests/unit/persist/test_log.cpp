// What the log promises while its device does what it should.
#include <doctest/doctest.h>

#include <algorithm>

#include "tests/unit/hal/storage_checks.hpp"
#include "tests/unit/persist/log_world.hpp"

using namespace midge;
using persist::Mounted;
using sim::Storage;
using test::LogWorld;

namespace {

constexpr hal::StorageGeometry kBytewise{.segment_bytes = 1'024, .segments = 6};
constexpr hal::StorageGeometry kSectors{
    .segment_bytes = 4'096, .segments = 6, .program_unit_bytes = 512};
constexpr std::size_t kSmallBuffer = 2 * (32 + 256);
constexpr std::size_t kSectorBuffer = 2 * (32 + 1'024);

class Host final : public test::StorageHost {
 public:
  explicit Host(Storage& device) : device_(device) {}
  void on_broken(const char* what) override { FAIL_CHECK(what); }
  void work() override { device_.work(); }

 private:
  Storage& device_;
};

}  // namespace

TEST_CASE("the simulated devices keep what hal/storage promises") {
  for (const Storage::Kind kind : {Storage::Kind::Nor, Storage::Kind::Disk}) {
    for (const bool is_late : {false, true}) {
      Storage device(kind, kind == Storage::Kind::Nor ? kBytewise : kSectors, 1);
      device.is_late = is_late;
      Host host(device);
      std::vector<std::uint8_t> buffer(2'048);
      test::StorageChecks checks(device, host, buffer);
      checks.run();
      CHECK(checks.broken() == 0);
    }
  }
}

TEST_CASE("an empty device gets a log, and what is committed is there again, in order") {
  Storage device(Storage::Kind::Nor, kBytewise, 1);
  LogWorld world(device, kSmallBuffer);
  REQUIRE(world.start() == Mounted::Ok);
  CHECK(world.shown.empty());
  REQUIRE(world.set(1, 10));
  REQUIRE(world.set(2, 20));
  world.commit();
  REQUIRE(world.set(1, 11));
  world.commit();
  CHECK(world.committed() == 2);
  REQUIRE(world.set(3, 30));  // never committed

  REQUIRE(world.start() == Mounted::Ok);
  CHECK(world.shown == std::vector<std::uint32_t>{10, 20, 11});
  CHECK_FALSE(world.findings.is_damaged());
  CHECK(world.findings.torn_frames == 0);
  CHECK(world.findings.frames == 2);
}

TEST_CASE("a commit without records is safe at once and writes nothing") {
  Storage device(Storage::Kind::Nor, kBytewise, 1);
  LogWorld world(device, kSmallBuffer);
  REQUIRE(world.start() == Mounted::Ok);
  world.commit();
  CHECK(world.committed() == 1);
  CHECK(device.operations() == 0);
}

TEST_CASE("a commit that is longer than a half goes out in parts, and counts whole") {
  Storage device(Storage::Kind::Nor, kBytewise, 1);
  LogWorld world(device, kSmallBuffer);
  REQUIRE(world.start() == Mounted::Ok);
  for (std::uint8_t key = 1; key <= 20; ++key) REQUIRE(world.set(key, key, 50));
  CHECK(device.programs() > 0);
  CHECK(world.committed() == 0);
  SUBCASE("without its last frame nothing of it counts") {
    REQUIRE(world.start() == Mounted::Ok);
    CHECK(world.shown.empty());
    CHECK(world.findings.unfinished_commits == 1);
    // What follows is no continuation of it.
    REQUIRE(world.set(99, 99));
    world.commit();
    REQUIRE(world.start() == Mounted::Ok);
    CHECK(world.shown == std::vector<std::uint32_t>{99});
  }
  SUBCASE("with it all of it does") {
    world.commit();
    CHECK(world.committed() == 1);
    REQUIRE(world.start() == Mounted::Ok);
    CHECK(world.table() == world.states.back());
    CHECK(world.findings.unfinished_commits == 0);
  }
}

TEST_CASE("a record longer than a frame, and one without room, are refused and change nothing") {
  Storage device(Storage::Kind::Nor, kBytewise, 1);
  device.is_late = true;
  LogWorld world(device, kSmallBuffer);
  REQUIRE(world.start() == Mounted::Ok);
  const std::size_t longest = world.log().longest_record();
  CHECK_FALSE(world.log().append(std::vector<std::uint8_t>(longest + 1)));
  REQUIRE(world.set(1, 10));
  world.commit();  // is being written
  std::uint32_t count = 0;
  while (world.set(2, count, 20)) ++count;
  CHECK(count == longest / 26);
  CHECK_FALSE(world.log().has_room(26));
  world.commit();
  for (int i = 0; i < 10; ++i) device.work();
  CHECK(world.committed() == 2);
  REQUIRE(world.start() == Mounted::Ok);
  CHECK(world.table() == world.states.back());
}

TEST_CASE("while the device writes, commits gather and go out together") {
  Storage device(Storage::Kind::Disk, kSectors, 1);
  device.is_late = true;
  LogWorld world(device, kSectorBuffer);
  REQUIRE(world.start() == Mounted::Ok);
  for (std::uint8_t i = 1; i <= 20; ++i) {
    REQUIRE(world.set(i, i));
    world.commit();
  }
  CHECK(world.committed() == 0);
  device.work();  // erased
  device.work();
  CHECK(world.committed() == 1);
  device.work();
  CHECK(world.committed() == 20);
  CHECK(device.programs() == 2);
}

TEST_CASE("what is appended between two commits is not cut by a write that ends meanwhile") {
  Storage device(Storage::Kind::Nor, kBytewise, 1);
  device.is_late = true;
  LogWorld world(device, kSmallBuffer);
  REQUIRE(world.start() == Mounted::Ok);
  REQUIRE(world.set(1, 1));
  world.commit();
  REQUIRE(world.set(2, 2));
  world.commit();
  REQUIRE(world.set(3, 3));  // of the third commit
  for (int i = 0; i < 10; ++i) device.work();
  CHECK(world.committed() == 2);
  REQUIRE(world.set(4, 4));
  world.commit();
  for (int i = 0; i < 10; ++i) device.work();
  CHECK(world.committed() == 3);
  REQUIRE(world.start() == Mounted::Ok);
  CHECK(world.shown == std::vector<std::uint32_t>{1, 2, 3, 4});
}

TEST_CASE("segments are used in a circle, worn alike, and nothing is programmed twice") {
  Storage device(Storage::Kind::Nor, kBytewise, 1);
  LogWorld world(device, kSmallBuffer);
  REQUIRE(world.start() == Mounted::Ok);
  for (std::uint32_t i = 0; i < 2'000; ++i) {
    world.change(static_cast<std::uint8_t>(i % 7), i, i % 40);
    if (i % 300 == 0) REQUIRE(world.start() == Mounted::Ok);
  }
  CHECK(world.failures() == 0);
  CHECK(device.violations() == 0);
  const auto [least, most] = std::minmax_element(device.erases().begin(), device.erases().end());
  CHECK(*most - *least <= 1);
  CHECK(*least > 10);
  const test::Table table = world.table();
  REQUIRE(world.start() == Mounted::Ok);
  CHECK(world.table() == table);
  CHECK_FALSE(world.findings.is_damaged());
}

TEST_CASE("without a free segment nothing more is taken, until one is released") {
  Storage device(Storage::Kind::Nor, kBytewise, 1);
  LogWorld world(device, kSmallBuffer);
  REQUIRE(world.start() == Mounted::Ok);
  std::uint32_t value = 0;
  while (world.failures() == 0) {
    REQUIRE(world.set(1, ++value, 100));
    world.commit();
  }
  CHECK(world.log().free_segments() == 0);
  CHECK(world.committed() == value - 1);
  world.log().retry();
  CHECK(world.failures() == 2);
  world.log().release_oldest();
  world.log().retry();
  CHECK_FALSE(world.log().is_failed());
  CHECK(world.committed() == value);
  REQUIRE(world.start() == Mounted::Ok);
  CHECK(world.table() == world.states.back());
}

TEST_CASE("the device is told of what was released when the next segment says so, each once") {
  Storage device(Storage::Kind::Disk, kBytewise, 1);
  LogWorld world(device, kSmallBuffer);
  REQUIRE(world.start() == Mounted::Ok);
  const auto go_on_to = [&](persist::SegmentNumber number) {
    while (world.log().newest() < number) {
      REQUIRE(world.set(1, number, 100));
      world.commit();
    }
  };
  go_on_to(3);
  world.log().release_oldest();
  world.log().release_oldest();
  CHECK(device.releases() == 0);
  REQUIRE(world.start() == Mounted::Ok);
  CHECK_FALSE(world.findings.is_damaged());
  world.log().release_oldest();
  world.log().release_oldest();
  go_on_to(4);
  CHECK(device.releases() == 2);
  REQUIRE(world.start() == Mounted::Ok);
  CHECK_FALSE(world.findings.is_damaged());
  CHECK(world.findings.segments == 2);
  // A new life does not know what the last one told.
  go_on_to(5);
  CHECK(device.releases() == 4);
  world.log().release_oldest();
  go_on_to(6);
  CHECK(device.releases() == 5);
  CHECK(world.log().oldest() == 4);
}

namespace {

struct Collected final : persist::FrameVisitor {
  void on_frame(Bytes records, persist::Position position) override {
    bytes.insert(bytes.end(), records.begin(), records.end());
    segments.push_back(position.segment);
  }
  std::vector<std::uint8_t> bytes;
  std::vector<persist::SegmentNumber> segments;
};

}  // namespace

TEST_CASE("what is written is read over the borders of segments, as far as it is written") {
  Storage device(Storage::Kind::Disk, kSectors, 1);
  LogWorld world(device, kSectorBuffer);
  REQUIRE(world.start() == Mounted::Ok);
  std::vector<std::uint8_t> place(kSectorBuffer);
  std::vector<std::uint8_t> all;
  Collected seen;
  persist::Cursor cursor{.segment = 1};
  const auto read_all = [&] {
    while (world.log().read_on(cursor, world.log().newest(), place, seen) ==
           persist::ReadOn::Frame) {
    }
  };
  for (std::uint8_t i = 0; i < 154; ++i) {
    const std::vector<std::uint8_t> record(std::size_t{i} + 1, i);
    REQUIRE(world.log().append(record));
    all.insert(all.end(), record.begin(), record.end());
    if (i % 7 != 6) continue;
    device.is_late = i % 2 == 0;
    world.commit();
    read_all();
    const std::size_t before = seen.bytes.size();
    while (world.log().is_busy()) device.work();
    read_all();
    CHECK(seen.bytes.size() == all.size());
    if (device.is_late) CHECK(before < all.size());
  }
  CHECK(seen.bytes == all);
  REQUIRE(seen.segments.back() > 2);
  CHECK(std::is_sorted(seen.segments.begin(), seen.segments.end()));
}

TEST_CASE("of a device that answers at once the whole buffer is one half") {
  hal::StorageGeometry geometry = kBytewise;
  geometry.answers_at_once = true;
  Storage device(Storage::Kind::Nor, geometry, 1);
  LogWorld world(device, kSmallBuffer / 2);
  REQUIRE(world.start() == Mounted::Ok);
  CHECK(world.log().longest_record() == kSmallBuffer / 2 - 32 - persist::Log::kAroundRecords);
  for (std::uint8_t key = 1; key <= 20; ++key) REQUIRE(world.set(key, key, 50));
  world.commit();
  CHECK(world.committed() == 1);
  // It has what the device did not take, so there is no room before that is there.
  device.fail_at = 1;
  REQUIRE(world.set(1, 30));
  world.commit();
  CHECK(world.failures() == 1);
  CHECK_FALSE(world.log().has_room(1));
  CHECK_FALSE(world.log().keep_together(1));
  CHECK_FALSE(world.set(2, 40));
  world.commit();
  world.log().retry();
  CHECK(world.committed() == 3);
  REQUIRE(world.set(3, 50));
  world.commit();
  const test::Table table = world.table();
  REQUIRE(world.start() == Mounted::Ok);
  CHECK(world.table() == table);
  CHECK(device.violations() == 0);
}

TEST_CASE("a device or a buffer that can't hold a log is told apart") {
  const auto mounted = [](const hal::StorageGeometry& geometry, std::size_t buffer_bytes) {
    Storage device(Storage::Kind::Nor, geometry, 1);
    return LogWorld(device, buffer_bytes).start();
  };
  CHECK(mounted({.segment_bytes = 1'024, .segments = 3}, kSmallBuffer) == Mounted::Unfit);
  CHECK(mounted({.segment_bytes = 44, .segments = 4}, kSmallBuffer) == Mounted::Unfit);
  CHECK(mounted({.segment_bytes = 45, .segments = 4}, kSmallBuffer) == Mounted::Ok);
  CHECK(mounted(kSectors, 2 * (32 + 511)) == Mounted::Unfit);
  CHECK(mounted(kSectors, 2 * (32 + 512)) == Mounted::Ok);
  CHECK(mounted(kBytewise, 0) == Mounted::Unfit);

  Storage device(Storage::Kind::Nor, kBytewise, 1);
  LogWorld world(device, kSmallBuffer);
  REQUIRE(world.start() == Mounted::Ok);
  REQUIRE(world.set(1, 1));
  world.commit();
  CHECK(LogWorld(device, 2 * (32 + 60)).start() == Mounted::TooLong);
  device.cut_at = 1;
  REQUIRE(world.set(1, 2));
  world.commit();
  CHECK(LogWorld(device, kSmallBuffer).start() == Mounted::Unreadable);
}
