// What the suite can't see of a platform, but a sanitizer, or malloc() itself, can.
#include <doctest/doctest.h>

#include "tests/unit/hal/world.hpp"

namespace midge::test {

TEST_CASE("a transport is finished whose peer ended first and was not read to its end") {
  // Often: lwIP went astray only when the last acknowledgement came between two calls.
  for (int i = 0; i < 300; ++i) {
    Pair pair;
    pair.turn([&] { pair.broker.pause(); });
    pair.peer.send("unread");
    pair.peer.close_write();
    pair.world->turns(2);
    pair.turn([&] { pair.broker.finish(); });
    REQUIRE(pair.run_until([&] { return pair.broker.closed == 1; }));
    CHECK(pair.broker.cause == hal::CloseCause::Finished);
  }
}

}  // namespace midge::test
