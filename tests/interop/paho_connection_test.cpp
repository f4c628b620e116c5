// Paho C++: what CONNACK, DISCONNECT and acknowledgements tell a 5.0 client.
#include <doctest/doctest.h>

#include "tests/interop/paho_client.hpp"
#include "tests/interop/raw_client.hpp"

namespace midge::interop {

TEST_CASE("a 5.0 client without an id is told the one it got, a 3.1.1 client just connects") {
  Broker broker;
  PahoClient first(broker.uri(), MQTTVERSION_5, "");
  PahoClient second(broker.uri(), MQTTVERSION_5, "");
  const auto id_of = [](const mqtt::connect_response& response) {
    return mqtt::get<std::string>(response.get_properties(), Property::ASSIGNED_CLIENT_IDENTIFER);
  };
  const std::string one = id_of(first.connect());
  const std::string two = id_of(second.connect());
  CHECK(one.starts_with("auto-"));
  CHECK(two.starts_with("auto-"));
  CHECK(one != two);

  PahoClient old(broker.uri(), MQTTVERSION_3_1_1, "");
  old.connect();
  old.subscribe("a", 0);
  old.publish("a", "b");
  CHECK(old.next_payloads(1) == std::vector<std::string>{"b"});
}

TEST_CASE("CONNACK announces the configured limits") {
  Broker broker(
      "max_keepalive 30\nmax_inflight_messages 7\nmax_packet_size 2000\nmax_topic_alias 3\n");
  PahoClient client(broker.uri(), MQTTVERSION_5, "client");
  const auto properties = client.connect().get_properties();
  CHECK(mqtt::get<std::uint16_t>(properties, Property::SERVER_KEEP_ALIVE) == 30);
  CHECK(mqtt::get<std::uint16_t>(properties, Property::RECEIVE_MAXIMUM) == 7);
  CHECK(mqtt::get<std::uint32_t>(properties, Property::MAXIMUM_PACKET_SIZE) == 2000);
  CHECK(mqtt::get<std::uint16_t>(properties, Property::TOPIC_ALIAS_MAXIMUM) == 3);

  // The client keeps to Receive Maximum by itself; all must pass through the narrow window.
  client.subscribe("stream", 2);
  std::vector<std::string> sent;
  for (int i = 0; i < 20; ++i) {
    sent.push_back(std::to_string(i));
    client.library().publish(message("stream", sent.back(), 2));
  }
  CHECK(client.next_payloads(sent.size()) == sent);
}

TEST_CASE("a topic alias of the client stands for its topic until it is given another") {
  Broker broker;
  PahoClient client(broker.uri(), MQTTVERSION_5, "client");
  const auto announced = client.connect().get_properties();
  const int last = mqtt::get<std::uint16_t>(announced, Property::TOPIC_ALIAS_MAXIMUM);
  client.subscribe("#", 1);
  const auto publish = [&](const std::string& topic, int alias) {
    client.publish(topic, "payload", 1, false, {{Property::TOPIC_ALIAS, alias}});
    const auto arrived = client.next();
    REQUIRE(arrived);
    CHECK_FALSE(arrived->get_properties().contains(Property::TOPIC_ALIAS));
    return arrived->get_topic();
  };
  CHECK(publish("first/topic", 1) == "first/topic");
  CHECK(publish("second/topic", last) == "second/topic");
  CHECK(publish("", 1) == "first/topic");
  CHECK(publish("", last) == "second/topic");
  CHECK(publish("third/topic", 1) == "third/topic");
  CHECK(publish("", 1) == "third/topic");
}

TEST_CASE("a topic alias above the announced maximum ends the connection with 0x94") {
  Broker broker;
  PahoClient client(broker.uri(), MQTTVERSION_5, "client");
  client.connect();
  client.library().publish(message("a", "b", 0, false, {{Property::TOPIC_ALIAS, 11}}));
  CHECK(client.disconnect_reason() == std::optional(0x94));
}

TEST_CASE("a publish that nobody receives is acknowledged with 0x10") {
  Broker broker;
  RawClient client(broker.port());  // Paho C 1.3.12 keeps this code to itself
  client.connect(5, "client");
  client.send(publish_packet(5, "nobody/listens", "a", 1, 1));
  CHECK(client.must_read().body == hex("00 01 10"));
  client.send(publish_packet(5, "nobody/listens", "a", 2, 2));
  CHECK(client.must_read().body == hex("00 02 10"));
  client.send(packet(0x62, hex("00 02")));
  CHECK(client.must_read().first_byte == 0x70);
  client.subscribe(5, "somebody/listens", 0);
  client.send(publish_packet(5, "somebody/listens", "a", 1, 3));
  // PUBACK and the message itself may come in either order.
  for (int i = 0; i < 2; ++i) {
    const auto got = client.must_read();
    if (got.type() == 4)
      CHECK(got.body == hex("00 03"));
    else
      CHECK(got.type() == 3);
  }
}

TEST_CASE("UNSUBSCRIBE tells whether there was a subscription") {
  Broker broker;
  PahoClient client(broker.uri(), MQTTVERSION_5, "client");
  client.connect();
  client.subscribe("there", 1);
  CHECK(client.unsubscribe("there") == 0x00);
  CHECK(client.unsubscribe("there") == 0x11);
  client.publish("there", "a", 1);
  CHECK(client.silent());
  for (const Level level : {MQTTVERSION_3_1, MQTTVERSION_3_1_1}) {
    PahoClient old(broker.uri(), level, "old");
    old.connect();
    CHECK_NOTHROW(old.unsubscribe("never/there"));
  }
}

TEST_CASE("a client with the same id takes over, and the first is told 0x8E") {
  Broker broker;
  PahoClient first(broker.uri(), MQTTVERSION_5, "same");
  PahoClient second(broker.uri(), MQTTVERSION_5, "same");
  first.connect(kept_options(MQTTVERSION_5));
  first.subscribe("a", 1);
  CHECK(second.connect(kept_options(MQTTVERSION_5)).is_session_present());
  CHECK(first.disconnect_reason() == std::optional(0x8E));
  CHECK(first.lost());
  second.publish("a", "b", 1);
  CHECK(second.next_payloads(1) == std::vector<std::string>{"b"});

  PahoClient old_first(broker.uri(), MQTTVERSION_3_1_1, "old");
  PahoClient old_second(broker.uri(), MQTTVERSION_3_1_1, "old");
  old_first.connect();
  old_second.connect();
  CHECK(old_first.lost());
  CHECK(old_second.connected());
}

TEST_CASE("a broker that is ended tells 5.0 clients 0x8B and exits with 0") {
  Broker broker;
  PahoClient client(broker.uri(), MQTTVERSION_5, "client");
  PahoClient old(broker.uri(), MQTTVERSION_3_1_1, "old");
  client.connect();
  old.connect();
  CHECK(broker.stop() == std::optional(0));
  CHECK(client.disconnect_reason() == std::optional(0x8B));
  CHECK(client.lost());
  CHECK(old.lost());
}

TEST_CASE("the broker sends no more unacknowledged messages than Receive Maximum allows") {
  Broker broker;
  RawClient reader(broker.port());
  reader.connect(5, "reader", 60, hex("21 00 02"));
  reader.subscribe(5, "stream", 1);
  PahoClient publisher(broker.uri(), MQTTVERSION_5, "publisher");
  publisher.connect();
  for (int i = 0; i < 5; ++i) publisher.publish("stream", std::to_string(i), 1);
  const auto packet_id = [](const RawPacket& publish) { return publish.body.substr(8, 2); };
  const auto first = reader.must_read();
  const auto second = reader.must_read();
  CHECK(first.type() == 3);
  CHECK(first.body.back() == '0');
  CHECK(second.body.back() == '1');
  CHECK_FALSE(reader.read(500ms));
  reader.send(packet(0x40, packet_id(first)));
  const auto third = reader.must_read();
  CHECK(third.body.back() == '2');
  const auto beyond = reader.read(300ms);
  CHECK_FALSE(beyond.has_value());
}

TEST_CASE(
    "a silent client is closed after one and a half Keep Alive intervals, a pinging one not") {
  Broker broker;
  for (const int level : {4, 5}) {
    CAPTURE(level);
    RawClient silent(broker.port());
    RawClient pinging(broker.port());
    pinging.connect(level, "pinging", 1);
    const auto before_connect = Clock::now();
    silent.connect(level, "silent", 1);
    while (!silent.closed(400ms)) {
      REQUIRE(Clock::now() - before_connect < kPatience);
      pinging.send(hex("c0 00"));
      const auto answer = pinging.must_read();
      CHECK(answer.first_byte == 0xd0);
    }
    CHECK(Clock::now() - before_connect >= 1500ms);
  }
}

}  // namespace midge::interop
