// Rules of MQTT 5.0 that have no number: values that a property may not have, and what it may not
// stand with. Which property stands where, and how often, is in unnumbered_properties.cpp.
#include "tests/support/client.hpp"

namespace midge::test {
namespace {

TEST_CASE("a CONNECT with a value that a property may not have is refused with 0x82") {
  struct Vector {
    const char* name;
    const char* right;
    const char* wrong;
  };
  constexpr Vector kVectors[] = {
      {"Receive Maximum 0", "10 11 00 04 4d 51 54 54 05 02 00 00 03 21 00 01 00 01 61",
       "10 11 00 04 4d 51 54 54 05 02 00 00 03 21 00 00 00 01 61"},
      {"Maximum Packet Size 0", "10 13 00 04 4d 51 54 54 05 02 00 00 05 27 00 00 00 ff 00 01 61",
       "10 13 00 04 4d 51 54 54 05 02 00 00 05 27 00 00 00 00 00 01 61"},
      {"Request Response Information 2", "10 10 00 04 4d 51 54 54 05 02 00 00 02 19 01 00 01 61",
       "10 10 00 04 4d 51 54 54 05 02 00 00 02 19 02 00 01 61"},
      {"Request Response Information 255", "10 10 00 04 4d 51 54 54 05 02 00 00 02 19 00 00 01 61",
       "10 10 00 04 4d 51 54 54 05 02 00 00 02 19 ff 00 01 61"},
      {"Request Problem Information 2", "10 10 00 04 4d 51 54 54 05 02 00 00 02 17 01 00 01 61",
       "10 10 00 04 4d 51 54 54 05 02 00 00 02 17 02 00 01 61"},
      {"Request Problem Information 255", "10 10 00 04 4d 51 54 54 05 02 00 00 02 17 00 00 01 61",
       "10 10 00 04 4d 51 54 54 05 02 00 00 02 17 ff 00 01 61"},
  };
  for (const Vector& v : kVectors) {
    CAPTURE(v.name);
    Broker broker;
    Client right(broker, Version::V5);
    right.send_hex(v.right);
    right.expect_connack();
    Client wrong(broker, Version::V5);
    wrong.send_hex(v.wrong);
    wrong.expect_bytes("20 03 00 82 00");
    wrong.expect_closed();
  }
}

TEST_CASE("a CONNECT with Authentication Data and no method is refused with 0x82") {
  Broker broker;
  Client without(broker, Version::V5);
  without.send_hex("10 12 00 04 4d 51 54 54 05 02 00 00 04 16 00 01 64 00 01 61");
  without.expect_bytes("20 03 00 82 00");
  without.expect_closed();
  // With a method it is the method that nobody knows.
  Client with(broker, Version::V5);
  with.send_hex("10 16 00 04 4d 51 54 54 05 02 00 00 08 15 00 01 6d 16 00 01 64 00 01 61");
  with.expect_bytes("20 03 00 8c 00");
  with.expect_closed();
}

TEST_CASE("a SUBSCRIBE with a value that it may not have ends the connection") {
  struct Vector {
    const char* name;
    const char* right;
    const char* answer;
    const char* wrong;
    ReasonCode reason;
  };
  constexpr Vector kVectors[] = {
      {"Subscription Identifier 0", "82 09 00 07 02 0b 01 00 01 74 00", "90 04 00 07 00 00",
       "82 09 00 07 02 0b 00 00 01 74 00", ReasonCode::ProtocolError},
      {"Retain Handling 3", "82 07 00 07 00 00 01 74 20", "90 04 00 07 00 00",
       "82 07 00 07 00 00 01 74 30", ReasonCode::ProtocolError},
      {"Retain Handling 3 with other options set", "82 07 00 07 00 00 01 74 2e",
       "90 04 00 07 00 02", "82 07 00 07 00 00 01 74 3e", ReasonCode::ProtocolError},
      {"Retain Handling 3 of the second filter", "82 0b 00 07 00 00 01 74 00 00 01 75 10",
       "90 05 00 07 00 00 00", "82 0b 00 07 00 00 01 74 00 00 01 75 30", ReasonCode::ProtocolError},
  };
  for (const Vector& v : kVectors) {
    CAPTURE(v.name);
    Broker broker;
    Client right(broker, Version::V5, "right");
    right.send_hex(v.right);
    right.expect_bytes(v.answer);
    Client wrong(broker, Version::V5, "wrong");
    wrong.send_hex(v.wrong);
    wrong.expect_disconnect(v.reason);
    // Not even what stood before it is done.
    wrong.reconnect({.clean_start = false});
    right.publish("t", "x");
    wrong.expect_nothing();
  }
}

TEST_CASE("the largest Subscription Identifier is one") {
  Broker broker;
  Client a(broker, Version::V5, "a");
  a.send_hex("82 0c 00 07 05 0b ff ff ff 7f 00 01 74 00");
  a.expect_bytes("90 04 00 07 00 00");
  a.publish("t", "x");
  CHECK(a.expect_publish("t", "x").props.subscription_ids ==
        std::vector<std::uint32_t>{268'435'455});
}

TEST_CASE("a client's PUBLISH with a Subscription Identifier is 0x82") {
  for (const char* bytes : {
           "30 07 00 01 74 02 0b 01 78",
           "30 07 00 01 74 02 0b 00 78",
           "30 0a 00 01 74 05 0b ff ff ff 7f 78",
           "32 09 00 01 74 00 07 02 0b 01 78",
           "34 09 00 01 74 00 07 02 0b 01 78",
       }) {
    CAPTURE(bytes);
    Broker broker;
    Client watcher(broker, Version::V5, "watcher");
    watcher.must_subscribe("t", kQoS2);
    Client a(broker, Version::V5, "a");
    a.send_hex(bytes);
    a.expect_disconnect(ReasonCode::ProtocolError);
    watcher.expect_nothing();
  }
}

TEST_CASE("a DISCONNECT can't give a session a life that its CONNECT did not") {
  for (const char* bytes :
       {"e0 07 00 05 11 00 00 00 01", "e0 07 00 05 11 ff ff ff ff", "e0 07 04 05 11 00 00 00 01"}) {
    CAPTURE(bytes);
    Broker broker;
    Client watcher(broker, Version::V5, "watcher");
    watcher.must_subscribe("will");
    const Will will{.topic = "will", .payload = "gone"};
    Client zero(broker, Version::V5, "a", {.will = will});
    zero.must_subscribe("t");
    zero.send_hex(bytes);
    zero.expect_disconnect(ReasonCode::ProtocolError);
    watcher.expect_publish("will", "gone");  // it was no normal end
    CHECK_FALSE(zero.reconnect({.clean_start = false}).session_present);
    // Told to be 0 makes no difference.
    Client told(broker, Version::V5, "b", {.will = will, .props = {.session_expiry_interval = 0}});
    told.send_hex(bytes);
    told.expect_disconnect(ReasonCode::ProtocolError);
    watcher.expect_publish("will", "gone");
  }
}

TEST_CASE("a DISCONNECT can change the life of a session that has one") {
  Broker broker;
  const ConnectOptions lasting{.clean_start = false, .props = {.session_expiry_interval = 10}};
  Client a(broker, Version::V5, "a", lasting);
  a.send_hex("e0 07 00 05 11 00 00 00 64");  // 100 seconds
  a.expect_closed();
  broker.advance(90s);
  CHECK(a.reconnect(lasting).session_present);
  a.send_hex("e0 07 00 05 11 00 00 00 00");  // none
  a.expect_closed();
  CHECK_FALSE(a.reconnect(lasting).session_present);
  Client zero(broker, Version::V5, "b");
  zero.send_hex("e0 07 00 05 11 00 00 00 00");  // 0 remains 0
  zero.expect_closed();
}

TEST_CASE("an empty topic without an alias, or with one that has no topic yet, is 0x82") {
  struct Vector {
    const char* name;
    const char* bytes;
  };
  constexpr Vector kVectors[] = {
      {"no alias", "30 04 00 00 00 78"},
      {"no alias, QoS 1", "32 06 00 00 00 07 00 78"},
      {"no alias, QoS 2", "34 06 00 00 00 07 00 78"},
      {"no alias, retained", "31 04 00 00 00 78"},
      {"an alias that has no topic", "30 07 00 00 03 23 00 02 78"},
      {"the highest alias, that has no topic", "30 07 00 00 03 23 00 0a 78"},
      {"an alias that has no topic, QoS 1", "32 09 00 00 00 07 03 23 00 02 78"},
  };
  for (const Vector& v : kVectors) {
    CAPTURE(v.name);
    Broker broker;
    Client a(broker, Version::V5, "a");
    a.must_subscribe("t");
    a.send_hex("30 08 00 01 74 03 23 00 01 78");  // 1 has one
    a.expect_publish("t", "x");
    a.send_hex("30 07 00 00 03 23 00 01 79");
    a.expect_publish("t", "y");
    a.send_hex(v.bytes);
    a.expect_disconnect(ReasonCode::ProtocolError);
  }
}

TEST_CASE("an alias of another connection is not known in this one") {
  Broker broker;
  const ConnectOptions lasting{.clean_start = false, .props = {.session_expiry_interval = 10}};
  Client a(broker, Version::V5, "a", lasting);
  a.send_hex("30 08 00 01 74 03 23 00 01 78");
  a.expect_nothing();
  a.reconnect(lasting);
  a.send_hex("30 07 00 00 03 23 00 01 78");
  a.expect_disconnect(ReasonCode::ProtocolError);
}

TEST_CASE("an alias of 0 or above the maximum is 0x94") {
  struct Vector {
    const char* name;
    std::uint16_t maximum;
    const char* bytes;
  };
  constexpr Vector kVectors[] = {
      {"0", 10, "30 08 00 01 74 03 23 00 00 78"},
      {"0 and no topic", 10, "30 07 00 00 03 23 00 00 78"},
      {"one too high", 10, "30 08 00 01 74 03 23 00 0b 78"},
      {"one too high and no topic", 10, "30 07 00 00 03 23 00 0b 78"},
      {"the highest number", 10, "30 08 00 01 74 03 23 ff ff 78"},
      {"one too high, QoS 1", 10, "32 0a 00 01 74 00 07 03 23 00 0b 78"},
      {"one too high, QoS 2", 10, "34 0a 00 01 74 00 07 03 23 00 0b 78"},
      {"1 where there are none", 0, "30 08 00 01 74 03 23 00 01 78"},
      {"0 where there are none", 0, "30 08 00 01 74 03 23 00 00 78"},
      {"4 of 3", 3, "30 08 00 01 74 03 23 00 04 78"},
  };
  for (const Vector& v : kVectors) {
    CAPTURE(v.name);
    Broker broker;
    broker.listener.max_topic_alias = v.maximum;
    Client watcher(broker, Version::V5, "watcher");
    watcher.must_subscribe("t", kQoS2);
    Client a(broker, Version::V5);
    const auto told = a.must_connect("a").props.topic_alias_maximum;
    CHECK(told.value_or(0) == v.maximum);
    // The highest is right.
    if (v.maximum > 0) {
      a.publish("t", "x", kQoS0, {.props = {.topic_alias = v.maximum}});
      watcher.expect_publish("t", "x");
    }
    a.send_hex(v.bytes);
    a.expect_disconnect(ReasonCode::TopicAliasInvalid);
    watcher.expect_nothing();
  }
}

}  // namespace
}  // namespace midge::test
