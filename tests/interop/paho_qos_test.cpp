// Paho C++: messages of every QoS, in every version, in both directions.
#include <doctest/doctest.h>

#include <algorithm>

#include "tests/interop/cable.hpp"
#include "tests/interop/paho_client.hpp"

namespace midge::interop {

TEST_CASE("a message arrives with the lower of its own and the subscribed QoS in every version") {
  Broker broker;
  for (const Level level : kAllLevels) {
    CAPTURE(name_of(level));
    PahoClient subscriber(broker.uri(), level, "subscriber");
    PahoClient publisher(broker.uri(), level, "publisher");
    subscriber.connect();
    publisher.connect();
    for (const int granted : {0, 1, 2}) {
      CAPTURE(granted);
      CHECK(subscriber.subscribe("v1/user/+", granted) == std::vector{granted});
      for (const int sent : {0, 1, 2}) {
        CAPTURE(sent);
        const std::string payload = "q" + std::to_string(sent) + std::string("\0\xff", 2);
        publisher.publish("v1/user/signedup", payload, sent);
        const auto arrived = subscriber.next();
        REQUIRE(arrived);
        CHECK(arrived->get_topic() == "v1/user/signedup");
        CHECK(arrived->to_string() == payload);
        CHECK(arrived->get_qos() == std::min(sent, granted));
        CHECK_FALSE(arrived->is_retained());
        CHECK_FALSE(arrived->is_duplicate());
      }
    }
    CHECK(subscriber.silent());
  }
}

TEST_CASE("a message crosses from any version to any other") {
  Broker broker;
  for (const Level from : kAllLevels) {
    for (const Level to : kAllLevels) {
      CAPTURE(name_of(from));
      CAPTURE(name_of(to));
      PahoClient subscriber(broker.uri(), to, "subscriber");
      PahoClient publisher(broker.uri(), from, "publisher");
      subscriber.connect();
      publisher.connect();
      subscriber.subscribe("#", 2);
      publisher.publish("crossing", "over", 2);
      const auto arrived = subscriber.next();
      REQUIRE(arrived);
      CHECK(arrived->to_string() == "over");
      CHECK(arrived->get_qos() == 2);
    }
  }
}

TEST_CASE("200 messages of each QoS arrive once each and in the order they were sent") {
  // A wide window: Paho C looks only once a second whether a full one has room again.
  Broker broker("max_inflight_messages 200\n");
  constexpr int kMessages = 200;
  for (const Level level : {MQTTVERSION_3_1_1, MQTTVERSION_5}) {
    for (const int qos : {0, 1, 2}) {
      CAPTURE(name_of(level));
      CAPTURE(qos);
      PahoClient subscriber(broker.uri(), level, "subscriber");
      PahoClient publisher(broker.uri(), level, "publisher");
      subscriber.connect();
      publisher.connect();
      subscriber.subscribe("stream", qos);
      std::vector<std::string> sent;
      std::vector<mqtt::delivery_token_ptr> tokens;
      for (int i = 0; i < kMessages; ++i) {
        sent.push_back(std::to_string(i));
        tokens.push_back(publisher.library().publish(message("stream", sent.back(), qos)));
      }
      CHECK(difference(subscriber.next_payloads(sent.size()), sent) == "");
      CHECK(subscriber.silent());
      for (const auto& token : tokens) CHECK(token->wait_for(kPatience));
    }
  }
}

TEST_CASE(
    "a subscriber whose connection breaks in the stream misses and repeats nothing at QoS 2") {
  Broker broker("max_inflight_messages 200\n");
  constexpr int kMessages = 200;
  for (const Level level : {MQTTVERSION_3_1_1, MQTTVERSION_5}) {
    CAPTURE(name_of(level));
    Cable cable(broker.port());
    PahoClient subscriber(cable.uri(), level, "reader");
    PahoClient publisher(broker.uri(), level, "publisher");
    subscriber.connect(clean_options(level));
    subscriber.disconnect();
    subscriber.connect(kept_options(level));
    publisher.connect();
    subscriber.subscribe("stream", 2);
    std::vector<std::string> sent;
    for (int i = 0; i < kMessages; ++i) {
      sent.push_back(std::to_string(i));
      publisher.library().publish(message("stream", sent.back(), 2));
      if (i == kMessages / 2) {
        REQUIRE(eventually([&] { return subscriber.received_count() > 0; }));
        cable.pull();
      }
    }
    REQUIRE(subscriber.lost());
    CHECK(subscriber.connect(kept_options(level)).is_session_present());
    CHECK(difference(subscriber.next_payloads(sent.size()), sent) == "");
    CHECK(subscriber.silent());
  }
}

}  // namespace midge::interop
