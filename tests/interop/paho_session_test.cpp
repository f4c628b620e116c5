// Paho C++: sessions that outlive a connection, and those that do not.
#include <doctest/doctest.h>

#include <array>

#include "tests/interop/paho_client.hpp"
#include "tests/interop/raw_client.hpp"

namespace midge::interop {

TEST_CASE("what arrives while a kept session is away comes in order when it returns") {
  Broker broker("max_queued_messages 100\n");
  if (broker.lacks_room()) return;
  for (const Level level : kAllLevels) {
    CAPTURE(name_of(level));
    PahoClient reader(broker.uri(), level, "reader");
    reader.connect(clean_options(level));
    reader.disconnect();
    CHECK_FALSE(reader.connect(kept_options(level)).is_session_present());
    reader.subscribe("queue/+", 2);
    reader.disconnect();

    PahoClient publisher(broker.uri(), level, "publisher");
    publisher.connect();
    // Paho hands over QoS 2 at PUBREL, behind later QoS 1: order is judged by topic and QoS.
    std::array<std::vector<std::string>, 2> sent;
    for (int i = 0; i < 90; ++i) {
      const int qos = 1 + i % 2;
      auto& of_this_qos = sent.at(static_cast<std::size_t>(qos - 1));
      of_this_qos.push_back(std::to_string(i));
      publisher.publish(qos == 1 ? "queue/1" : "queue/2", of_this_qos.back(), qos);
    }
    const bool present = reader.connect(kept_options(level)).is_session_present();
    CHECK(present == (level != MQTTVERSION_3_1));  // 3.1 has no Session Present bit
    std::array<std::vector<std::string>, 2> arrived;
    for (int i = 0; i < 90; ++i) {
      const auto next = reader.next();
      REQUIRE(next);
      arrived.at(next->get_topic() == "queue/1" ? 0 : 1).push_back(next->to_string());
    }
    CHECK(difference(arrived[0], sent[0]) == "");
    CHECK(difference(arrived[1], sent[1]) == "");
    CHECK(reader.silent());

    publisher.publish("queue/1", "still subscribed", 1);
    CHECK(reader.next_payloads(1) == std::vector<std::string>{"still subscribed"});
  }
}

TEST_CASE("a clean start forgets the subscriptions and the queue") {
  Broker broker;
  for (const Level level : kAllLevels) {
    CAPTURE(name_of(level));
    PahoClient reader(broker.uri(), level, "reader");
    PahoClient publisher(broker.uri(), level, "publisher");
    publisher.connect();
    reader.connect(kept_options(level));
    reader.subscribe("queue", 1);
    reader.disconnect();
    publisher.publish("queue", "missed", 1);
    CHECK_FALSE(reader.connect(clean_options(level)).is_session_present());
    publisher.publish("queue", "not subscribed any more", 1);
    CHECK(reader.silent());
    reader.disconnect();
    CHECK_FALSE(reader.connect(clean_options(level)).is_session_present());
  }
}

TEST_CASE("a session ends when its Session Expiry Interval has passed and not before") {
  Broker broker;
  PahoClient reader(broker.uri(), MQTTVERSION_5, "reader");
  reader.connect(kept_options(MQTTVERSION_5, 4));
  reader.subscribe("queue", 1);
  reader.disconnect();
  CHECK(reader.connect(kept_options(MQTTVERSION_5, 1)).is_session_present());
  reader.disconnect();
  broker.wait(3500ms);
  CHECK_FALSE(reader.connect(kept_options(MQTTVERSION_5, 1)).is_session_present());
}

TEST_CASE("a session without Session Expiry Interval ends with its connection") {
  Broker broker;
  PahoClient reader(broker.uri(), MQTTVERSION_5, "reader");
  auto options = clean_options(MQTTVERSION_5);
  options.set_clean_start(false);
  CHECK_FALSE(reader.connect(options).is_session_present());
  reader.subscribe("queue", 1);
  reader.disconnect();
  CHECK_FALSE(reader.connect(options).is_session_present());
}

TEST_CASE("DISCONNECT can shorten and lengthen the Session Expiry Interval") {
  Broker broker;
  // Paho C++ 1.2 drops the properties of DISCONNECT, so these bytes are written out.
  const std::string ends_now = hex("e0 07 00 05 11 00 00 00 00");
  const std::string ends_later = hex("e0 07 00 05 11 00 00 02 58");
  const std::string one_second = hex("11 00 00 00 01");
  const auto session_present = [&](const std::string& disconnect) {
    RawClient client(broker.port());
    const bool present = client.connect(5, "reader", 60, one_second, false).at(0) == 1;
    client.send(disconnect);
    CHECK(client.closed());
    return present;
  };
  CHECK_FALSE(session_present(ends_now));
  CHECK_FALSE(session_present(ends_later));
  broker.wait(2500ms);
  CHECK(session_present(ends_now));
}

TEST_CASE("a 3.1.1 session that is kept can be taken up by a 5.0 client and back") {
  Broker broker;
  PahoClient publisher(broker.uri(), MQTTVERSION_5, "publisher");
  publisher.connect();
  PahoClient old_reader(broker.uri(), MQTTVERSION_3_1_1, "reader");
  PahoClient new_reader(broker.uri(), MQTTVERSION_5, "reader");
  old_reader.connect(kept_options(MQTTVERSION_3_1_1));
  old_reader.subscribe("queue", 1);
  old_reader.disconnect();
  publisher.publish("queue", "one", 1);
  CHECK(new_reader.connect(kept_options(MQTTVERSION_5)).is_session_present());
  CHECK(new_reader.next_payloads(1) == std::vector<std::string>{"one"});
  new_reader.disconnect();
  publisher.publish("queue", "two", 1, false, {{Property::USER_PROPERTY, "key", "value"}});
  CHECK(old_reader.connect(kept_options(MQTTVERSION_3_1_1)).is_session_present());
  CHECK(old_reader.next_payloads(1) == std::vector<std::string>{"two"});
}

}  // namespace midge::interop
