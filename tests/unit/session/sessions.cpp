#include "broker/session/sessions.hpp"

#include <doctest/doctest.h>

#include "tests/unit/session/world.hpp"

using namespace midge;
using namespace midge::session;

namespace {

Delivery& queue_one(test::World& world, Session& session) {
  message::Message* const message = world.message();
  Delivery* const delivery = world.sessions.deliveries().create(*message);
  world.messages.release(*message);
  delivery->qos = wire::QoS::AtLeastOnce;
  world.sessions.enqueue(session, *delivery);
  return *delivery;
}

}  // namespace

TEST_CASE("a session is found by its client id, byte by byte") {
  test::World world;
  Session* const a = world.sessions.create("sensor-1", "ada");
  Session* const b = world.sessions.create("Sensor-1", "");
  CHECK(world.sessions.find("sensor-1") == a);
  CHECK(world.sessions.find("Sensor-1") == b);
  CHECK(world.sessions.find("sensor-") == nullptr);
  CHECK(a->client_id() == "sensor-1");
  CHECK(a->user_name() == "ada");
  world.sessions.retire(*a);
  world.sessions.destroy(*a);
  CHECK(world.sessions.find("sensor-1") == nullptr);
  world.sessions.retire(*b);
  world.sessions.destroy(*b);
  CHECK(world.metrics.clients_total == 0);
  CHECK(world.arena.used_pages() == world.memory.own_pages());
}

TEST_CASE("the limit of sessions is one, and counted") {
  test::World world;
  world.limits.sessions = 1;
  CHECK(world.sessions.create("a", "") != nullptr);
  CHECK(world.sessions.create("b", "") == nullptr);
  CHECK(world.metrics[metrics::Cause::SessionLimit] == 1);
}

TEST_CASE("identifiers go round from 65,535 to 1 and never to 0") {
  CHECK(Sessions::identifier_after(1) == 2);
  CHECK(Sessions::identifier_after(0xFFFE) == 0xFFFF);
  CHECK(Sessions::identifier_after(0xFFFF) == 1);
  CHECK(Sessions::identifier_after(0) == 1);
}

TEST_CASE("deliveries leave the flight in any order, and the place of a resend moves along") {
  test::World world;
  Session& session = *world.sessions.create("a", "");
  Attachment connection;
  session.attachment = &connection;
  for (int i = 0; i < 4; ++i) {
    queue_one(world, session);
    world.sessions.launch(session, *world.sessions.dequeue(session), OutboundState::AwaitPuback);
  }
  CHECK(session.queued_count == 0);
  CHECK(session.inflight_count == 4);
  Sessions::restart_flight(session);
  CHECK(session.resend->packet_id == 1);
  const auto land = [&](wire::PacketIdentifier id) {
    world.sessions.deliveries().destroy(
        world.sessions.land(session, Sessions::find_inflight(session, id)));
  };
  land(1);
  CHECK(session.resend->packet_id == 2);
  land(3);
  CHECK(session.resend->packet_id == 2);
  CHECK(Sessions::find_inflight(session, 3).delivery == nullptr);
  CHECK(Sessions::find_inflight(session, 4).before->packet_id == 2);
  land(4);
  land(2);
  CHECK(session.resend == nullptr);
  session.attachment = nullptr;
  world.sessions.retire(session);
  world.sessions.destroy(session);
  CHECK(world.metrics.queued_messages == 0);
  CHECK(world.metrics.inflight_messages == 0);
}

TEST_CASE("an open QoS 2 identifier is known until it is closed") {
  test::World world;
  Session& session = *world.sessions.create("a", "");
  REQUIRE(world.sessions.open_inbound(session, 7));
  REQUIRE(world.sessions.open_inbound(session, 9));
  CHECK(Sessions::has_inbound(session, 7));
  CHECK_FALSE(Sessions::has_inbound(session, 8));
  Sessions::restart_flight(session);  // a new connection: what is inherited took no quota of it
  REQUIRE(world.sessions.open_inbound(session, 11));
  CHECK(world.sessions.close_inbound(session, 7) == false);
  CHECK(world.sessions.close_inbound(session, 11) == true);
  CHECK_FALSE(world.sessions.close_inbound(session, 7));
  CHECK(session.inbound_count == 1);
  world.sessions.retire(session);
  world.sessions.destroy(session);
  CHECK(world.arena.used_pages() == world.memory.own_pages());
}
