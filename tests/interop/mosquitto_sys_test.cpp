// The $SYS tree as dashboards made for Mosquitto read it.
#include <doctest/doctest.h>

#include <map>

#include "tests/interop/mosquitto_clients.hpp"

namespace midge::interop {

namespace {

const std::vector<std::string> kNames = {"version",
                                         "uptime",
                                         "clients/total",
                                         "clients/maximum",
                                         "clients/connected",
                                         "clients/active",
                                         "clients/disconnected",
                                         "clients/inactive",
                                         "clients/expired",
                                         "messages/received",
                                         "messages/sent",
                                         "messages/stored",
                                         "publish/messages/received",
                                         "publish/messages/sent",
                                         "publish/messages/dropped",
                                         "publish/bytes/received",
                                         "publish/bytes/sent",
                                         "bytes/received",
                                         "bytes/sent",
                                         "subscriptions/count",
                                         "shared_subscriptions/count",
                                         "retained messages/count",
                                         "store/messages/count",
                                         "store/messages/bytes",
                                         "heap/current",
                                         "heap/maximum"};

const std::vector<std::string> kLoads = {
    "load/messages/received", "load/messages/sent",   "load/publish/received",
    "load/publish/sent",      "load/publish/dropped", "load/bytes/received",
    "load/bytes/sent",        "load/sockets",         "load/connections"};

std::map<std::string, std::string> values_of(const std::vector<std::string>& lines) {
  std::map<std::string, std::string> values;
  for (const std::string& line : lines) {
    const auto bar = line.find('|');
    if (bar != std::string::npos) values[line.substr(0, bar)] = line.substr(bar + 1);
  }
  return values;
}

bool is_number(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789.") == std::string::npos;
}

}  // namespace

TEST_CASE("$SYS/broker/version answers with a name and a version") {
  Broker broker;
  const auto lines = mosquitto_sub(broker, {"-t", "$SYS/broker/version", "-C", "1", "-v"});
  REQUIRE(lines.size() == 1);
  CHECK(lines.front().find(" version ") != std::string::npos);
  CHECK(lines.front().find_first_of("0123456789") != std::string::npos);
}

TEST_CASE("every $SYS name of Mosquitto has a value") {
  Broker broker("sys_interval 1\n");
  Subscriber subscriber(broker, {"-t", "$SYS/#", "-F", "%t|%p"});
  mosquitto_pub(broker, {"-t", "a", "-m", "b", "-q", "1"});
  std::vector<std::string> wanted;
  for (const std::string& name : kNames) wanted.push_back("$SYS/broker/" + name);
  for (const std::string& load : kLoads) {
    for (const char* span : {"1min", "5min", "15min"}) {
      wanted.push_back("$SYS/broker/" + load + "/" + span);
    }
  }
  for (const std::string& topic : wanted) {
    CAPTURE(topic);
    CHECK(eventually([&] { return values_of(subscriber.lines(1)).contains(topic); }, 5s));
  }
  const auto values = values_of(subscriber.lines(1));
  for (const auto& entry : values) {
    const std::string& topic = entry.first;
    const std::string& value = entry.second;
    CAPTURE(topic);
    CAPTURE(value);
    const bool is_text = topic == "$SYS/broker/version" || topic == "$SYS/broker/uptime";
    if (!is_text) CHECK(is_number(value));
  }
}

TEST_CASE("$SYS counts what clients do and goes on every sys_interval") {
  Broker broker("sys_interval 1\n");
  Subscriber watcher(
      broker, {"-t", "$SYS/broker/publish/messages/received", "-t", "$SYS/broker/clients/connected",
               "-t", "$SYS/broker/uptime", "-F", "%t|%p"});
  Subscriber other(broker, {"-t", "a"});
  for (int i = 0; i < 3; ++i) mosquitto_pub(broker, {"-t", "a", "-m", "b"});
  CHECK(eventually([&] {
    auto values = values_of(watcher.lines(1));
    return values["$SYS/broker/publish/messages/received"] == "3" &&
           values["$SYS/broker/clients/connected"] == "2";
  }));
  CHECK(eventually([&] {
    std::size_t uptimes = 0;
    for (const std::string& line : watcher.lines(1)) uptimes += line.find("uptime") != line.npos;
    return uptimes >= 3;
  }));
}

}  // namespace midge::interop
