// MQTT 3.1 ("MQIsdp", level 3): where it is not as 3.1.1.
#include "tests/conformance/connect_bytes.hpp"
#include "tests/support/client.hpp"

namespace midge::test {
namespace {

TEST_CASE("3.1: an empty client id gets code 2") {
  for (const bool clean : {false, true}) {
    CAPTURE(clean);
    Broker broker;
    Client a(broker, Version::V31);
    a.connect("", {.clean_start = clean});
    a.expect_bytes("20 02 00 02");
    a.expect_closed();
    CHECK(broker.metrics.clients_total == 0);
    CHECK(broker.metrics[Cause::ClientIdentifier] == 1);
  }
}

TEST_CASE("3.1: a client id of more than 23 bytes is accepted") {
  Broker broker;
  for (const std::size_t bytes : {23U, 24U, 100U, 65'535U}) {
    CAPTURE(bytes);
    Client a(broker, Version::V31);
    a.connect(std::string(bytes, 'x'));
    a.expect_bytes("20 02 00 00");
  }
}

TEST_CASE("3.1: there is no Session Present, but there are sessions") {
  Broker broker;
  Client a(broker, Version::V31);
  a.connect("a", {.clean_start = false});
  a.expect_bytes("20 02 00 00");
  a.must_subscribe("t", kQoS1);
  a.disconnect();
  Client other(broker, Version::V31, "other");
  other.must_publish("t", "x", kQoS1);
  Client again(broker, Version::V31);
  again.connect("a", {.clean_start = false});
  // CONNACK, and the message that waited: QoS 1, its first identifier.
  again.expect_bytes("20 02 00 00 32 06 00 01 74 00 01 78");
}

TEST_CASE("3.1: flag bits of SUBSCRIBE, UNSUBSCRIBE and PUBREL are not judged") {
  for (std::uint8_t flags = 0; flags < 16; ++flags) {
    CAPTURE(flags);
    Broker broker;
    Client a(broker, Version::V31, "a");
    const auto with_flags = [&](const char* bytes) {
      ByteVector packet = hex(bytes);
      packet[0] = static_cast<std::uint8_t>((packet[0] & 0xf0) | flags);
      a.send(packet);
    };
    with_flags("80 06 00 01 00 01 74 01");
    a.expect_bytes("90 03 00 01 01");
    a.publish("elsewhere", "x", kQoS2, {.packet_id = 5});
    a.expect_bytes("50 02 00 05");
    with_flags("60 02 00 05");
    a.expect_bytes("70 02 00 05");
    with_flags("a0 05 00 02 00 01 74");
    a.expect_bytes("b0 02 00 02");
    a.expect_nothing();
    CHECK(broker.metrics.subscriptions == 0);
  }
}

TEST_CASE("3.1.1: the same flag bits are judged") {
  for (const char* const bytes : {"80 06 00 01 00 01 74 01", "8a 06 00 01 00 01 74 01",
                                  "a0 05 00 02 00 01 74", "60 02 00 05", "6a 02 00 05"}) {
    CAPTURE(bytes);
    Broker broker;
    Client a(broker, Version::V311, "a");
    a.send_hex(bytes);
    a.expect_closed();
  }
}

TEST_CASE("3.1: a filter that is refused is answered with the QoS asked for, and never delivers") {
  for (const QoS qos : kEveryQoS) {
    CAPTURE(qos);
    Broker broker;
    broker.authorizer.deny_subscribe("secret/#");
    Client a(broker, Version::V31, "a");
    a.subscribe({{.filter = "secret/#", .qos = qos}, {.filter = "open", .qos = kQoS1}});
    const Packet suback = a.expect(PacketType::Suback);
    CHECK(suback.bytes == ByteVector{0x90, 0x04, 0x00, 0x01, static_cast<std::uint8_t>(qos), 0x01});
    CHECK(broker.metrics.subscriptions == 1);
    CHECK(broker.metrics[Cause::SubscribeDenied] == 1);
    Client other(broker, Version::V31, "other");
    other.must_publish("secret/x", "x", kQoS1, {.retain = true});
    other.must_publish("open", "y", kQoS1);
    a.expect_publish("open", "y");
    a.expect_nothing();
  }
}

TEST_CASE("3.1.1: a filter that is refused is answered with 0x80") {
  Broker broker;
  broker.authorizer.deny_subscribe("secret/#");
  Client a(broker, Version::V311, "a");
  a.subscribe({{.filter = "secret/#", .qos = kQoS1}, {.filter = "open", .qos = kQoS1}});
  a.expect_bytes("90 04 00 01 80 01");
}

// "Server implementations must allow for the possibility that the User Name flag is set, but the
// User Name string is missing", 3.1 section 3.1.
TEST_CASE("3.1: a user name or password that is announced may be missing") {
  for (const unsigned flag : {0x82U, 0xc2U}) {
    const auto flags = static_cast<std::uint8_t>(flag);
    CAPTURE(flags);
    Broker broker;
    Client a(broker, Version::V31);
    a.send(raw_connect(Version::V31, flags, "00 01 61"));
    a.expect_bytes("20 02 00 00");
    // It is anonymous then.
    Broker closed;
    closed.listener.allow_anonymous = false;
    Client b(closed, Version::V31);
    b.send(raw_connect(Version::V31, flags, "00 01 61"));
    b.expect_bytes("20 02 00 05");
    b.expect_closed();
  }
  Broker broker;
  broker.authorizer.user("u", "p");
  Client a(broker, Version::V31);
  a.send(raw_connect(Version::V31, 0xc2, "00 01 61 00 01 75"));
  a.expect_bytes("20 02 00 04");
  a.expect_closed();
}

TEST_CASE("3.1: a user name that is cut off is malformed all the same") {
  Broker broker;
  Client a(broker, Version::V31);
  a.send(raw_connect(Version::V31, 0x82, "00 01 61 00 02 75"));
  a.expect_closed();
}

TEST_CASE("3.1: messages of every QoS as in 3.1.1") {
  Broker broker;
  Client a(broker, Version::V31, "a");
  a.must_subscribe("t", kQoS2);
  a.send_hex("30 04 00 01 74 30");
  a.expect_bytes("30 04 00 01 74 30");
  a.send_hex("32 06 00 01 74 00 07 31");
  a.expect(PacketType::Puback);
  const Packet one = a.expect_publish("t", "1");
  CHECK(one.qos == kQoS1);
  a.puback(one.packet_id);
  a.send_hex("34 06 00 01 74 00 08 32");
  a.expect(PacketType::Pubrec);
  const Packet two = a.expect_publish("t", "2");
  CHECK(two.qos == kQoS2);
  a.answer(two);
  a.send_hex("62 02 00 08");
  a.expect_bytes("70 02 00 08");
}

TEST_CASE("3.1: clients of all versions understand each other") {
  Broker broker;
  Client v31(broker, Version::V31, "v31");
  Client v311(broker, Version::V311, "v311");
  Client v5(broker, Version::V5, "v5");
  for (Client* const to : {&v31, &v311, &v5}) to->must_subscribe("t", kQoS1);
  for (Client* const from : {&v31, &v311, &v5}) {
    CAPTURE(from->version());
    from->must_publish("t", from->client_id(), kQoS1);
    for (Client* const to : {&v31, &v311, &v5}) {
      const Packet publish = to->expect_publish("t", from->client_id());
      CHECK(publish.qos == kQoS1);
      to->puback(publish.packet_id);
    }
  }
}

TEST_CASE("3.1: a broken packet closes the connection without a word") {
  for (const char* const bytes : {"c1 00", "d0 00", "30 03 00 01 2b", "82 02 00 01", "f0 00",
                                  "10 0f 00 06 4d 51 49 73 64 70 03 02 00 00 00 01 61"}) {
    CAPTURE(bytes);
    Broker broker;
    Client a(broker, Version::V31, "a");
    a.send_hex(bytes);
    a.expect_closed();
  }
}

}  // namespace
}  // namespace midge::test
