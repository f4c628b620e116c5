// Which bytes lwIP sends from the broker's memory, and when they are free again.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/unit/lwip/lwip_world.hpp"

namespace midge::test {

using hal::Keep;
using lwip::Transports;

TEST_CASE("what was copied counts as sent at once, what is referred to when it is acknowledged") {
  const std::string long_text = pattern(Transports::kReferenceFrom);
  const std::string short_text = pattern(Transports::kReferenceFrom - 1);
  struct Case {
    const char* name;
    const std::string& text;
    Keep keep;
    bool is_reference;
  };
  const Case cases[] = {
      {"a long chunk that may be referred to", long_text, Keep::UntilSent, true},
      {"a long chunk that may not", long_text, Keep::Copy, false},
      {"a short chunk", short_text, Keep::UntilSent, false},
  };
  for (const Case& c : cases) {
    CAPTURE(c.name);
    LwipWorld world;
    const Guest guest = let_in(world);
    world.turns(3);
    world.wire.stops = true;
    world.turn([&] { REQUIRE(guest.broker.write(c.text, c.keep) == c.text.size()); });
    CHECK(guest.broker.sent == (c.is_reference ? 0 : c.text.size()));
    CHECK(Wire::use().references == (c.is_reference ? 1U : 0U));
    // Behind a reference a copy waits for it: on_sent() counts in order.
    world.turn([&] { REQUIRE(guest.broker.write("abc") == 3); });
    CHECK(guest.broker.sent == (c.is_reference ? 0 : c.text.size() + 3));
    world.turns(5);
    CHECK(guest.broker.sent == (c.is_reference ? 0 : c.text.size() + 3));
    world.wire.stops = false;
    REQUIRE(world.run_until([&] { return guest.broker.sent == c.text.size() + 3; }));
    REQUIRE(world.run_until([&] { return guest.peer.received().size() == c.text.size() + 3; }));
    CHECK(guest.peer.received() == c.text + "abc");
    world.turn([&] { guest.broker.abort(); });
    REQUIRE(world.run_until([&] { return guest.broker.closed == 1; }));
    world.check();
  }
}

TEST_CASE("after on_closed() not even a retransmission refers to the memory") {
  LwipWorld world;
  const Guest guest = let_in(world);
  world.turns(3);
  const std::string text(600, 'x');
  world.wire.stops = true;
  world.turn([&] { REQUIRE(guest.broker.write(text, Keep::UntilSent) == text.size()); });
  world.turn([&] { guest.broker.abort(); });
  world.turns(2);
  REQUIRE(guest.broker.closed == 1);  // the recorder has overwritten the memory
  CHECK(Wire::use().references == 0);
  world.wire.keeps_trace = true;
  world.wire.forget();
  world.wire.stops = false;
  world.turns(3'000);
  for (const std::vector<std::uint8_t>& packet : world.wire.trace)
    CHECK(std::count(packet.begin(), packet.end(), std::uint8_t{0xDB}) < 8);
  world.check();
}

TEST_CASE("a lost packet is sent again from the same memory") {
  LwipWorld world;
  const Guest guest = let_in(world);
  world.turns(3);
  const std::string text = pattern(1'000);
  world.wire.stops = true;
  world.turn([&] { REQUIRE(guest.broker.write(text, Keep::UntilSent) == text.size()); });
  world.wire.forget();
  world.wire.stops = false;
  REQUIRE(world.run_until([&] { return guest.broker.sent == text.size(); }));
  CHECK(guest.peer.received() == text);
  world.turn([&] { guest.broker.abort(); });
  REQUIRE(world.run_until([&] { return guest.broker.closed == 1; }));
  world.check();
}

}  // namespace midge::test
