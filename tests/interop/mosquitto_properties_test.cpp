// mosquitto_pub, mosquitto_sub and mosquitto_rr: what is new in 5.0.
#include <doctest/doctest.h>
#include <signal.h>

#include "tests/interop/mosquitto_clients.hpp"
#include "tests/interop/paho_client.hpp"

namespace midge::interop {

using Lines = std::vector<std::string>;

TEST_CASE("-D publish properties come out of the % formats") {
  Broker broker;
  Subscriber subscriber(
      broker, {"-V", "mqttv5", "-q", "1", "-t", "event", "-F", "%t|%C|%R|%D|%F|%P|%p|%x"});
  mosquitto_pub(broker, {"-V",
                         "mqttv5",
                         "-q",
                         "1",
                         "-t",
                         "event",
                         "-m",
                         "{}",
                         "-D",
                         "publish",
                         "content-type",
                         "application/json",
                         "-D",
                         "publish",
                         "response-topic",
                         "reply/here",
                         "-D",
                         "publish",
                         "correlation-data",
                         "abc",
                         "-D",
                         "publish",
                         "payload-format-indicator",
                         "1",
                         "-D",
                         "publish",
                         "user-property",
                         "b",
                         "2",
                         "-D",
                         "publish",
                         "user-property",
                         "a",
                         "1"});
  CHECK(subscriber.lines(1) == Lines{"event|application/json|reply/here|abc|1|b:2 a:1|{}|7b7d"});
}

TEST_CASE("-D publish message-expiry-interval counts down while the message is kept") {
  Broker broker;
  mosquitto_pub(broker, {"-V", "mqttv5", "-t", "state", "-m", "kept", "-r", "-q", "1", "-D",
                         "publish", "message-expiry-interval", "100"});
  broker.wait(2100ms);
  const auto lines = mosquitto_sub(broker, {"-V", "mqttv5", "-t", "state", "-C", "1", "-F", "%E"});
  REQUIRE(lines.size() == 1);
  const int left = std::stoi(lines.front());
  CHECK(left <= 98);
  CHECK(left >= 50);
}

TEST_CASE("-D publish topic-alias lets every line after the first go without its topic") {
  Broker broker;
  Subscriber subscriber(broker, {"-V", "mqttv5", "-t", "long/topic/name", "-v"});
  mosquitto_pub(
      broker, {"-V", "mqttv5", "-t", "long/topic/name", "-l", "-D", "publish", "topic-alias", "3"},
      "one\ntwo\nthree\n");
  CHECK(subscriber.lines(3) ==
        Lines{"long/topic/name one", "long/topic/name two", "long/topic/name three"});
}

TEST_CASE("-D connect and -D subscribe properties are accepted and have their effect") {
  Broker broker;
  Subscriber subscriber(broker, {"-V",
                                 "mqttv5",
                                 "-q",
                                 "1",
                                 "-t",
                                 "event",
                                 "-F",
                                 "%S %p",
                                 "-D",
                                 "connect",
                                 "receive-maximum",
                                 "1",
                                 "-D",
                                 "connect",
                                 "session-expiry-interval",
                                 "60",
                                 "-D",
                                 "subscribe",
                                 "subscription-identifier",
                                 "42"});
  mosquitto_pub(broker, {"-V", "mqttv5", "-q", "1", "-t", "event", "-l"}, "one\ntwo\nthree\n");
  CHECK(subscriber.lines(3) == Lines{"42 one", "42 two", "42 three"});
}

TEST_CASE("-D will properties travel with the will, after its delay") {
  Broker broker;
  Subscriber watcher(broker, {"-V", "mqttv5", "-t", "gone", "-F", "%C|%P|%p"});
  Subscriber service(broker, {"-V",
                              "mqttv5",
                              "-t",
                              "unused",
                              "--will-topic",
                              "gone",
                              "--will-payload",
                              "lost",
                              "-x",
                              "600",
                              "-D",
                              "will",
                              "will-delay-interval",
                              "1",
                              "-D",
                              "will",
                              "content-type",
                              "text/plain",
                              "-D",
                              "will",
                              "user-property",
                              "why",
                              "killed"});
  service.process().signal(SIGKILL);
  CHECK(watcher.lines(1) == Lines{"text/plain|why:killed|lost"});
}

TEST_CASE("-x keeps a session for so many seconds") {
  Broker broker;
  const Arguments reader = {"-V", "mqttv5", "-c", "-i", "reader", "-q", "1", "-t", "queue"};
  const auto with = [&](Arguments more) {
    more.insert(more.begin(), reader.begin(), reader.end());
    return more;
  };
  mosquitto_sub(broker, with({"-x", "1", "-E"}));
  broker.wait(2500ms);
  mosquitto_pub(broker, {"-V", "mqttv5", "-q", "1", "-t", "queue", "-m", "missed"});
  mosquitto_sub(broker, with({"-x", "600", "-E"}));
  mosquitto_pub(broker, {"-V", "mqttv5", "-q", "1", "-t", "queue", "-m", "kept"});
  CHECK(mosquitto_sub(broker, with({"-C", "1"})) == Lines{"kept"});
}

TEST_CASE("mosquitto_rr gets its answer in 5.0 and in 3.1.1") {
  Broker broker;
  for (const std::string version : {"mqttv5", "mqttv311"}) {
    CAPTURE(version);
    PahoClient service(broker.uri(), MQTTVERSION_5, "service");
    service.connect();
    service.subscribe("price/ask", 1);
    Process asking(at(broker, "mosquitto_rr",
                      {"-V", version, "-q", "1", "-t", "price/ask", "-e", "price/answer", "-m",
                       "apples", "-W", "20", "-D", "publish", "correlation-data", "c-1"}));
    const auto request = service.next();
    REQUIRE(request);
    CHECK(request->to_string() == "apples");
    mqtt::properties answer;
    if (request->get_properties().contains(Property::RESPONSE_TOPIC)) {
      CHECK(mqtt::get<std::string>(request->get_properties(), Property::RESPONSE_TOPIC) ==
            "price/answer");
      answer.add({Property::CORRELATION_DATA,
                  mqtt::get<std::string>(request->get_properties(), Property::CORRELATION_DATA)});
    }
    service.publish("price/answer", "three", 1, false, answer);
    CHECK(asking.wait_exit() == std::optional(0));
    CHECK(asking.output() == "three\n");
  }
}

}  // namespace midge::interop
