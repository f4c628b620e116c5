// What becomes of a shared subscription's messages when a member is lost or refuses them (MQTT 5.0
// section 4.8.2 and DESIGN.md): the unsent and the unacknowledged QoS 1 go to another member, QoS 2
// that has begun stays.
#include "tests/support/client.hpp"

namespace midge::test {
namespace {

ConnectOptions kept_session(Version version) {
  ConnectOptions keeps{.clean_start = false};
  if (version == Version::V5) keeps.props.session_expiry_interval = 1'000;
  return keeps;
}

enum class Loss { Disconnects, Breaks, SessionEnds };
constexpr Loss kLosses[] = {Loss::Disconnects, Loss::Breaks, Loss::SessionEnds};

ConnectOptions options_for(Loss loss, Version version) {
  if (loss != Loss::SessionEnds) return kept_session(version);
  return {};  // ends with its connection
}

void lose(Client& client, Loss loss) {
  if (loss == Loss::Disconnects) {
    client.disconnect();
  } else {
    client.drop();
  }
}

TEST_CASE(
    "an unacknowledged QoS 1 message of a lost member goes to another one with a new identifier "
    "and without DUP") {
  for (const Version version : kBothVersions) {
    for (const Loss loss : kLosses) {
      CAPTURE(version);
      CAPTURE(static_cast<int>(loss));
      Broker broker;
      Client a(broker, version, "a", options_for(loss, version));
      a.must_subscribe("$share/g/t", kQoS1);
      Client publisher(broker, version, "publisher");
      publisher.must_publish("t", "1", kQoS1);
      publisher.must_publish("t", "2", kQoS1);
      const Packet first = a.expect_publish("t", "1");
      a.expect_publish("t", "2");
      a.answer(first);

      Client b(broker, version, "b");
      b.must_subscribe("$share/g/t", kQoS1);
      // Its own identifiers begin at 1 and are used up to 3.
      b.must_subscribe("own", kQoS1);
      for (int i = 0; i < 3; ++i) publisher.must_publish("own", "x", kQoS1);
      for (int i = 0; i < 3; ++i) b.answer(b.expect_publish("own", "x"));

      lose(a, loss);
      const Packet moved = b.expect_publish("t", "2");
      CHECK(moved.packet_id == 4);
      CHECK_FALSE(moved.dup);
      CHECK(moved.qos == kQoS1);
      b.answer(moved);
      b.expect_nothing();
      if (loss != Loss::SessionEnds) {
        CHECK(a.reconnect(kept_session(version)).session_present);
        a.expect_nothing();  // it is not a's any more
      }
      CHECK(broker.metrics.queued_messages == 0);
      CHECK(broker.metrics.inflight_messages == 0);
    }
  }
}

TEST_CASE("what moves is delivered as the new member has subscribed") {
  struct Vector {
    const char* name;
    QoS qos;
    std::uint32_t identifier;
  };
  constexpr Vector kVectors[] = {{"QoS 0, no identifier", kQoS0, 0},
                                 {"QoS 1, another identifier", kQoS1, 8},
                                 {"QoS 2", kQoS2, 9}};
  for (const Vector& v : kVectors) {
    CAPTURE(v.name);
    Broker broker;
    Client a(broker, Version::V5, "a", kept_session(Version::V5));
    a.must_subscribe("$share/g/t", kQoS1, {.props = {.subscription_identifier = 7}});
    Client publisher(broker, Version::V5, "publisher");
    publisher.must_publish("t", "x", kQoS2);
    CHECK(a.expect_publish("t", "x").props.subscription_ids == std::vector<std::uint32_t>{7});
    Client b(broker, Version::V5, "b");
    SubscribeOptions options;
    if (v.identifier != 0) options.props.subscription_identifier = v.identifier;
    b.must_subscribe("$share/g/t", v.qos, options);
    a.drop();
    const Packet p = b.expect_publish("t", "x");
    CHECK(p.qos == v.qos);
    CHECK_FALSE(p.dup);
    CHECK(p.props.subscription_ids ==
          (v.identifier != 0 ? std::vector{v.identifier} : std::vector<std::uint32_t>{}));
    b.answer(p);
    b.expect_nothing();
  }
}

TEST_CASE("what moves keeps to the new member's packet limit and window") {
  Broker broker;
  Client a(broker, Version::V5, "a", kept_session(Version::V5));
  a.must_subscribe("$share/g/t", kQoS1);
  Client publisher(broker, Version::V5, "publisher");
  publisher.must_publish("t", std::string(100, 'x'), kQoS1);
  for (const char* payload : {"1", "2", "3"}) publisher.must_publish("t", payload, kQoS1);
  CHECK(a.all().size() == 4);
  Client b(broker, Version::V5, "b", {.props = {.receive_maximum = 2, .maximum_packet_size = 50}});
  b.must_subscribe("$share/g/t", kQoS1);
  a.drop();
  const Packet first = b.expect_publish("t", "1");
  b.expect_publish("t", "2");
  b.expect_nothing();
  b.answer(first);
  b.expect_publish("t", "3");
  b.expect_nothing();
  CHECK(broker.metrics[Cause::TooLargeForClient] == 1);
}

TEST_CASE("what a lost member was not sent goes to another one, in order and first") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    broker.limits.inflight_messages = 2;
    Client a(broker, version, "a", kept_session(version));
    a.must_subscribe("$share/g/t", kQoS2);
    Client publisher(broker, version, "publisher");
    for (int i = 0; i < 6; ++i)
      publisher.must_publish("t", std::to_string(i), i == 4 ? kQoS2 : kQoS1);
    a.expect_publish("t", "0");
    a.expect_publish("t", "1");
    a.expect_nothing();  // its window is full: four more wait

