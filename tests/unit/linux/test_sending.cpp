#include <doctest/doctest.h>
#include <sys/socket.h>

#include <string>
#include <vector>

#include "tests/unit/linux/world.hpp"

namespace midge::platform {

TEST_CASE("chunks arrive in their order and count as sent at once") {
  World world;
  const World::Link link = world.connect();
  const std::string long_text = pattern(3'000);
  const hal::Chunk chunks[] = {{as_bytes("abc")}, {as_bytes(long_text)}, {as_bytes("xyz")}};
  const auto taken = link.transport.write(chunks);
  REQUIRE(taken);
  CHECK(*taken == 3'006);
  CHECK(link.handler.sent == 3'006);
  CHECK(receive(link.peer, 3'006) == "abc" + long_text + "xyz");
}

TEST_CASE("a full socket takes a part, and says when there is room again") {
  World world;
  const World::Link link = world.connect();
  const std::string text = pattern(30'000'000);
  std::size_t begin = 0;
  std::string got;
  int short_writes = 0;
  while (begin < text.size()) {
    const Bytes rest = as_bytes(std::string_view(text).substr(begin));
    const hal::Chunk chunks[] = {{rest.first(rest.size() / 2)}, {rest.subspan(rest.size() / 2)}};
    const auto taken = link.transport.write(chunks);
    REQUIRE(taken);
    begin += *taken;
    CHECK(link.handler.sent == begin);
    if (*taken == rest.size()) break;
    ++short_writes;
    const auto more = link.transport.write(chunks);  // still full: nothing, and no error
    REQUIRE(more);
    CHECK(*more == 0);
    const int before = link.handler.writable;
    got += receive_available(link.peer);
    REQUIRE(world.turn_until([&] { return link.handler.writable == before + 1; }));
  }
  got += receive_available(link.peer);
  CHECK(short_writes > 0);
  CHECK(got == text);
}

TEST_CASE("nobody is told of room that was never missing") {
  World world;
  const World::Link link = world.connect();
  world.turn();
  const hal::Chunk chunks[] = {{as_bytes("abc")}};
  REQUIRE(link.transport.write(chunks));
  world.turn();
  CHECK(link.handler.writable == 0);
}

TEST_CASE("thousands of chunks go out in one write") {
  World world;
  const World::Link link = world.connect();
  const std::string text = pattern(60'000);
  std::vector<hal::Chunk> chunks;
  for (std::size_t i = 0; i < text.size(); i += 15)
    chunks.push_back({as_bytes(std::string_view(text).substr(i, 15))});
  const auto taken = link.transport.write(chunks);
  REQUIRE(taken);
  CHECK(*taken == text.size());
  CHECK(receive(link.peer, text.size()) == text);
}

TEST_CASE("a write to a peer that has gone fails, and what it sent before is still received") {
  World world;
  World::Link link = world.connect();
  world.turn();
  const hal::Chunk chunks[] = {{as_bytes("abc")}};
  REQUIRE(link.transport.write(chunks));
  send_all(link.peer, "last words");
  link.peer.reset();  // with "abc" unread: a reset
  link.handler.inside_call = true;
  CHECK_FALSE(link.transport.write(chunks));
  CHECK_FALSE(link.transport.write(chunks));
  link.handler.inside_call = false;
  CHECK(link.handler.closed == 0);
  REQUIRE(world.turn_until([&] { return link.handler.closed > 0; }));
  CHECK(link.handler.received == "last words");
  CHECK(link.handler.sent == 3);
  for (int i = 0; i < 3; ++i) world.turn();
  CHECK(link.handler.closed == 1);
  CHECK(world.connections->count() == 0);
}

}  // namespace midge::platform
