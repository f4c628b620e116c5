// One Paho C++ client with waits that end, and the messages it received in order.
#pragma once

#include <mqtt/async_client.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "tests/interop/broker.hpp"

namespace midge::interop {

// The protocol levels as Paho names them: MQTTVERSION_3_1, MQTTVERSION_3_1_1, MQTTVERSION_5.
using Level = int;

using Property = mqtt::property;

// Options for CONNECT that keep nothing: Clean Session 1, or Clean Start 1 in 5.0.
mqtt::connect_options clean_options(Level level);
// A session that outlives the connection: Clean Session 0, or a Session Expiry Interval in 5.0.
mqtt::connect_options kept_options(Level level, int expiry_seconds = 600);
// `options` with properties added to the CONNECT, whatever it already has.
mqtt::connect_options with(mqtt::connect_options options, std::vector<Property> properties);

mqtt::message_ptr message(const std::string& topic, const std::string& payload, int qos = 0,
                          bool retained = false, const mqtt::properties& properties = {});

class PahoClient {
 public:
  // An empty `client_id` is left empty on the wire.
  PahoClient(const std::string& uri, Level level, const std::string& client_id);
  ~PahoClient();  // DISCONNECT when still connected

  // All of these wait for the broker's answer and throw std::runtime_error or mqtt::exception when
  // it does not come or refuses.
  mqtt::connect_response connect() { return connect(clean_options(level_)); }
  mqtt::connect_response connect(mqtt::connect_options options);
  void disconnect();
  std::vector<int> subscribe(const std::string& filter, int qos,
                             const mqtt::subscribe_options& options = {},
                             const mqtt::properties& properties = {});
  int unsubscribe(const std::string& filter);  // the reason code, 0 before 5.0
  // Waits for the whole handshake of its QoS; returns the reason code of PUBACK or PUBREC.
  int publish(const std::string& topic, const std::string& payload, int qos = 0,
              bool retained = false, const mqtt::properties& properties = {});
  int publish(const mqtt::message_ptr& message);

  // The next message, or nothing within `limit`.
  mqtt::const_message_ptr next(Clock::duration limit = kPatience);
  // The next `count` payloads; fewer when they do not come.
  std::vector<std::string> next_payloads(std::size_t count);
  // True when no message is waiting and none comes within a short while.
  bool silent();
  std::size_t received_count();

  bool connected() const { return client_.is_connected(); }
  // The reason code of the broker's DISCONNECT, or nothing when none came.
  std::optional<int> disconnect_reason(Clock::duration limit = kPatience);
  bool lost(Clock::duration limit = kPatience);

  mqtt::async_client& library() { return client_; }

 private:
  Level level_;
  mqtt::async_client client_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<mqtt::const_message_ptr> messages_;
  std::optional<int> disconnect_reason_;
};

std::string name_of(Level level);  // "3.1", "3.1.1", "5.0"

inline constexpr Level kAllLevels[] = {MQTTVERSION_3_1, MQTTVERSION_3_1_1, MQTTVERSION_5};

}  // namespace midge::interop
