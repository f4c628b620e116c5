// Paho C++: large payloads, those that fit the limits and those that do not.
#include <doctest/doctest.h>

#include "tests/interop/paho_client.hpp"
#include "tests/interop/raw_client.hpp"

namespace midge::interop {

namespace {

constexpr std::size_t kMebibyte = 1024 * 1024;

std::string large_payload(std::size_t size_bytes) {
  std::string payload(size_bytes, '\0');
  std::uint32_t state = 1;
  for (char& byte : payload) {
    state = state * 1'664'525u + 1'013'904'223u;
    byte = static_cast<char>(state >> 24);
  }
  return payload;
}

// Somebody else's traffic, which must not notice what the large sender does.
void check_others_go_on(Broker& broker) {
  PahoClient other(broker.uri(), MQTTVERSION_3_1_1, "other");
  other.connect();
  other.subscribe("other", 1);
  other.publish("other", "goes on", 1);
  CHECK(other.next_payloads(1) == std::vector<std::string>{"goes on"});
}

}  // namespace

TEST_CASE("1 MiB passes at every QoS in every version") {
  Broker broker("max_packet_size 1100000\n");
  if (broker.lacks_room()) return;
  const std::string payload = large_payload(kMebibyte);
  for (const Level level : kAllLevels) {
    PahoClient client(broker.uri(), level, "client");
    client.connect();
    client.subscribe("large", 2);
    for (const int qos : {0, 1, 2}) {
      CAPTURE(name_of(level));
      CAPTURE(qos);
      client.publish("large", payload, qos);
      const auto arrived = client.next();
      REQUIRE(arrived);
      CHECK((arrived->get_payload() == payload));
    }
  }
}

TEST_CASE("a retained message and a queued message of 1 MiB come back whole") {
  Broker broker("max_packet_size 1100000\n");
  if (broker.lacks_room()) return;
  const std::string payload = large_payload(kMebibyte);
  PahoClient reader(broker.uri(), MQTTVERSION_5, "reader");
  PahoClient publisher(broker.uri(), MQTTVERSION_5, "publisher");
  reader.connect(kept_options(MQTTVERSION_5));
  reader.subscribe("large", 1);
  reader.disconnect();
  publisher.connect();
  publisher.publish("large", payload, 1, true);
  publisher.subscribe("large", 1);
  reader.connect(kept_options(MQTTVERSION_5));
  for (PahoClient* client : {&reader, &publisher}) {
    const auto arrived = client->next();
    REQUIRE(arrived);
    CHECK((arrived->get_payload() == payload));
  }
}

TEST_CASE("100 MiB passes when the limits allow it") {
  Broker broker("max_packet_size 120000000\nmemory_limit 1500000000\n");
  if (broker.lacks_room()) return;
  const std::string payload = large_payload(100 * kMebibyte);
  for (const Level level : {MQTTVERSION_3_1_1, MQTTVERSION_5}) {
    CAPTURE(name_of(level));
    PahoClient reader(broker.uri(), level, "reader");
    PahoClient publisher(broker.uri(), level, "publisher");
    reader.connect();
    publisher.connect();
    reader.subscribe("large", 1);
    publisher.publish("large", payload, 1);
    const auto arrived = reader.next();
    REQUIRE(arrived);
    CHECK((arrived->get_payload() == payload));
  }
}

TEST_CASE("100 MiB is refused by max_packet_size while others go on") {
  Broker broker("max_packet_size 2000000\n");
  const std::string payload = large_payload(100 * kMebibyte);
  for (const Level level : {MQTTVERSION_3_1_1, MQTTVERSION_5}) {
    CAPTURE(name_of(level));
    PahoClient publisher(broker.uri(), level, "publisher");
    publisher.connect();
    publisher.library().publish(message("large", payload, 1));
    CHECK(publisher.lost());
    check_others_go_on(broker);
  }
}

TEST_CASE("a packet above max_packet_size is refused with 0x95 by its length alone") {
  Broker broker("max_packet_size 2000000\n");
  RawClient client(broker.port());
  client.connect(5, "client");
  client.send(hex("30 80 80 80 32"));  // PUBLISH, 100 MiB to follow
  const auto refusal = client.must_read();
  CHECK(refusal.first_byte == 0xe0);
  CHECK(static_cast<unsigned char>(refusal.body.at(0)) == 0x95);
  CHECK(client.closed());

  RawClient old(broker.port());
  old.connect(4, "old");
  old.send(hex("30 80 80 80 32"));
  CHECK(old.closed());
  check_others_go_on(broker);
}

TEST_CASE("100 MiB is refused by message_size_limit while its sender and others go on") {
  Broker broker("max_packet_size 120000000\nmessage_size_limit 2000000\n");
  if (broker.lacks_room()) return;
  const std::string payload = large_payload(100 * kMebibyte);
  PahoClient reader(broker.uri(), MQTTVERSION_5, "reader");
  reader.connect();
  reader.subscribe("large", 1);
  PahoClient publisher(broker.uri(), MQTTVERSION_5, "publisher");
  publisher.connect();
  int reason_code = 0;
  try {
    reason_code = publisher.publish("large", payload, 1);
  } catch (const mqtt::exception& refused) {
    reason_code = refused.get_reason_code();
  }
  CHECK(reason_code == 0x97);
  CHECK(publisher.connected());

  // 3.1.1 has no code for it: acknowledged and dropped.
  PahoClient old(broker.uri(), MQTTVERSION_3_1_1, "old");
  old.connect();
  CHECK_NOTHROW(old.publish("large", payload, 1));
  CHECK(reader.silent());
  check_others_go_on(broker);
}

TEST_CASE("100 MiB is refused by memory_limit while others go on") {
  Broker broker("max_packet_size 120000000\nmemory_limit 50000000\n");
  if (broker.lacks_room()) return;
  const std::string payload = large_payload(100 * kMebibyte);
  PahoClient reader(broker.uri(), MQTTVERSION_5, "reader");
  reader.connect();
  reader.subscribe("large", 1);
  PahoClient publisher(broker.uri(), MQTTVERSION_5, "publisher");
  publisher.connect();
  // Refused with a code or cut off: both are an answer.
  CHECK_THROWS(publisher.publish("large", payload, 1));
  CHECK(reader.silent());
  check_others_go_on(broker);
}

TEST_CASE("a receiver's Maximum Packet Size keeps larger messages from it and nothing else") {
  Broker broker;
  PahoClient reader(broker.uri(), MQTTVERSION_5, "reader");
  reader.connect(with(clean_options(MQTTVERSION_5), {{Property::MAXIMUM_PACKET_SIZE, 1000}}));
  reader.subscribe("mixed", 1);
  PahoClient publisher(broker.uri(), MQTTVERSION_5, "publisher");
  publisher.connect();
  publisher.publish("mixed", "before", 1);
  publisher.publish("mixed", large_payload(1500), 1);
  publisher.publish("mixed", "after", 1);
  CHECK(reader.next_payloads(2) == std::vector<std::string>{"before", "after"});
  CHECK(reader.silent());
}

}  // namespace midge::interop
