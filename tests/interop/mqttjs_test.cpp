// Runs mqttjs.mjs, MQTT.js's side of the tests, once for each version it speaks.
#include <doctest/doctest.h>

#include <cstdlib>

#include "tests/interop/broker.hpp"

namespace midge::interop {

namespace {

std::string required(const char* name) {
  const char* value = std::getenv(name);
  REQUIRE_MESSAGE(value != nullptr, name << " is not set");
  return value;
}

void run_script(const std::string& version) {
  const std::filesystem::path modules = required("MIDGE_NODE_MODULES");
  REQUIRE_MESSAGE(std::filesystem::exists(modules / "mqtt" / "package.json"),
                  "the npm package mqtt is not installed in " << modules.string());
  // MQTT.js sends past the broker's Receive Maximum, so the window has to hold its burst.
  Broker broker("max_inflight_messages 500\n");
  Process node({"node", required("MIDGE_INTEROP_SOURCES") + "/mqttjs.mjs"},
               {.environment = {
                    "MIDGE_PORT=" + std::to_string(broker.port()), "MIDGE_MQTT_VERSION=" + version,
                    broker.lacks_room() ? "MIDGE_LACKS_ROOM=1" : "MIDGE_LACKS_ROOM=0"}});
  const auto code = node.wait_exit(120s);
  CHECK_MESSAGE(code == std::optional(0), node.output() << node.errors());
}

}  // namespace

TEST_CASE("MQTT.js works in 3.1.1") {
  run_script("4");
}

TEST_CASE("MQTT.js works in 5.0") {
  run_script("5");
}

}  // namespace midge::interop
