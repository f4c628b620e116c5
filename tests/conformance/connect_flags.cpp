// CONNECT: its flags and the payload that they announce (MQTT 5.0 and 3.1.1,
// sections 3.1.2, 3.1.3).
#include "tests/conformance/connect_bytes.hpp"
#include "tests/support/client.hpp"

namespace midge::test {
namespace {

// Refused as malformed: 5.0 by CONNACK 0x81, before by closing [MQTT-3.1.4-1@3.1.1].
void check_malformed(Version version, const ByteVector& packet) {
  Broker broker;
  Client a(broker, version);
  a.send(packet);
  if (version == Version::V5) a.expect_bytes("20 03 00 81 00");
  a.expect_closed();
  CHECK(broker.metrics.clients_total == 0);
  CHECK(broker.metrics[Cause::MalformedPacket] == 1);
}

TEST_CASE("CONNECT flags that contradict each other or the payload are malformed") {
  struct Vector {
    const char* name;
    std::uint8_t flags;
    const char* payload;  // of 3.1.1
    const char* payload_v5;
  };
  constexpr Vector kVectors[] = {
      {"the reserved flag [MQTT-3.1.2-3] [MQTT-3.1.2-3@3.1.1]", 0x03, "00 01 61", "00 01 61"},
      {"will QoS 3 [MQTT-3.1.2-12] [MQTT-3.1.2-14@3.1.1]", 0x1e, "00 01 61 00 01 77 00 01 78",
       "00 01 61 00 00 01 77 00 01 78"},
      {"will QoS 1 without a will [MQTT-3.1.2-11] [MQTT-3.1.2-11@3.1.1] [MQTT-3.1.2-13@3.1.1]",
       0x0a, "00 01 61", "00 01 61"},
      {"will QoS 2 without a will [MQTT-3.1.2-11] [MQTT-3.1.2-11@3.1.1] [MQTT-3.1.2-13@3.1.1]",
       0x12, "00 01 61", "00 01 61"},
      {"will retain without a will [MQTT-3.1.2-13] [MQTT-3.1.2-11@3.1.1] [MQTT-3.1.2-15@3.1.1]",
       0x22, "00 01 61", "00 01 61"},
      {"a will flag and no will [MQTT-3.1.2-9] [MQTT-3.1.2-9@3.1.1]", 0x06, "00 01 61", "00 01 61"},
      {"a will flag and no will topic [MQTT-3.1.2-9] [MQTT-3.1.2-9@3.1.1]", 0x06, "00 01 61",
       "00 01 61 00"},
      {"a will flag and no will payload [MQTT-3.1.2-9] [MQTT-3.1.2-9@3.1.1]", 0x06,
       "00 01 61 00 01 77", "00 01 61 00 00 01 77"},
      {"a will payload that is cut off [MQTT-3.1.2-9] [MQTT-3.1.2-9@3.1.1]", 0x06,
       "00 01 61 00 01 77 00 02 78", "00 01 61 00 00 01 77 00 02 78"},
      {"a will without its flag [MQTT-3.1.2-11@3.1.1]", 0x02, "00 01 61 00 01 77 00 01 78",
       "00 01 61 00 00 01 77 00 01 78"},
      {"a user name flag and no user name [MQTT-3.1.2-17] [MQTT-3.1.2-19@3.1.1]", 0x82, "00 01 61",
       "00 01 61"},
      {"a user name that is cut off [MQTT-3.1.2-17] [MQTT-3.1.2-19@3.1.1]", 0x82,
       "00 01 61 00 02 75", "00 01 61 00 02 75"},
      {"a user name without its flag [MQTT-3.1.2-16] [MQTT-3.1.2-18@3.1.1]", 0x02,
       "00 01 61 00 01 75", "00 01 61 00 01 75"},
      {"a password flag and no password [MQTT-3.1.2-19] [MQTT-3.1.2-21@3.1.1]", 0xc2,
       "00 01 61 00 01 75", "00 01 61 00 01 75"},
      {"a password that is cut off [MQTT-3.1.2-19] [MQTT-3.1.2-21@3.1.1]", 0xc2,
       "00 01 61 00 01 75 00 02 70", "00 01 61 00 01 75 00 02 70"},
      {"a password without its flag [MQTT-3.1.2-18] [MQTT-3.1.2-20@3.1.1]", 0x82,
       "00 01 61 00 01 75 00 01 70", "00 01 61 00 01 75 00 01 70"},
      {"no client id [MQTT-3.1.3-3] [MQTT-3.1.3-3@3.1.1]", 0x02, "", ""},
      {"half a client id [MQTT-3.1.3-3] [MQTT-3.1.3-3@3.1.1]", 0x02, "00 02 61", "00 02 61"},
      {"a byte behind the end", 0x02, "00 01 61 00", "00 01 61 00"},
  };
  for (const Vector& v : kVectors) {
    for (const Version version : kBothVersions) {
      CAPTURE(v.name);
      CAPTURE(version);
      check_malformed(version, raw_connect(version, v.flags,
                                           version == Version::V5 ? v.payload_v5 : v.payload));
    }
  }
}

TEST_CASE("a will without its Property Length is malformed [MQTT-3.1.2-9]") {
  // Read as a section of no bytes, the topic has 0x0177 bytes.
  check_malformed(Version::V5, raw_connect(Version::V5, 0x06, "00 01 61 00 01 77 00 01 78"));
}

TEST_CASE("a password needs a user name before 5.0 [MQTT-3.1.2-22@3.1.1]") {
  for (const Version version : {Version::V31, Version::V311}) {
    CAPTURE(version);
    check_malformed(version, raw_connect(version, 0x42, "00 01 61 00 01 70"));
  }
}

TEST_CASE("a password may stand alone in 5.0 [MQTT-3.1.2-16] [MQTT-3.1.2-19]") {
  Broker broker;
  Client a(broker, Version::V5);
  a.send(raw_connect(Version::V5, 0x42, "00 01 61 00 01 70"));
  a.expect_connack();
}

// All fields: id "a", will topic "wt", will payload "wp", user name "un", password "pw".
constexpr const char* kFull = "00 01 61 00 02 77 74 00 02 77 70 00 02 75 6e 00 02 70 77";
constexpr const char* kFullV5 =
    "00 01 61 03 03 00 00 00 02 77 74 00 02 77 70 00 02 75 6e 00 02 70 77";

TEST_CASE(
    "id, will, user name, password stand in this order [MQTT-3.1.3-1] [MQTT-3.1.3-1@3.1.1] "
    "[MQTT-3.1.3-3] [MQTT-3.1.3-3@3.1.1] [MQTT-3.1.2-9] [MQTT-3.1.2-9@3.1.1] [MQTT-3.1.2-17] "
    "[MQTT-3.1.2-19@3.1.1] [MQTT-3.1.2-19] [MQTT-3.1.2-21@3.1.1]") {
  for (const Version version : kAllVersions) {
    CAPTURE(version);
    Broker broker;
    broker.authorizer.user("un", "pw");
    Client watcher(broker, version, "watcher");
    watcher.must_subscribe("#", kQoS2);

    Client a(broker, version);
    a.send(raw_connect(version, 0xf6, version == Version::V5 ? kFullV5 : kFull));
    a.expect_connack();
    CHECK(broker.log.has(" as a ("));
    a.drop();
    const Packet will = watcher.expect_publish("wt", "wp");
    CHECK(will.qos == kQoS2);
    if (version == Version::V5) CHECK(will.props.content_type == "");
  }
}

TEST_CASE("every combination of flags that is right is accepted") {
  for (const Version version : kBothVersions) {
    for (unsigned flags = 0; flags < 256; flags += 2) {
      const bool has_will = (flags & 0x04) != 0;
      const bool has_user_name = (flags & 0x80) != 0;
      const bool has_password = (flags & 0x40) != 0;
      if ((flags & 0x18) == 0x18 || (!has_will && (flags & 0x38) != 0)) continue;
      if (version != Version::V5 && has_password && !has_user_name) continue;
      CAPTURE(version);
      CAPTURE(flags);
      std::string payload = "00 01 61";
      if (has_will) {
        payload += version == Version::V5 ? "00 00 01 77 00 01 78" : "00 01 77 00 01 78";
      }
      if (has_user_name) payload += "00 01 75";
      if (has_password) payload += "00 01 70";
      Broker broker;
      Client a(broker, version);
      a.send(raw_connect(version, static_cast<std::uint8_t>(flags), payload));
      a.expect_connack();
      a.expect_nothing();
    }
  }
}

TEST_CASE("a CONNECT that ends too early is malformed [MQTT-3.1.4-1] [MQTT-3.1.4-1@3.1.1]") {
  for (const Version version : kBothVersions) {
    const ByteVector whole = raw_connect(version, 0xf6, version == Version::V5 ? kFullV5 : kFull);
    const ByteVector body(whole.begin() + 2, whole.end());
    for (std::size_t bytes = 0; bytes < body.size(); ++bytes) {
      CAPTURE(version);
      CAPTURE(bytes);
      Broker broker;
      Client a(broker, version);
      a.send(framed(0x10, {body.begin(), body.begin() + static_cast<std::ptrdiff_t>(bytes)}));
      // Name and level have seven bytes: only behind them the broker knows how to answer.
      if (version == Version::V5 && bytes >= 7) a.expect_bytes("20 03 00 81 00");
      a.expect_closed();
      CHECK(broker.metrics.clients_total == 0);
    }
  }
}

TEST_CASE("empty fields are fields [MQTT-3.1.2-17] [MQTT-3.1.2-19] [MQTT-3.1.2-19@3.1.1]") {
  for (const Version version : kBothVersions) {
    CAPTURE(version);
    Broker broker;
    Client watcher(broker, version, "watcher");
    watcher.must_subscribe("w");
    Client a(broker, version);
    // A will without payload, an empty user name, an empty password.
    a.send(raw_connect(version, 0xc6,
                       version == Version::V5 ? "00 01 61 00 00 01 77 00 00 00 00 00 00"
                                              : "00 01 61 00 01 77 00 00 00 00 00 00"));
    a.expect_connack();
    a.drop();
    watcher.expect_publish("w", "");
  }
}

}  // namespace
}  // namespace midge::test
