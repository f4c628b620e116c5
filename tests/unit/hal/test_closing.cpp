// What hal/transport.hpp promises about the end of a connection.
#include <doctest/doctest.h>

#include <string>

#include "tests/unit/hal/world.hpp"

namespace midge::test {

using hal::CloseCause;
using hal::Keep;

namespace {

// finish() drains for so long at most.
constexpr Duration kDrainTime{1'000};

bool is_closed(const Recorder& broker) {
  return broker.closed > 0;
}

}  // namespace

TEST_CASE("the end of the peer is told once") {
  Pair pair;
  pair.peer.send("last words");
  pair.peer.close();
  REQUIRE(pair.run_until([&] { return is_closed(pair.broker); }));
  CHECK(pair.broker.cause == CloseCause::Peer);
  CHECK(pair.broker.received == "last words");
}

TEST_CASE("a peer that closes its side only is answered before the end") {
  Pair pair;
  bool answered = false;
  pair.world->each_turn = [&] {  // as the core does: what events ask for is written at their end
    if (answered || pair.broker.received != "question") return;
    answered = true;
    CHECK(pair.broker.write("answer", Keep::UntilSent) == 6);
  };
  pair.peer.send("question");
  pair.peer.close_write();
  REQUIRE(pair.run_until([&] { return is_closed(pair.broker); }));
  CHECK(pair.broker.cause == CloseCause::Peer);
  REQUIRE(pair.run_until([&] { return pair.peer.end() != Peer::End::Open; }));
  CHECK(pair.peer.received() == "answer");
  CHECK(pair.peer.end() == Peer::End::Finished);
}

TEST_CASE("the end of the peer waits behind the bytes of a paused transport") {
  Pair pair;
  pair.broker.use = [&](std::string_view) -> std::size_t {
    pair.broker.pause();
    return 1;
  };
  pair.peer.send("abc");
  pair.peer.close();
  pair.world->turns(10);
  CHECK(pair.broker.received == "a");
  CHECK_FALSE(is_closed(pair.broker));
  pair.broker.use = nullptr;
  pair.turn([&] { pair.broker.resume(); });
  REQUIRE(pair.run_until([&] { return is_closed(pair.broker); }));
  CHECK(pair.broker.received == "abc");
  CHECK(pair.broker.cause == CloseCause::Peer);
}

TEST_CASE("a reset is an error, also while paused") {
  for (const bool pauses : {false, true}) {
    CAPTURE(pauses);
    Pair pair;
    if (pauses) pair.turn([&] { pair.broker.pause(); });
    pair.peer.send("abc");
    pair.world->turns(5);
    pair.peer.reset();
    REQUIRE(pair.run_until([&] { return is_closed(pair.broker); }));
    CHECK(pair.broker.cause == CloseCause::Error);
  }
}

TEST_CASE("a reset while bytes are unsent ends all use of them") {
  Pair pair;
  pair.peer.stop_reading();
  const std::string text = pattern(pair.world->flood_bytes());
  pair.turn([&] { CHECK(pair.broker.write(text, Keep::UntilSent, 1'000) < text.size()); });
  pair.world->turns(5);
  pair.peer.reset();
  REQUIRE(pair.run_until([&] { return is_closed(pair.broker); }));
  CHECK(pair.broker.cause == CloseCause::Error);
}

TEST_CASE("a write to a peer that has gone is refused or taken, and the end follows") {
  Pair pair;
  pair.peer.reset();
  bool refused = false;
  REQUIRE(pair.run_until([&] {
    pair.turn([&] {
      if (is_closed(pair.broker)) return;
      static_cast<void>(pair.broker.write("abc", Keep::UntilSent));
      refused = refused || pair.broker.refused_write;
      if (refused) CHECK(pair.broker.write("abc") == 0);
    });
    return is_closed(pair.broker);
  }));
  CHECK(pair.broker.cause == CloseCause::Error);
}

TEST_CASE("finish() sends what was taken, then waits for the peer") {
  for (const Keep keep : {Keep::Copy, Keep::UntilSent}) {
    Pair pair;
    const std::string text = pattern(1'000);
    pair.turn([&] {
      CHECK(pair.broker.write(text, keep) == text.size());
      pair.broker.finish();
      pair.broker.finish();
    });
    REQUIRE(pair.run_until([&] { return pair.peer.end() != Peer::End::Open; }));
    CHECK(pair.peer.end() == Peer::End::Finished);
    CHECK(pair.peer.received() == text);
    pair.peer.send("on its way already");
    pair.world->turns(3);
    CHECK_FALSE(is_closed(pair.broker));
    pair.peer.close();
    REQUIRE(pair.run_until([&] { return is_closed(pair.broker); }));
    CHECK(pair.broker.cause == CloseCause::Finished);
    CHECK(pair.broker.received.empty());
  }
}

TEST_CASE("finish() waits a second at most for a peer that does nothing") {
  Pair pair;
  const Instant before = pair.world->now();
  pair.turn([&] { pair.broker.finish(); });
  REQUIRE(pair.run_until([&] { return is_closed(pair.broker); }));
  CHECK(pair.broker.cause == CloseCause::Finished);
  CHECK(pair.world->now() - before >= kDrainTime);
}

TEST_CASE("finish() gives up on a peer that does not read") {
  for (const Keep keep : {Keep::Copy, Keep::UntilSent}) {
    Pair pair;
    pair.peer.stop_reading();
    const std::string text = pattern(pair.world->flood_bytes());
    pair.turn([&] {
      CHECK(pair.broker.write(text, keep, 1'000) < text.size());
      pair.broker.finish();
    });
    REQUIRE(pair.run_until([&] { return is_closed(pair.broker); }));
    CHECK(pair.broker.cause == CloseCause::Finished);
  }
}

TEST_CASE("what was taken before finish() arrives, however much it is") {
  Pair pair;
  pair.peer.stop_reading();
  const std::string text = pattern(pair.world->flood_bytes());
  std::size_t taken = 0;
  pair.turn([&] {
    taken = pair.broker.write(text, Keep::UntilSent, 1'000);
    pair.broker.finish();
  });
  pair.peer.start_reading();
  REQUIRE(pair.run_until([&] { return pair.peer.end() != Peer::End::Open; }));
  CHECK(pair.peer.end() == Peer::End::Finished);
  CHECK(pair.peer.received() == text.substr(0, taken));
  pair.peer.close();
  REQUIRE(pair.run_until([&] { return is_closed(pair.broker); }));
}

TEST_CASE("finish() of a paused transport drops what was left over") {
  Pair pair;
  pair.broker.use = [&](std::string_view) -> std::size_t {
    pair.broker.pause();
    return 0;
  };
  pair.peer.send(pattern(10'000));
  pair.world->turns(10);
  CHECK(pair.broker.offered.size() == 1);
  pair.turn([&] { pair.broker.finish(); });
  pair.peer.close();
  REQUIRE(pair.run_until([&] { return is_closed(pair.broker); }));
  CHECK(pair.broker.cause == CloseCause::Finished);
  CHECK(pair.broker.offered.size() == 1);
}

TEST_CASE("finish() after the peer's end needs no wait") {
  Pair pair;
  pair.turn([&] { pair.broker.pause(); });
  pair.peer.close();
  pair.world->turns(10);
  REQUIRE_FALSE(is_closed(pair.broker));
  const Instant before = pair.world->now();
  pair.turn([&] { pair.broker.finish(); });
  REQUIRE(pair.run_until([&] { return is_closed(pair.broker); }));
  CHECK(pair.broker.cause == CloseCause::Finished);
  CHECK(pair.world->now() - before < kDrainTime);
}

TEST_CASE("abort() ends at once and tells it later, once") {
  Pair pair;
  pair.turn([&] {
    CHECK(pair.broker.write("abc", Keep::UntilSent) == 3);
    pair.broker.abort();
    pair.broker.abort();
    CHECK_FALSE(is_closed(pair.broker));
  });
  pair.peer.send("never offered");
  REQUIRE(pair.run_until([&] { return is_closed(pair.broker); }));
  CHECK(pair.broker.cause == CloseCause::Finished);
  CHECK(pair.broker.offered.empty());
  REQUIRE(pair.run_until([&] { return pair.peer.end() != Peer::End::Open; }));
}

TEST_CASE("abort() ends a drain") {
  Pair pair;
  const Instant before = pair.world->now();
  pair.turn([&] { pair.broker.finish(); });
  pair.world->turns(2);
  CHECK_FALSE(is_closed(pair.broker));
  pair.turn([&] { pair.broker.abort(); });
  REQUIRE(pair.run_until([&] { return is_closed(pair.broker); }));
  CHECK(pair.broker.cause == CloseCause::Finished);
  CHECK(pair.world->now() - before < kDrainTime);
}

TEST_CASE("abort() of a transport whose peer does not read ends all use of the bytes") {
  Pair pair;
  pair.peer.stop_reading();
  const std::string text = pattern(pair.world->flood_bytes());
  std::size_t taken = 0;
  pair.turn([&] { taken = pair.broker.write(text, Keep::UntilSent, 1'000); });
  pair.world->turns(5);
  pair.turn([&] { pair.broker.abort(); });
  REQUIRE(pair.run_until([&] { return is_closed(pair.broker); }));
  // The recorder has overwritten its memory: what the peer reads now must not come from there.
  pair.peer.start_reading();
  REQUIRE(pair.run_until([&] { return pair.peer.end() != Peer::End::Open; }));
  CHECK(text.substr(0, taken).starts_with(pair.peer.received()));
}

TEST_CASE("a handler may abort or finish its own and another transport while it receives") {
  for (const bool finishes : {false, true}) {
    CAPTURE(finishes);
    Pair pair;
    const Guest other = let_in(*pair.world);
    const auto end_both = [&](std::string_view bytes) {
      for (Recorder* each : {&pair.broker, &other.broker}) {
        if (finishes) {
          each->finish();
        } else {
          each->abort();
        }
      }
      return bytes.size();
    };
    pair.broker.use = other.broker.use = end_both;
    pair.peer.send("a");
    other.peer.send("b");
    REQUIRE(pair.run_until(
        [&] { return pair.broker.offered.size() + other.broker.offered.size() > 0; }));
    pair.peer.close();
    other.peer.close();
    REQUIRE(pair.run_until([&] { return is_closed(pair.broker) && is_closed(other.broker); }));
    CHECK(pair.broker.offered.size() + other.broker.offered.size() == 1);
    CHECK(pair.broker.cause == CloseCause::Finished);
    CHECK(other.broker.cause == CloseCause::Finished);
  }
}

TEST_CASE("a handler may end its transport while a leftover is offered") {
  for (const bool finishes : {false, true}) {
    CAPTURE(finishes);
    Pair pair;
    pair.broker.use = [&](std::string_view) -> std::size_t {
      pair.broker.pause();
      return 1;
    };
    pair.peer.send("abc");
    REQUIRE(pair.run_until([&] { return pair.broker.offered.size() == 1; }));
    std::string seen;
    pair.broker.use = [&](std::string_view bytes) -> std::size_t {
      seen = bytes;
      finishes ? pair.broker.finish() : pair.broker.abort();
      return 0;
    };
    pair.turn([&] { pair.broker.resume(); });
    REQUIRE(pair.run_until([&] { return pair.broker.offered.size() == 2; }));
    CHECK(seen == "bc");
    pair.peer.close();
    REQUIRE(pair.run_until([&] { return is_closed(pair.broker); }));
    CHECK(pair.broker.cause == CloseCause::Finished);
  }
}

}  // namespace midge::test