    // b comes while a is there: nothing moves, because a is only slow.
    Client b(broker, version, "b");
    b.must_subscribe("$share/g/t", kQoS2);
    b.expect_nothing();
    a.drop();
    for (int i = 0; i < 6; ++i) {
      const Packet p = b.expect_publish("t", std::to_string(i));
      CHECK_FALSE(p.dup);
      CHECK(p.qos == (i == 4 ? kQoS2 : kQoS1));
      b.answer(p);
    }
    b.expect_nothing();
  }
}

TEST_CASE("what a lost member had goes to the group's queue if no other is there") {
  for (const Version version : kBothVersions) {
    for (const bool same : {true, false}) {
      CAPTURE(version);
      CAPTURE(same);
      Broker broker;
      broker.limits.inflight_messages = 2;
      Client a(broker, version, "a", kept_session(version));
      a.must_subscribe("$share/g/t", kQoS1);
      Client b(broker, version, "b", kept_session(version));
      b.must_subscribe("$share/g/t", kQoS1);
      b.disconnect();
      Client publisher(broker, version, "publisher");
      for (int i = 0; i < 3; ++i) publisher.must_publish("t", std::to_string(i), kQoS1);
      CHECK(a.all().size() == 2);
      a.drop();
      publisher.must_publish("t", "3", kQoS1);  // behind what a gave back
      Client& next = same ? a : b;
      next.reconnect(kept_session(version));
      std::vector<PacketIdentifier> identifiers;
      for (int i = 0; i < 4; ++i) {
        const Packet p = next.expect_publish("t", std::to_string(i));
        CHECK_FALSE(p.dup);
        // Not those that a had: it gave them up.
        if (same) CHECK(p.packet_id == i + 3);
        next.answer(p);
      }
      next.expect_nothing();
    }
  }
}

TEST_CASE("a member whose session is taken over gives back and takes anew") {
  Broker broker;
  Client a(broker, Version::V5, "a", kept_session(Version::V5));
  a.must_subscribe("$share/g/t", kQoS1);
  Client publisher(broker, Version::V5, "publisher");
  publisher.must_publish("t", "1", kQoS1);
  CHECK(a.expect_publish("t", "1").packet_id == 1);
  Client again(broker, Version::V5, "a", kept_session(Version::V5));
  a.expect_disconnect(ReasonCode::SessionTakenOver);
  const Packet p = again.expect_publish("t", "1");
  CHECK(p.packet_id == 2);
  CHECK_FALSE(p.dup);
  again.expect_nothing();
}

