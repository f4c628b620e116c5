// FileStorage on a real file system, and on a disk that is slow, full or broken.
#include <doctest/doctest.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <string>
#include <vector>

#include "platform/linux/clock.hpp"
#include "platform/linux/file_storage.hpp"
#include "tests/unit/hal/storage_checks.hpp"

using namespace midge;
using hal::StorageStatus;
using platform::DiskCalls;
using platform::FileStorage;

namespace {

constexpr hal::StorageGeometry kGeometry{
    .segment_bytes = 128 * 1'024, .segments = 5, .program_unit_bytes = 512};

class Directory {
 public:
  Directory() {
    char name[] = "/tmp/midge-storage-XXXXXX";
    REQUIRE(mkdtemp(name) != nullptr);
    path = name;
  }
  ~Directory() { std::filesystem::remove_all(path); }
  [[nodiscard]] std::string file(const char* name) const { return path + "/" + name; }

  std::string path;
};

// A storage and its loop.
class World final : public test::StorageHost, public hal::StorageHandler {
 public:
  explicit World(const std::string& path, const DiskCalls& calls = platform::kSystemDisk)
      : storage(calls) {
    REQUIRE(loop.open());
    opened = storage.open(path.c_str(), kGeometry, loop);
  }

  void on_broken(const char* what) override { FAIL_CHECK(what); }
  void work() override {
    loop.wait(platform::monotonic_now() + Duration(20'000));
    loop.dispatch(platform::monotonic_now());
  }
  void on_storage_done(StorageStatus status) override { ended = status; }

  // Waits for the end of an operation.
  StorageStatus end(StorageStatus begun) {
    if (begun != StorageStatus::Pending) return begun;
    ended = StorageStatus::Pending;
    while (ended == StorageStatus::Pending) work();
    return ended;
  }
  StorageStatus program(std::uint32_t segment, std::uint32_t offset, Bytes bytes) {
    return end(storage.program(segment, offset, bytes, *this));
  }
  std::vector<std::uint8_t> read(std::uint32_t segment, std::uint32_t offset, std::size_t count) {
    std::vector<std::uint8_t> bytes(count, 0x77);
    REQUIRE(storage.read(segment, offset, bytes, *this) == StorageStatus::Ok);
    return bytes;
  }

  platform::EventLoop loop;
  FileStorage storage;
  FileStorage::Opened opened{};
  StorageStatus ended = StorageStatus::Pending;
};

const std::vector<std::uint8_t> kUnit(512, 0x5A);

// What the disk does in the next test.
std::atomic<int> syncs;
std::atomic<int> sync_error;
std::atomic<std::size_t> writes_at_most;  // bytes, of all calls; beyond them it is full
std::atomic<bool> holds;                  // a sync waits while it is set

ssize_t odd_write(int fd, const void* bytes, std::size_t count, off_t offset) {
  if (writes_at_most == 0) {
    errno = ENOSPC;
    return -1;
  }
  // A part, as a disk that gets full takes it.
  const std::size_t part = std::min(count, writes_at_most.load());
  writes_at_most -= part;
  return pwrite(fd, bytes, part, offset);
}
int odd_sync(int fd) {
  ++syncs;
  while (holds) usleep(1'000);
  if (sync_error != 0) {
    errno = sync_error;
    return -1;
  }
  return fdatasync(fd);
}
constexpr DiskCalls kOddDisk{.write = odd_write, .sync = odd_sync};

void make_well() {
  syncs = 0;
  sync_error = 0;
  writes_at_most = std::size_t{1} << 30;
  holds = false;
}

}  // namespace

TEST_CASE("files keep what hal/storage.hpp promises, also when they are there already") {
  const Directory directory;
  for (int life = 0; life < 2; ++life) {
    World world(directory.path);
    REQUIRE(world.opened == FileStorage::Opened::Ok);
    std::vector<std::uint8_t> buffer(16'384);
    test::StorageChecks checks(world.storage, world, buffer);
    checks.run();
    CHECK(checks.broken() == 0);
  }
}

TEST_CASE("a directory is made, for its owner alone, and its files have their whole length") {
  const Directory directory;
  const std::string path = directory.file("store");
  {
    World world(path);
    REQUIRE(world.opened == FileStorage::Opened::Ok);
    REQUIRE(world.end(world.storage.erase(3, world)) == StorageStatus::Ok);
  }
  using std::filesystem::perms;
  CHECK((std::filesystem::status(path).permissions() & (perms::group_all | perms::others_all)) ==
        perms::none);
  CHECK(std::filesystem::file_size(path + "/segment-0003") == kGeometry.segment_bytes);
  CHECK_FALSE(std::filesystem::exists(path + "/segment-0000"));
}

TEST_CASE("what was programmed is there in the next life; a missing or short file reads as zeros") {
  const Directory directory;
  {
    World world(directory.path);
    REQUIRE(world.program(1, 1'024, kUnit) == StorageStatus::Ok);
  }
  std::filesystem::resize_file(directory.file("segment-0001"), 1'024 + 100);
  World world(directory.path);
  std::vector<std::uint8_t> wanted(kUnit.begin(), kUnit.begin() + 100);
  wanted.resize(300, 0);
  CHECK(world.read(1, 1'024, 300) == wanted);
  CHECK(world.read(2, 0, 300) == std::vector<std::uint8_t>(300, 0));
  // And is read when it has come.
  REQUIRE(world.program(2, 0, kUnit) == StorageStatus::Ok);
  CHECK(world.read(2, 0, 512) == kUnit);
}

TEST_CASE("the file of a released segment becomes the next one's, without being filled anew") {
  const Directory directory;
  make_well();
  const auto has = [&](const char* name) { return std::filesystem::exists(directory.file(name)); };
  // The thread has time.
  const auto wait_until_gone = [&](const char* name) {
    for (int i = 0; i < 20'000 && has(name); ++i) usleep(1'000);
    REQUIRE_FALSE(has(name));
  };
  {
    World world(directory.path, kOddDisk);
    for (std::uint32_t segment = 0; segment < 4; ++segment)
      REQUIRE(world.program(segment, 0, kUnit) == StorageStatus::Ok);
    CHECK(world.read(2, 0, 512) == kUnit);
    // Four files: two are kept, two go.
    for (std::uint32_t segment = 0; segment < 3; ++segment) world.storage.release(segment);
    wait_until_gone("segment-0002");
    CHECK_FALSE(has("segment-0000"));
    CHECK(has("spare-0"));
    CHECK(has("spare-1"));
    CHECK(has("segment-0003"));

    const int before = syncs;
    REQUIRE(world.end(world.storage.erase(4, world)) == StorageStatus::Ok);
    CHECK(syncs == before);
    CHECK(has("spare-0") != has("spare-1"));
    const std::vector<std::uint8_t> other(512, 0x33);
    REQUIRE(world.program(4, 0, other) == StorageStatus::Ok);
    CHECK(world.read(4, 0, 512) == other);
  }
  // The other one is found in the next life.
  World world(directory.path, kOddDisk);
  const int before = syncs;
  REQUIRE(world.end(world.storage.erase(2, world)) == StorageStatus::Ok);
  CHECK(syncs == before);
  CHECK_FALSE(has("spare-0"));
  CHECK_FALSE(has("spare-1"));
  REQUIRE(world.end(world.storage.erase(1, world)) == StorageStatus::Ok);
  CHECK(syncs == before + 1);
}

TEST_CASE("a store that releases as much as it fills does not grow, and costs no filling") {
  const Directory directory;
  make_well();
  World world(directory.path, kOddDisk);
  constexpr std::uint32_t kRounds = 40;
  for (std::uint32_t round = 0; round < kRounds; ++round) {
    const std::vector<std::uint8_t> bytes(512, static_cast<std::uint8_t>(round));
    const std::uint32_t segment = round % kGeometry.segments;
    REQUIRE(world.end(world.storage.erase(segment, world)) == StorageStatus::Ok);
    REQUIRE(world.program(segment, 0, bytes) == StorageStatus::Ok);
    CHECK(world.read(segment, 0, 512) == bytes);
    if (round > 0) world.storage.release((round - 1) % kGeometry.segments);
    const auto files = std::distance(std::filesystem::directory_iterator(directory.path), {});
    CHECK(files <= 1 + 2 + 2 + 1);  // the lock, spares, one in use and one not yet given back
  }
  // One sync for each program, and one for each of the first files.
  CHECK(syncs <= static_cast<int>(kRounds) + 3);
}

TEST_CASE("when a disk is slow, giving files back waits behind what is to be written") {
  const Directory directory;
  make_well();
  World world(directory.path, kOddDisk);
  REQUIRE(world.program(0, 0, kUnit) == StorageStatus::Ok);
  REQUIRE(world.end(world.storage.erase(1, world)) == StorageStatus::Ok);
  holds = true;
  REQUIRE(world.storage.program(1, 0, kUnit, world) == StorageStatus::Pending);
  world.storage.release(0);
  usleep(20'000);
  CHECK(std::filesystem::exists(directory.file("segment-0000")));
  holds = false;
  CHECK(world.end(StorageStatus::Pending) == StorageStatus::Ok);
}

TEST_CASE("a segment that is erased again soon is not given back afterwards") {
  const Directory directory;
  make_well();
  World world(directory.path, kOddDisk);
  for (std::uint32_t segment = 0; segment < 5; ++segment)
    REQUIRE(world.program(segment, 0, kUnit) == StorageStatus::Ok);
  holds = true;
  REQUIRE(world.storage.program(4, 512, kUnit, world) == StorageStatus::Pending);
  for (std::uint32_t segment = 0; segment < 4; ++segment) world.storage.release(segment);
  holds = false;
  REQUIRE(world.end(StorageStatus::Pending) == StorageStatus::Ok);
  const std::vector<std::uint8_t> other(512, 0x33);
  REQUIRE(world.end(world.storage.erase(2, world)) == StorageStatus::Ok);
  REQUIRE(world.program(2, 0, other) == StorageStatus::Ok);
  for (int i = 0; i < 20'000 && std::filesystem::exists(directory.file("segment-0003")); ++i)
    usleep(1'000);
  CHECK_FALSE(std::filesystem::exists(directory.file("segment-0003")));
  CHECK(std::filesystem::exists(directory.file("segment-0002")));
  CHECK(world.read(2, 0, 512) == other);
}

TEST_CASE("the files are copied as they are, once") {
  const Directory directory;
  World world(directory.path);
  REQUIRE(world.program(1, 512, kUnit) == StorageStatus::Ok);
  REQUIRE(world.program(4, 0, kUnit) == StorageStatus::Ok);
  CHECK(world.storage.copy_to("copy") == 0);
  REQUIRE(world.program(4, 512, kUnit) == StorageStatus::Ok);
  CHECK(world.storage.copy_to("copy") == EEXIST);
  World copy(directory.file("copy"));
  CHECK(copy.read(1, 512, 512) == kUnit);
  CHECK(copy.read(4, 0, 512) == kUnit);
  CHECK(copy.read(4, 512, 10) == std::vector<std::uint8_t>(10, 0));
  CHECK(std::filesystem::file_size(directory.file("copy/segment-0001")) == kGeometry.segment_bytes);
  CHECK_FALSE(std::filesystem::exists(directory.file("copy/segment-0002")));
}

TEST_CASE("one directory serves one process at a time") {
  const Directory directory;
  const World first(directory.path);
  REQUIRE(first.opened == FileStorage::Opened::Ok);
  CHECK(World(directory.path).opened == FileStorage::Opened::InUse);
  CHECK(World("/proc/no-such-place/store").opened == FileStorage::Opened::Failed);
}

TEST_CASE("while a sync takes its time the loop goes on") {
  const Directory directory;
  make_well();
  World world(directory.path, kOddDisk);
  REQUIRE(world.end(world.storage.erase(0, world)) == StorageStatus::Ok);
  holds = true;
  REQUIRE(world.storage.program(0, 0, kUnit, world) == StorageStatus::Pending);
  world.ended = StorageStatus::Pending;
  for (int turn = 0; turn < 5; ++turn) {
    world.loop.wait(platform::monotonic_now());
    world.loop.dispatch(platform::monotonic_now());
    CHECK(world.ended == StorageStatus::Pending);
    CHECK(world.read(0, 512, 10) == std::vector<std::uint8_t>(10, 0));
  }
  holds = false;
  while (world.ended == StorageStatus::Pending) world.work();
  CHECK(world.ended == StorageStatus::Ok);
}

TEST_CASE("a program is one sync") {
  const Directory directory;
  make_well();
  World world(directory.path, kOddDisk);
  REQUIRE(world.end(world.storage.erase(0, world)) == StorageStatus::Ok);
  const int before = syncs;
  for (std::uint32_t i = 0; i < 4; ++i)
    REQUIRE(world.program(0, i * 512, kUnit) == StorageStatus::Ok);
  CHECK(syncs == before + 4);
}

TEST_CASE("a disk that is full or does not sync is said, and used again when it is well") {
  const Directory directory;
  make_well();
  World world(directory.path, kOddDisk);
  SUBCASE("full while a file is made") {
    writes_at_most = 70'000;
    CHECK(world.end(world.storage.erase(0, world)) == StorageStatus::Failed);
    CHECK(world.storage.last_error() == ENOSPC);
  }
  SUBCASE("full while it is written to") {
    REQUIRE(world.end(world.storage.erase(0, world)) == StorageStatus::Ok);
    writes_at_most = 100;
    CHECK(world.program(0, 0, kUnit) == StorageStatus::Failed);
    CHECK(world.storage.last_error() == ENOSPC);
  }
  SUBCASE("a sync fails while a file is made") {
    sync_error = EIO;
    CHECK(world.end(world.storage.erase(0, world)) == StorageStatus::Failed);
    CHECK(world.storage.last_error() == EIO);
    CHECK(std::filesystem::file_size(directory.file("segment-0000")) == 0);
  }
  SUBCASE("a sync fails") {
    REQUIRE(world.end(world.storage.erase(0, world)) == StorageStatus::Ok);
    sync_error = EIO;
    CHECK(world.program(0, 0, kUnit) == StorageStatus::Failed);
    CHECK(world.storage.last_error() == EIO);
  }
  make_well();
  REQUIRE(world.end(world.storage.erase(0, world)) == StorageStatus::Ok);
  REQUIRE(world.program(0, 0, kUnit) == StorageStatus::Ok);
  CHECK(world.read(0, 0, 512) == kUnit);
  CHECK(std::filesystem::file_size(directory.file("segment-0000")) == kGeometry.segment_bytes);
}
