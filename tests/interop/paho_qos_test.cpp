// Paho C++: messages of every QoS, in every version, in both directions.
#include <doctest/doctest.h>

#include <algorithm>
#include <set>

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
  if (broker.lacks_room()) return;
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
  if (broker.lacks_room()) return;
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

TEST_CASE("a publisher whose connection breaks delivers what was not acknowledged, in order") {
  Broker broker("max_inflight_messages 200\n");
  if (broker.lacks_room()) return;
  constexpr int kMessages = 100;
  for (const Level level : {MQTTVERSION_3_1_1, MQTTVERSION_5}) {
    for (const int qos : {1, 2}) {
      CAPTURE(name_of(level));
      CAPTURE(qos);
      Cable cable(broker.port());
      PahoClient subscriber(broker.uri(), level, "subscriber");
      PahoClient publisher(cable.uri(), level, "publisher");
      subscriber.connect();
      subscriber.subscribe("stream", 2);
      publisher.connect(clean_options(level));
      publisher.disconnect();
      publisher.connect(kept_options(level));

      // All of them reach the broker, no acknowledgement comes back. The cable is not pulled while
      // Paho writes: a PUBLISH whose write fails is sent again from freed memory (Paho C 1.3.12).
      cable.hold_answers();
      std::vector<std::string> sent;
      std::size_t sent_bytes = 0;
      for (int i = 0; i < kMessages; ++i) {
        sent.push_back(std::to_string(i));
        publisher.library().publish(message("stream", sent.back(), qos));
        // Fixed header, topic, packet identifier, the length of no properties in 5.0, payload.
        const std::size_t empty_properties_bytes = level == MQTTVERSION_5 ? 1 : 0;
        sent_bytes += 2 + (2 + 6) + 2 + empty_properties_bytes + sent.back().size();
      }
      REQUIRE(eventually([&] { return cable.passed_bytes() == sent_bytes; }));
      cable.pull();
      REQUIRE(publisher.lost());
      publisher.connect(kept_options(level));

      std::vector<std::string> arrived;
      std::set<std::string> known;
      while (known.size() < sent.size()) {
        const auto next = subscriber.next();
        REQUIRE(next);
        // At QoS 1 the broker sees every message twice; at QoS 2 it must not pass it on twice.
        if (known.insert(next->to_string()).second)
          arrived.push_back(next->to_string());
        else
          CHECK(qos == 1);
      }
      CHECK(difference(arrived, sent) == "");
      if (qos == 2) CHECK(subscriber.silent());
    }
  }
}

}  // namespace midge::interop