TEST_CASE("a plain delivery of a lost member stays with its session and is sent again") {
  Broker broker;
  Client a(broker, Version::V5, "a", kept_session(Version::V5));
  a.must_subscribe("$share/g/t", kQoS1);
  a.must_subscribe("plain", kQoS1);
  Client b(broker, Version::V5, "b");
  b.must_subscribe("$share/g/t", kQoS0);
  Client publisher(broker, Version::V5, "publisher");
  publisher.must_publish("plain", "1", kQoS1);
  publisher.must_publish("t", "2", kQoS1);
  publisher.must_publish("plain", "3", kQoS1);
  publisher.must_publish("t", "4", kQoS1);
  const auto at_a = a.all();
  CHECK(at_a.size() == 3);
  CHECK(b.all().size() == 1);
  a.drop();
  CHECK(b.all().size() == 1);
  a.reconnect(kept_session(Version::V5));
  for (const char* payload : {"1", "3"}) {
    const Packet p = a.expect_publish("plain", payload);
    CHECK(p.dup);
    a.answer(p);
  }
  a.expect_nothing();
}

// ---- QoS 2

TEST_CASE("a QoS 2 delivery that has begun is finished with its member [MQTT-4.8.2-4]") {
  for (const Version version : kBothVersions) {
    for (const bool received : {false, true}) {
      CAPTURE(version);
      CAPTURE(received);
      Broker broker;
      Client a(broker, version, "a", kept_session(version));
      a.must_subscribe("$share/g/t", kQoS2);
      Client publisher(broker, version, "publisher");
      publisher.must_publish("t", "x", kQoS2);
      const Packet begun = a.expect_publish("t", "x");
      if (received) {
        a.pubrec(begun.packet_id);
        a.expect(PacketType::Pubrel);
      }
      Client b(broker, version, "b");
      b.must_subscribe("$share/g/t", kQoS2);
      a.drop();
      b.expect_nothing();
      CHECK(a.reconnect(kept_session(version)).session_present);
      if (received) {
        CHECK(a.expect(PacketType::Pubrel).packet_id == begun.packet_id);
        a.pubcomp(begun.packet_id);
      } else {
        const Packet again = a.expect_publish("t", "x");
        CHECK(again.packet_id == begun.packet_id);
        CHECK(again.dup);
        CHECK(again.qos == kQoS2);
        a.answer(again);
      }
      a.expect_nothing();
      b.expect_nothing();
      CHECK(broker.metrics.queued_messages == 0);
    }
  }
}

TEST_CASE(
    "a QoS 2 delivery that has begun goes to nobody else when its session ends [MQTT-4.8.2-5]") {
  for (const char* how : {"with its connection", "by expiry", "by Clean Start"}) {
    CAPTURE(how);
    Broker broker;
    ConnectOptions options{.clean_start = false};
    if (how != std::string_view("with its connection")) options.props.session_expiry_interval = 10;
    Client a(broker, Version::V5, "a", options);
    a.must_subscribe("$share/g/t", kQoS2);
    Client publisher(broker, Version::V5, "publisher");
    publisher.must_publish("t", "begun", kQoS2);
    publisher.must_publish("t", "received", kQoS2);
    a.expect_publish("t", "begun");
    a.pubrec(a.expect_publish("t", "received").packet_id);
    Client b(broker, Version::V5, "b");
    b.must_subscribe("$share/g/t", kQoS2);
    a.drop();
    if (how == std::string_view("by expiry")) broker.advance(30s);
    if (how == std::string_view("by Clean Start")) {
      CHECK_FALSE(a.reconnect().session_present);
      a.expect_nothing();
    }
    b.expect_nothing();
    CHECK(broker.metrics.queued_messages == 0);
  }
}

