// mosquitto_pub, mosquitto_sub and mosquitto_rr as a user starts them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tests/interop/broker.hpp"

namespace midge::interop {

using Arguments = std::vector<std::string>;

inline constexpr const char* kMosquittoVersions[] = {"mqttv31", "mqttv311", "mqttv5"};

// `program` with the broker's address, then `arguments`.
Arguments at(const Broker& broker, const char* program, const Arguments& arguments);

// Runs to its end; an exit code other than 0 fails the test.
std::string mosquitto_pub(const Broker& broker, const Arguments& arguments,
                          const std::string& standard_input = {});
// The same for a subscriber that ends by itself (-C, -E).
std::vector<std::string> mosquitto_sub(const Broker& broker, const Arguments& arguments);

// A mosquitto_sub in the background, subscribed by the time the constructor returns.
class Subscriber {
 public:
  Subscriber(const Broker& broker, const Arguments& arguments);

  // The lines printed for messages, once there are `count` or the patience is over.
  std::vector<std::string> lines(std::size_t count);
  // All lines after a short wait in which more could have come.
  std::vector<std::string> lines_after_a_while();

  Process& process() { return process_; }

 private:
  std::vector<std::string> printed() const;

  Process process_;
};

}  // namespace midge::interop
