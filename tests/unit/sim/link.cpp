// The simulated connection: what the network does to bytes, and both ends of its contract.
#include "platform/sim/link.hpp"

#include <doctest/doctest.h>

#include "tests/unit/sim/fake_engine.hpp"

namespace midge::test {
namespace {

using namespace std::chrono_literals;
using sim::End;
using sim::Link;
using sim::LinkOptions;
using sim::World;

// One link with an engine behind it.
struct Fixture {
  explicit Fixture(const LinkOptions& options = {}) : engine(world) {
    world.keep_trace = true;
    link = &world.connect(0, options);
    settle_accept();
  }
  void settle_accept() {
    while (engine.size() == 0 && world.step(world.now() + 10s)) {
    }
    REQUIRE(engine.size() == 1);
    broker = &engine[0];
  }
  void send(std::string_view text) { link->send(as_bytes(text)); }
  [[nodiscard]] std::string received() const { return std::string(as_text(link->received())); }

  World world;
  FakeEngine engine;
  Link* link = nullptr;
  FakeConnection* broker = nullptr;
};

using Pieces = std::vector<std::string>;

TEST_CASE("a plain link carries each piece at once and as it is") {
  Fixture f;
  CHECK(f.broker->transport.peer() == "sim:1");
  f.send("ab");
  f.send("c");
  f.world.settle();
  CHECK(f.broker->pieces == Pieces{"ab", "c"});
  f.engine.in_turn([&] { f.broker->write("xyz"); });
  CHECK(f.received() == "xyz");
  CHECK(f.broker->sent == 3);
}

TEST_CASE("a link that splits keeps the order") {
  Fixture f({.largest_segment = 1});
  f.send("abc");
  f.world.settle();
  CHECK(f.broker->pieces == Pieces{"a", "b", "c"});
}

TEST_CASE("a link that gathers makes one piece of several") {
  Fixture f({.gather_ms = {5, 5}});
  f.send("ab");
  f.world.advance(4ms);
  f.send("c");
  CHECK(f.broker->pieces.empty());
  f.world.advance(1ms);
  CHECK(f.broker->pieces == Pieces{"abc"});
}

TEST_CASE("a link that delays keeps the order") {
  Fixture f({.delay_ms = {0, 50}});
  for (const char c : std::string("abcdefghij")) f.send(std::string(1, c));
  f.world.advance(50ms);
  CHECK(f.broker->received() == "abcdefghij");
}

TEST_CASE("a cut link tells both ends once and delivers nothing more") {
  Fixture f({.cut_after_to_broker = 3});
  f.send("ab");
  f.world.settle();
  CHECK(f.link->end() == End::Open);
  f.send("c");
  f.send("d");
  f.world.settle();
  CHECK(f.broker->received() == "abc");
  CHECK(f.broker->times_closed == 1);
  CHECK(f.broker->cause == hal::CloseCause::Error);
  CHECK(f.link->end() == End::Reset);
  f.send("e");
  f.world.advance(10s);
  CHECK(f.broker->received() == "abc");
  CHECK(f.broker->times_closed == 1);
}

TEST_CASE("between an error and on_closed() a write is answered by Closed") {
  Fixture f({.close_delay_ms = {20, 20}});
  f.link->cut();
  f.engine.in_turn([&] {
    const hal::Chunk chunk{as_bytes("x")};
    const auto taken = f.broker->transport.write({&chunk, 1});
    REQUIRE_FALSE(taken);
    CHECK(taken.error() == hal::TransportError::Closed);
  });
  CHECK(f.broker->times_closed == 0);
  f.world.advance(20ms);
  CHECK(f.broker->times_closed == 1);
  CHECK(f.world.faults().empty());
}

TEST_CASE("a stalled link loses nothing and tells nobody") {
  Fixture f;
  f.link->stall(true);
  f.send("ab");
  f.world.advance(60s);
  CHECK(f.broker->received().empty());
  CHECK(f.broker->times_closed == 0);
  f.link->stall(false);
  f.world.settle();
  CHECK(f.broker->received() == "ab");
}

TEST_CASE("a client that does not read lets the broker write what window and buffer hold") {
  Fixture f({.client_window = 10, .send_buffer = 20});
  f.link->stop_reading();
  f.engine.in_turn([&] { f.broker->write(std::string(100, 'x')); });
  CHECK(f.link->unread() == 10);
  CHECK(f.broker->unwritten() == 70);
  const std::size_t before = f.broker->times_writable;
  f.world.advance(10s);
  CHECK(f.broker->times_writable == before);

  f.link->read(4);
  f.world.settle();
  CHECK(f.received() == "xxxx");
  CHECK(f.broker->unwritten() == 66);
  CHECK(f.broker->times_writable > before);
  f.link->start_reading();
  f.world.settle();
  CHECK(f.received().size() == 100);
  CHECK(f.broker->unwritten() == 0);
}

TEST_CASE("a slow reader takes its time") {
  Fixture f({.client_window = 10, .read_bytes = 5, .read_every_ms = 100, .send_buffer = 10});
  f.engine.in_turn([&] { f.broker->write(std::string(50, 'x')); });
  f.world.advance(500ms);
  CHECK(f.received().size() == 25);
  f.world.advance(500ms);
  CHECK(f.received().size() == 50);
}

TEST_CASE("what a paused handler did not use is offered again, in front of newer bytes") {
  Fixture f({.receive_buffer = 4});
  f.broker->use_at_most = 1;
  f.send("abcdef");
  f.world.settle();
  CHECK(f.broker->pieces == Pieces{"a"});
  CHECK(f.link->unsent() == 1);  // four fit, of which one was used
  f.send("gh");
  f.world.advance(10s);
  CHECK(f.broker->pieces == Pieces{"a"});

  f.broker->use_at_most = std::string::npos;
  f.engine.in_turn([&] { f.broker->transport.resume_receive(); });
  CHECK(f.broker->received() == "abcdefgh");
  CHECK(f.world.faults().empty());
}

TEST_CASE("bytes left without a pause are a fault") {
  Fixture f;
  f.broker->use_at_most = 1;
  f.broker->pause_when_short = false;
  f.send("ab");
  f.world.settle();
  CHECK(f.world.faults().size() == 1);
}

TEST_CASE("finish() sends what was taken, then ends when the client has") {
  Fixture f({.delay_ms = {10, 10}});
  f.engine.in_turn([&] {
    f.broker->write("bye");
    f.broker->transport.finish();
  });
  CHECK(f.broker->times_closed == 0);
  f.send("ignored");
  f.world.advance(10ms);
  CHECK(f.received() == "bye");
  CHECK(f.link->end() == End::Finished);
  CHECK(f.broker->times_closed == 0);
  f.world.advance(10ms);
  CHECK(f.broker->times_closed == 1);
  CHECK(f.broker->cause == hal::CloseCause::Finished);
  CHECK(f.broker->received().empty());
  f.world.advance(10s);
  CHECK(f.broker->times_closed == 1);
}

TEST_CASE("finish() waits a second for a client that keeps its side open") {
  Fixture f({.close_when_closed = false});
  f.engine.in_turn([&] { f.broker->transport.finish(); });
  CHECK(f.link->end() == End::Finished);
  f.world.advance(999ms);
  CHECK(f.broker->times_closed == 0);
  f.world.advance(1ms);
  CHECK(f.broker->times_closed == 1);
}

TEST_CASE("finish() gives up after a second on a client that does not read") {
  Fixture f({.client_window = 2});
  f.link->stop_reading();
  f.engine.in_turn([&] {
    f.broker->write("abcdef");
    f.broker->transport.finish();
  });
  f.world.advance(1s);
  CHECK(f.broker->times_closed == 1);
  CHECK(f.link->end() == End::Reset);
}

TEST_CASE("abort() drops what was not sent and closes in a later turn") {
  Fixture f({.client_window = 2});
  f.engine.in_turn([&] {
    f.broker->write("abcdef");
    f.broker->transport.abort();
    CHECK(f.broker->times_closed == 0);
  });
  CHECK(f.received() == "ab");  // was on its way
  CHECK(f.link->end() == End::Reset);
  CHECK(f.broker->times_closed == 1);
  CHECK(f.broker->cause == hal::CloseCause::Finished);
}

TEST_CASE("a client that closes is closed by its peer, behind its last byte") {
  Fixture f;
  f.broker->use_at_most = 1;
  f.send("ab");
  f.link->close();
  f.world.advance(10s);
  CHECK(f.broker->times_closed == 0);  // paused, so the end was not read yet
  f.broker->use_at_most = std::string::npos;
  f.engine.in_turn([&] { f.broker->transport.resume_receive(); });
  CHECK(f.broker->received() == "ab");
  CHECK(f.broker->times_closed == 1);
  CHECK(f.broker->cause == hal::CloseCause::Peer);
  CHECK(f.link->end() == End::Finished);
}

TEST_CASE("a client that closes its side still gets the answer to its last bytes") {
  Fixture f;
  f.broker->echo = true;
  f.send("ab");
  f.link->close();
  f.world.settle();
  CHECK(f.received() == "ab");
  CHECK(f.link->end() == End::Finished);
  CHECK(f.broker->times_closed == 1);
}

TEST_CASE("a client that resets is an error, in a pause too") {
  Fixture f;
  f.engine.in_turn([&] { f.broker->transport.pause_receive(); });
  f.send("ab");
  f.world.settle();
  f.link->reset();
  f.world.settle();
  CHECK(f.broker->received().empty());
  CHECK(f.broker->times_closed == 1);
  CHECK(f.broker->cause == hal::CloseCause::Error);
}

TEST_CASE("a client that is refused sees a reset") {
  World world;
  FakeEngine engine(world);
  engine.refuses = true;
  Link& link = world.connect();
  link.send(as_bytes("ab"));
  world.settle();
  CHECK(link.end() == End::Reset);
  CHECK(link.broker_is_done());
}

TEST_CASE("a client that resets before it was accepted does no harm") {
  World world;
  FakeEngine engine(world);
  Link& link = world.connect(0, {.delay_ms = {10, 10}});
  link.send(as_bytes("ab"));
  link.reset();
  world.advance(1s);
  REQUIRE(engine.size() == 1);
  CHECK(engine[0].times_closed == 1);
}

TEST_CASE("sent late, bytes stay in place until the client has them") {
  Fixture f({.delay_ms = {10, 10}, .sent_late = true, .sent_delay_ms = {10, 10}});
  f.broker->keep = hal::Keep::UntilSent;
  f.engine.in_turn([&] { f.broker->write("abc"); });
  f.world.advance(10ms);
  CHECK(f.received() == "abc");
  CHECK(f.broker->sent == 0);

  SUBCASE("left alone, all is well") {
    f.world.advance(10ms);
    CHECK(f.broker->sent == 3);
    f.broker->text(0)[1] = 'X';  // now they are free
    f.world.advance(10s);
    CHECK(f.world.faults().empty());
  }
  SUBCASE("changed, it is a fault") {
    f.broker->text(0)[1] = 'X';
    f.world.advance(10ms);
    CHECK(f.world.faults().size() == 1);
  }
  SUBCASE("changed between abort() and on_closed(), it is a fault") {
    f.link->options().close_delay_ms = {5, 5};
    f.engine.in_turn([&] { f.broker->transport.abort(); });
    f.broker->text(0)[1] = 'X';
    f.world.advance(5ms);
    CHECK(f.broker->times_closed == 1);
    CHECK(f.world.faults().size() == 1);
  }
}

TEST_CASE("sent late, a Copy chunk is free at once") {
  Fixture f({.delay_ms = {10, 10}, .sent_late = true});
  f.engine.in_turn([&] {
    f.broker->write("abc");
    f.broker->text(0) = "XXX";
  });
  f.world.advance(20ms);
  CHECK(f.received() == "abc");
  CHECK(f.broker->sent == 3);
  CHECK(f.world.faults().empty());
}

TEST_CASE("a write that was cut short is followed by on_writable()") {
  Fixture f({.short_write_percent = 100});
  f.engine.in_turn([&] { f.broker->write(std::string(300, 'x')); });
  CHECK(f.received().size() == 300);
  CHECK(f.broker->times_writable > 0);
}

TEST_CASE("a transport that is used in a wrong way is a fault") {
  Fixture f;
  SUBCASE("after on_closed()") {
    f.link->cut();
    f.world.settle();
    f.engine.in_turn([&] { f.broker->transport.resume_receive(); });
    CHECK(f.world.faults().size() == 1);
  }
  SUBCASE("writing after finish()") {
    f.engine.in_turn([&] {
      f.broker->transport.finish();
      f.broker->write("x");
    });
    CHECK(f.world.faults().size() == 1);
  }
  SUBCASE("outside of a turn") {
    f.broker->write("x");
    CHECK(f.world.faults().size() == 1);
  }
}

TEST_CASE("when the broker is gone its clients see a reset") {
  Fixture f;
  f.send("ab");
  f.world.detach();
  f.world.settle();
  CHECK(f.link->end() == End::Reset);
  CHECK(f.broker->times_closed == 0);
}

TEST_CASE("rough links carry every byte, in order, both ways") {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    CAPTURE(seed);
    World world(seed);
    FakeEngine engine(world);
    engine.echo = true;
    world.events_per_turn = {1, 4};
    Link& link = world.connect(0, LinkOptions::rough(world.random()));
    std::string sent;
    for (int i = 0; i < 20; ++i) {
      const std::string piece(world.random().between(1, 300), static_cast<char>('a' + i));
      link.send(as_bytes(piece));
      sent += piece;
      world.advance(Duration{world.random().between(0, 20)});
    }
    CHECK(world.run_until_done([&] { return link.received().size() == sent.size(); }, 600s));
    CHECK(as_text(link.received()) == sent);
    link.close();
    world.advance(2s);
    CHECK(engine[0].times_closed == 1);
    CHECK(world.faults().empty());
  }
}

}  // namespace
}  // namespace midge::test
