#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <string>
#include <vector>

#include "platform/linux/address_space.hpp"
#include "platform/linux/clock.hpp"
#include "platform/linux/entropy.hpp"
#include "platform/linux/memory_limit.hpp"
#include "platform/linux/text_files.hpp"

namespace midge::platform {

namespace {

// A folder that is empty at the start and gone at the end.
struct Folder {
  Folder() { REQUIRE(mkdir(path.c_str(), 0700) == 0); }
  ~Folder() {
    for (const std::string& name : names) unlink((path + "/" + name).c_str());
    rmdir(path.c_str());
  }
  void put(const std::string& name, const std::string& text) {
    std::ofstream(path + "/" + name) << text;
    names.push_back(name);
  }

  std::string path = "/tmp/midge-unit-linux-" + std::to_string(getpid());
  std::vector<std::string> names;
};

}  // namespace

TEST_CASE("a text is the whole file as it was when it was read") {
  Folder folder;
  folder.put("midge.conf", "port 1883\n");
  folder.put("empty.conf", "");
  TextFiles files;
  const auto text = files.text(folder.path + "/midge.conf");
  REQUIRE(text);
  folder.put("midge.conf", "x");
  CHECK(*text == "port 1883\n");
  CHECK(files.text(folder.path + "/midge.conf") == "x");
  CHECK(files.text(folder.path + "/empty.conf") == "");
  CHECK_FALSE(files.text(folder.path + "/none.conf"));
  CHECK_FALSE(files.text(folder.path));
  CHECK_FALSE(files.text(std::string(5'000, 'a')));
}

TEST_CASE("a folder lists its .conf files in ASCII order") {
  Folder folder;
  for (const char* name : {"b.conf", "A.conf", "a.conf", "10.conf", "9.conf", "a.conf~", "conf"})
    folder.put(name, "");
  TextFiles files;
  CHECK(files.has_folder(folder.path));
  constexpr const char* kExpected[] = {"10.conf", "9.conf", "A.conf", "a.conf", "b.conf"};
  for (std::size_t i = 0; i < 5; ++i) CHECK(files.entry(folder.path, i) == kExpected[i]);
  CHECK_FALSE(files.entry(folder.path, 5));
  CHECK_FALSE(files.has_folder(folder.path + "/b.conf"));
  CHECK_FALSE(files.has_folder("/nonexistent"));
  CHECK_FALSE(files.entry("/nonexistent", 0));
}

TEST_CASE("an arena over reserved addresses opens what it needs") {
  AddressSpace space;
  REQUIRE(space.reserve((std::size_t{64} << 20) + 1));
  Arena arena(space.range(), 4096, 0, space);
  for (int i = 0; i < 1'000; ++i) {
    auto* const page = static_cast<std::uint8_t*>(arena.take(1));
    REQUIRE(page != nullptr);
    page[0] = page[4095] = 1;
  }
}

TEST_CASE("released memory is empty and usable again, its neighbours keep theirs") {
  AddressSpace space;
  REQUIRE(space.reserve(64 * 1024));
  REQUIRE(space.open(space.range()));
  for (std::uint8_t& byte : space.range()) byte = 7;
  space.release(space.range().subspan(4'000, 10'000));
  CHECK(space.range()[4'095] == 7);
  CHECK(space.range()[4'096] == 0);
  CHECK(space.range()[12'287] == 0);
  CHECK(space.range()[12'288] == 7);
  space.range()[5'000] = 1;
}

TEST_CASE("more addresses than there are is an answer") {
  AddressSpace space;
  CHECK_FALSE(space.reserve(SIZE_MAX));
  CHECK_FALSE(space.reserve(SIZE_MAX / 2));
  CHECK_FALSE(space.reserve(0));
}

TEST_CASE("the default memory limit is a quarter of what there is") {
  const std::uint64_t available = available_memory_bytes();
  CHECK(available > 0);
  if (available > (std::uint64_t{16} << 20) && sizeof(void*) > 4)
    CHECK(default_memory_limit() == available / 4);
}

TEST_CASE("random bytes differ") {
  KernelEntropy entropy;
  std::array<std::uint8_t, 64> a{};
  std::array<std::uint8_t, 64> b{};
  REQUIRE(entropy.fill(a));
  REQUIRE(entropy.fill(b));
  CHECK(a != b);
}

TEST_CASE("the clocks run") {
  const Instant before = monotonic_now();
  usleep(2'000);
  CHECK(monotonic_now() - before >= Duration(1));
  CHECK(SystemWallClock().now() > WallTime(1'700'000'000'000));
}

}  // namespace midge::platform
