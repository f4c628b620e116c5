// Sessions that are away and what waits for them, for the tests of queue limits.
#pragma once

#include <string>
#include <string_view>

#include "tests/support/client.hpp"

namespace midge::test {

inline ConnectOptions kept_session(Version version) {
  ConnectOptions keeps{.clean_start = false};
  if (version == Version::V5) keeps.props.session_expiry_interval = 1'000;
  return keeps;
}

// A session of that name, away, with a subscription to "t".
inline void leave_session(Broker& broker, Version version, std::string_view client_id,
                          QoS qos = kQoS2) {
  Client client(broker, version, client_id, kept_session(version));
  client.must_subscribe("t", qos);
  client.disconnect();
}

// Everything that waits for it, payloads one behind the other.
inline std::string collect(Broker& broker, Version version, std::string_view client_id) {
  Client client(broker, version, client_id, kept_session(version));
  std::string payloads;
  for (;;) {
    const auto packet = client.next();
    if (!packet) return payloads;
    REQUIRE(packet->type == PacketType::Publish);
    payloads += packet->payload + " ";
    client.answer(*packet);
  }
}

inline void publish_numbers(Broker& broker, Version version, int count, QoS qos = kQoS1) {
  Client publisher(broker, version, "publisher");
  for (int i = 1; i <= count; ++i) publisher.must_publish("t", std::to_string(i), qos);
}

}  // namespace midge::test
