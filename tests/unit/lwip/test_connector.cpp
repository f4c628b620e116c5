#include <doctest/doctest.h>

#include <memory>
#include <string>

#include "tests/unit/lwip/lwip_world.hpp"

namespace midge::test {

namespace {

using hal::ConnectError;

class Caller final : public hal::ConnectHandler {
 public:
  hal::TransportHandler* on_connected(hal::Transport& transport) override {
    CHECK_FALSE(inside);
    ++calls;
    if (refuses) return nullptr;
    recorder = std::make_unique<Recorder>(transport);
    return recorder.get();
  }
  void on_connect_failed(ConnectError why) override {
    CHECK_FALSE(inside);
    ++calls;
    error = why;
  }

  void connect(LwipWorld& world, std::string_view host, std::uint16_t port) {
    inside = true;
    world.connector.connect(host, port, *this);
    inside = false;
  }

  bool refuses = false;
  bool inside = false;
  int calls = 0;
  ConnectError error = ConnectError::Unsupported;
  std::unique_ptr<Recorder> recorder;
};

}  // namespace

TEST_CASE("a connection outward carries bytes both ways") {
  LwipWorld world;
  Caller caller;
  world.turn([&] { caller.connect(world, "10.0.0.1", LwipWorld::kPort); });
  REQUIRE(world.run_until([&] { return caller.calls == 1 && world.door.guests.size() == 1; }));
  REQUIRE(caller.recorder);
  CHECK(caller.recorder->name == "10.0.0.1:1883");
  Recorder& guest = *world.door.guests[0];
  world.turn([&] {
    CHECK(caller.recorder->write("hello") == 5);
    CHECK(guest.write("welcome") == 7);
  });
  REQUIRE(world.run_until(
      [&] { return guest.received == "hello" && caller.recorder->received == "welcome"; }));
  world.turn([&] { caller.recorder->finish(); });
  REQUIRE(world.run_until([&] { return guest.closed == 1 && caller.recorder->closed == 1; }));
  CHECK(guest.cause == hal::CloseCause::Peer);
  CHECK(caller.recorder->cause == hal::CloseCause::Finished);
  CHECK(caller.calls == 1);
  CHECK(world.transports() == 0);
  world.check();
}

TEST_CASE("an attempt that fails says why, once") {
  LwipWorld world;
  struct Case {
    const char* host;
    std::uint16_t port;
    ConnectError error;
  };
  const std::string too_long(300, 'x');
  const Case cases[] = {
      {"10.0.0.1", 1999, ConnectError::Refused},
      {"no.such.host", 1883, ConnectError::NotFound},
      {"", 1883, ConnectError::NotFound},
      {too_long.c_str(), 1883, ConnectError::NotFound},
  };
  for (const Case& c : cases) {
    CAPTURE(c.host);
    Caller caller;
    world.turn([&] { caller.connect(world, c.host, c.port); });
    REQUIRE(world.run_until([&] { return caller.calls > 0; }));
    world.turns(5);
    CHECK(caller.calls == 1);
    CHECK(caller.error == c.error);
  }
  world.check();
}

TEST_CASE("after cancel() no call follows, however far the attempt is") {
  for (int turns = 0; turns < 6; ++turns) {
    CAPTURE(turns);
    LwipWorld world;
    Caller caller;
    world.turn([&] { caller.connect(world, "10.0.0.1", LwipWorld::kPort); });
    world.turns(turns);
    int before = 0;
    world.turn([&] {
      before = caller.calls;
      world.connector.cancel(caller);
    });
    world.turns(50);
    CHECK(caller.calls == before);
    world.turn([&] {
      if (caller.recorder && caller.recorder->closed == 0) caller.recorder->abort();
    });
    REQUIRE(world.run_until([&] { return world.transports() == 0; }));
    world.check();
  }
}

TEST_CASE("one attempt too many fails, and the others go on") {
  LwipWorld world;
  Caller callers[lwip::Connector::kAttempts + 1];
  world.turn([&] {
    for (Caller& caller : callers) caller.connect(world, "10.0.0.1", LwipWorld::kPort);
  });
  REQUIRE(world.run_until([&] {
    int calls = 0;
    for (const Caller& caller : callers) calls += caller.calls;
    return calls == lwip::Connector::kAttempts + 1;
  }));
  CHECK(callers[0].recorder);
  CHECK(callers[1].recorder);
  CHECK(callers[2].error == ConnectError::TimedOut);
  world.turn([&] {
    for (const Caller& caller : callers)
      if (caller.recorder) caller.recorder->abort();
  });
  REQUIRE(world.run_until([&] { return world.transports() == 0; }));
  world.check();
}

TEST_CASE("a handler that does not take the connection ends it") {
  LwipWorld world;
  Caller caller;
  caller.refuses = true;
  world.turn([&] { caller.connect(world, "10.0.0.1", LwipWorld::kPort); });
  REQUIRE(world.run_until([&] { return caller.calls == 1; }));
  world.turns(10);
  CHECK(caller.calls == 1);
  CHECK(world.transports() == 0);
  world.check();
}

}  // namespace midge::test