TEST_CASE("a QoS 2 delivery whose PUBLISH still waited for the disk moves like the unsent") {
  Broker broker;
  broker.journal.durable = true;
  Client a(broker, Version::V5, "a", kept_session(Version::V5));
  a.must_subscribe("$share/g/t", kQoS2);  // the first, so its turn comes first
  Client b(broker, Version::V5, "b");
  b.must_subscribe("$share/g/t", kQoS2);
  Client publisher(broker, Version::V5, "publisher");
  broker.journal.hold = true;
  publisher.publish("t", "x", kQoS2);
  publisher.expect_nothing();
  broker.journal.release();
  broker.journal.hold = true;  // again, for what follows
  CHECK(publisher.expect(PacketType::Pubrec).reason == ReasonCode::Success);
  // The message is safe, its identifier at a is not.
  CHECK(broker.journal.open_commits() == 1);
  a.expect_nothing();
  b.expect_nothing();
  a.drop();
  broker.journal.release();
  const Packet p = b.expect_publish("t", "x");
  CHECK(p.qos == kQoS2);
  CHECK_FALSE(p.dup);
  b.answer(p);
  a.reconnect(kept_session(Version::V5));
  a.expect_nothing();
  b.expect_nothing();
}

// ---- refusals

TEST_CASE("a negative PUBACK or PUBREC discards the message, nobody else gets it [MQTT-4.8.2-6]") {
  for (const bool qos2 : {false, true}) {
    CAPTURE(qos2);
    Broker broker;
    Client a(broker, Version::V5, "a", kept_session(Version::V5));
    Client b(broker, Version::V5, "b");
    a.must_subscribe("$share/g/t", kQoS2);
    Client publisher(broker, Version::V5, "publisher");
    publisher.must_publish("t", "refused", qos2 ? kQoS2 : kQoS1);
    b.must_subscribe("$share/g/t", kQoS2);
    const Packet p = a.expect_publish("t", "refused");
    if (qos2) {
      a.pubrec(p.packet_id, ReasonCode::NotAuthorized);
    } else {
      a.puback(p.packet_id, ReasonCode::UnspecifiedError);
    }
    a.expect_nothing();
    CHECK(broker.metrics.queued_messages == 0);
    a.drop();
    b.expect_nothing();
    a.reconnect(kept_session(Version::V5));
    a.expect_nothing();
  }
}

// ---- leaving a group

TEST_CASE("who leaves a group finishes what has begun, the unsent goes to the others") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    broker.limits.inflight_messages = 2;
    Client a(broker, version, "a");
    a.must_subscribe("$share/g/t", kQoS1);
    Client publisher(broker, version, "publisher");
    for (int i = 0; i < 4; ++i) publisher.must_publish("t", std::to_string(i), kQoS1);
    const Packet first = a.expect_publish("t", "0");
    const Packet second = a.expect_publish("t", "1");
    Client b(broker, version, "b");
    b.must_subscribe("$share/g/t", kQoS1);
    a.must_unsubscribe("$share/g/t");
    b.answer(b.expect_publish("t", "2"));
    b.answer(b.expect_publish("t", "3"));
    a.answer(first);
    a.answer(second);
    a.expect_nothing();
    b.expect_nothing();
    CHECK(broker.metrics.queued_messages == 0);
  }
}

TEST_CASE("a member that does not read is passed by when it is far behind") {
  Broker broker;
  Client slow(broker, Version::V5, "slow");
  Client quick(broker, Version::V5, "quick");
  slow.must_subscribe("$share/g/t");
  quick.must_subscribe("$share/g/t");
  slow.link().options().client_window = 1'000;
  slow.link().stop_reading();
  Client publisher(broker, Version::V5, "publisher");
  std::size_t at_quick = 0;
  const std::string payload(5'000, 'x');
  for (int i = 0; i < 1'000; ++i) {
    publisher.publish("t", payload);
    at_quick += quick.all().size();
  }
  CHECK(at_quick > 800);
  slow.link().start_reading();
  CHECK(at_quick + slow.all().size() == 1'000);  // and nothing is lost
}

}  // namespace
}  // namespace midge::test
