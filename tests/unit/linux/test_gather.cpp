#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "platform/linux/gather.hpp"
#include "tests/unit/linux/world.hpp"

namespace midge::platform {

namespace {

std::string joined(Gather& gather) {
  std::string all;
  for (const iovec& piece : gather.pieces())
    all.append(static_cast<const char*>(piece.iov_base), piece.iov_len);
  return all;
}

}  // namespace

TEST_CASE("short chunks become one piece, long ones stay where they are") {
  const std::string long_text = pattern(5'000);
  const hal::Chunk chunks[] = {
      {as_bytes("ab")}, {as_bytes("")}, {as_bytes("cd")}, {as_bytes(long_text)}, {as_bytes("ef")},
  };
  auto gather = std::make_unique<Gather>();
  CHECK(gather->take(chunks) == 5);
  REQUIRE(gather->pieces().size() == 3);
  CHECK(gather->pieces()[1].iov_base == long_text.data());
  CHECK(joined(*gather) == "abcd" + long_text + "ef");
  CHECK(gather->bytes() == 5'006);
}

TEST_CASE("however many chunks there are, taking goes on and their order stays") {
  const std::string text = pattern(3'000);
  for (const std::size_t size : {std::size_t{1}, std::size_t{1'000}, std::size_t{3'000}}) {
    CAPTURE(size);
    std::vector<hal::Chunk> chunks;
    std::string expected;
    for (std::size_t i = 0; i < 1'000; ++i) {
      const std::string_view part = std::string_view(text).substr(0, i % 3 == 0 ? size : 7);
      chunks.push_back({as_bytes(part)});
      expected += part;
    }
    auto gather = std::make_unique<Gather>();
    std::string got;
    for (std::span<const hal::Chunk> rest = chunks; !rest.empty();) {
      const std::size_t taken = gather->take(rest);
      REQUIRE(taken > 0);
      got += joined(*gather);
      rest = rest.subspan(taken);
    }
    CHECK(got == expected);
  }
}

}  // namespace midge::platform
