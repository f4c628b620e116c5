// What hal/transport.hpp promises about the way out. The recorder overwrites the memory of each
// chunk as soon as the transport has no right to it any more, so what the peer receives tells.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/unit/hal/world.hpp"

namespace midge::test {

using hal::Keep;

TEST_CASE("chunks arrive in their order, and all of their bytes count as sent once") {
  Pair pair;
  const std::string large = pattern(700);
  std::size_t taken = 0;
  pair.turn([&] {
    taken = pair.broker.write({{"abc", Keep::Copy},
                               {large, Keep::UntilSent},
                               {"x", Keep::Copy},
                               {"yz", Keep::UntilSent},
                               {"", Keep::Copy},
                               {"end", Keep::Copy}});
  });
  const std::string all = "abc" + large + "xyzend";
  CHECK(taken == all.size());
  REQUIRE(pair.run_until([&] { return pair.peer.received().size() == all.size(); }));
  CHECK(pair.peer.received() == all);
  REQUIRE(pair.run_until([&] { return pair.broker.sent == all.size(); }));
}

TEST_CASE(
    "the memory of Copy chunks is free when write() returns, that of UntilSent when counted") {
  for (const Keep keep : {Keep::Copy, Keep::UntilSent}) {
    for (const std::size_t chunk_bytes : {std::size_t{1}, std::size_t{7}, std::size_t{200},
                                          std::size_t{1'000}, std::size_t{5'000}}) {
      CAPTURE(static_cast<int>(keep));
      CAPTURE(chunk_bytes);
      Pair pair;
      const std::string text = pattern(chunk_bytes < 10 ? 2'000 : 30'000);
      REQUIRE(pair.write_all(text, keep, chunk_bytes));
      REQUIRE(pair.run_until([&] { return pair.peer.received().size() == text.size(); }));
      CHECK(pair.peer.received() == text);
      REQUIRE(pair.run_until([&] { return pair.broker.sent == text.size(); }));
    }
  }
}

TEST_CASE("many short writes in a turn arrive as they were written") {
  Pair pair;
  std::string expected;
  for (int turn = 0; turn < 20; ++turn) {
    pair.turn([&] {
      for (int i = 0; i < 20; ++i) {
        const std::string text = pattern(static_cast<std::size_t>(1 + i % 5));
        const Keep keep = i % 3 == 0 ? Keep::UntilSent : Keep::Copy;
        const std::size_t taken = pair.broker.write(text, keep);
        expected += text.substr(0, taken);
        if (taken < text.size()) return;
      }
    });
    pair.world->turns(3);
  }
  CHECK(expected.size() > 200);
  REQUIRE(pair.run_until([&] { return pair.peer.received().size() == expected.size(); }));
  CHECK(pair.peer.received() == expected);
  REQUIRE(pair.run_until([&] { return pair.broker.sent == expected.size(); }));
}

TEST_CASE("a full transport takes a part, later nothing, and says when there is room") {
  for (const Keep keep : {Keep::Copy, Keep::UntilSent}) {
    CAPTURE(static_cast<int>(keep));
    Pair pair;
    pair.peer.stop_reading();
    const std::string text = pattern(pair.world->flood_bytes());
    std::size_t begin = 0;
    // Full for good when room does not come any more.
    const auto fill = [&] {
      const std::string_view rest = std::string_view(text).substr(begin);
      begin += pair.broker.write(rest, keep, 4'000);
    };
    pair.turn(fill);
    int writable = 0;
    for (int idle = 0; idle < 20;) {
      pair.world->turns(1);
      if (pair.broker.writable == writable) {
        ++idle;
        continue;
      }
      idle = 0;
      writable = pair.broker.writable;
      pair.turn(fill);
    }
    REQUIRE(begin < text.size());
    CHECK(begin > 0);
    const std::size_t before = begin;
    pair.turn(fill);  // no error, and no more than what it said to have room for
    CHECK_FALSE(pair.broker.refused_write);
    CHECK(begin - before < 4'000);

    pair.peer.start_reading();
    REQUIRE(pair.run_until([&] { return pair.broker.writable > writable; }));
    REQUIRE(pair.write_all(std::string_view(text).substr(begin), keep, 4'000));
    REQUIRE(pair.run_until([&] { return pair.peer.received().size() == text.size(); }));
    CHECK(pair.peer.received() == text);
    REQUIRE(pair.run_until([&] { return pair.broker.sent == text.size(); }));
  }
}

TEST_CASE("nobody is told of room that was never missing") {
  Pair pair;
  pair.turn([&] {
    CHECK(pair.broker.write("abc") == 3);
    CHECK(pair.broker.write("") == 0);
  });
  REQUIRE(pair.run_until([&] { return pair.peer.received() == "abc"; }));
  pair.world->turns(5);
  CHECK(pair.broker.writable == 0);
}

TEST_CASE("a peer that does not read holds up nobody else") {
  Pair pair;
  const Guest other = let_in(*pair.world);
  pair.peer.stop_reading();
  const std::string flood = pattern(pair.world->flood_bytes());
  std::size_t begin = 0;
  for (int i = 0; i < 50; ++i) {
    pair.turn([&] { begin += pair.broker.write(std::string_view(flood).substr(begin)); });
  }
  std::string expected;
  for (int i = 0; i < 100; ++i) {
    const std::string text = pattern(static_cast<std::size_t>(1 + i * 5));
    pair.turn([&] { REQUIRE(other.broker.write(text) == text.size()); });
    expected += text;
    REQUIRE(pair.run_until([&] { return other.peer.received().size() == expected.size(); }));
  }
  CHECK(other.peer.received() == expected);
  pair.turn([&] { other.broker.abort(); });
}

TEST_CASE("both ways at once") {
  Pair pair;
  const std::string text = pattern(100'000);
  pair.peer.send(text);
  REQUIRE(pair.write_all(text, Keep::UntilSent, 3'000));
  REQUIRE(pair.run_until([&] {
    return pair.peer.received().size() == text.size() && pair.broker.received.size() == text.size();
  }));
  CHECK(pair.peer.received() == text);
  CHECK(pair.broker.received == text);
}

}  // namespace midge::test
