// mosquitto_pub and mosquitto_sub: messages by every option that sends or selects them.
#include <doctest/doctest.h>
#include <signal.h>

#include <algorithm>

#include "tests/interop/mosquitto_clients.hpp"

namespace midge::interop {

using Lines = std::vector<std::string>;

TEST_CASE("mosquitto_pub reaches mosquitto_sub in every version at every QoS") {
  Broker broker;
  for (const std::string version : kMosquittoVersions) {
    CAPTURE(version);
    Subscriber subscriber(broker, {"-V", version, "-q", "2", "-t", "v1/#", "-F", "%t %q %r %l %p"});
    Lines expected;
    for (const std::string qos : {"0", "1", "2"}) {
      mosquitto_pub(broker, {"-V", version, "-q", qos, "-t", "v1/user/signedup", "-m", "ada"});
      expected.push_back("v1/user/signedup " + qos + " 0 3 ada");
    }
    CHECK(subscriber.lines(3) == expected);
  }
}

TEST_CASE("mosquitto_sub -v prints topic and payload as the tutorials show") {
  Broker broker;
  Subscriber subscriber(broker, {"-t", "v1/#", "-v"});
  mosquitto_pub(broker, {"-t", "v1/user/signedup", "-m", "{\"user\":\"ada\"}"});
  CHECK(subscriber.lines(1) == Lines{"v1/user/signedup {\"user\":\"ada\"}"});
}

TEST_CASE("standard input becomes one message, one per line, or a file is sent") {
  Broker broker;
  const TemporaryFolder folder;
  const auto file = folder.write("payload", "from a file");
  Subscriber subscriber(broker, {"-q", "1", "-t", "in", "-F", "%l %p"});
  mosquitto_pub(broker, {"-q", "1", "-t", "in", "-s"}, "whole input");
  mosquitto_pub(broker, {"-q", "1", "-t", "in", "-l"}, "first\nsecond\n\nlast");
  mosquitto_pub(broker, {"-q", "1", "-t", "in", "-f", file.string()});
  mosquitto_pub(broker, {"-q", "1", "-t", "in", "-n"});
  mosquitto_pub(broker, {"-q", "1", "-t", "in", "-m", "twice", "--repeat", "2"});
  CHECK(subscriber.lines(9) == Lines{"11 whole input", "5 first", "6 second", "0 ", "4 last",
                                     "11 from a file", "0 ", "5 twice", "5 twice"});
}

TEST_CASE("a thousand lines arrive in order at every QoS") {
  Broker broker("max_queued_messages 2000\n");
  if (broker.lacks_room()) return;
  std::string input;
  Lines expected;
  for (int i = 0; i < 1000; ++i) {
    expected.push_back(std::to_string(i));
    input += expected.back() + "\n";
  }
  for (const std::string qos : {"0", "1", "2"}) {
    CAPTURE(qos);
    Subscriber subscriber(broker, {"-V", "mqttv5", "-q", qos, "-t", "in"});
    mosquitto_pub(broker, {"-V", "mqttv5", "-q", qos, "-t", "in", "-l"}, input);
    CHECK(difference(subscriber.lines(expected.size()), expected) == "");
  }
}

TEST_CASE("retained messages are kept with -r, selected and removed") {
  Broker broker;
  for (const std::string version : kMosquittoVersions) {
    CAPTURE(version);
    const Arguments common = {"-V", version, "-q", "1"};
    const auto with = [&](Arguments more) {
      more.insert(more.begin(), common.begin(), common.end());
      return more;
    };
    mosquitto_pub(broker, with({"-t", "state/a", "-m", "kept", "-r"}));
    CHECK(mosquitto_sub(broker, with({"-t", "state/+", "-C", "1", "-F", "%t %r %p"})) ==
          Lines{"state/a 1 kept"});

    // -R hides it; --retained-only ends at the first live message.
    Subscriber only_live(broker, with({"-t", "state/+", "-R"}));
    Subscriber only_retained(broker, with({"-t", "state/+", "--retained-only", "-v"}));
    mosquitto_pub(broker, with({"-t", "state/b", "-m", "live"}));
    CHECK(only_live.lines(1) == Lines{"live"});
    CHECK(only_retained.process().wait_exit() == std::optional(0));
    CHECK(only_retained.lines(1) == Lines{"state/a kept"});

    mosquitto_pub(broker, with({"-t", "state/a", "-n", "-r"}));
    const auto none = run(at(broker, "mosquitto_sub", with({"-t", "state/+", "-W", "1"})));
    CHECK(none.output.empty());
    CHECK(none.exit_code == 27);  // MOSQ_ERR_TIMEOUT
  }
}

TEST_CASE("-W ends a subscriber with 27 when nothing comes and with 0 when -C is reached") {
  Broker broker;
  const auto silent = run(at(broker, "mosquitto_sub", {"-t", "never", "-W", "1"}));
  CHECK(silent.exit_code == 27);
  Subscriber counted(broker, {"-t", "soon", "-C", "1", "-W", "20"});
  mosquitto_pub(broker, {"-t", "soon", "-m", "now"});
  CHECK(counted.process().wait_exit() == std::optional(0));
}

TEST_CASE("-c and -i keep a session that queues while its client is away") {
  Broker broker;
  for (const std::string version : kMosquittoVersions) {
    CAPTURE(version);
    const Arguments kept = {"-V", version, "-c", "-i", "reader", "-q", "2", "-t", "queue"};
    const auto with = [&](Arguments more) {
      more.insert(more.begin(), kept.begin(), kept.end());
      return more;
    };
    mosquitto_sub(broker, with({"-E"}));
    mosquitto_pub(broker, {"-V", version, "-q", "2", "-t", "queue", "-l"}, "one\ntwo\nthree\n");
    CHECK(mosquitto_sub(broker, with({"-C", "3"})) == Lines{"one", "two", "three"});

    // Without -c the next connection starts clean.
    mosquitto_sub(broker, {"-V", version, "-i", "reader", "-t", "other", "-E"});
    mosquitto_pub(broker, {"-V", version, "-q", "2", "-t", "queue", "-m", "missed"});
    const auto clean = run(at(broker, "mosquitto_sub", with({"-W", "1"})));
    CHECK(clean.output.empty());
    mosquitto_sub(broker, {"-V", version, "-i", "reader", "-t", "other", "-E"});
  }
}

TEST_CASE("-U ends a subscription") {
  Broker broker;
  for (const std::string version : kMosquittoVersions) {
    CAPTURE(version);
    Subscriber subscriber(broker, {"-V", version, "-t", "a", "-t", "b", "-U", "a", "-v"});
    REQUIRE(eventually([&] {
      return subscriber.process().output().find("received UNSUBACK") != std::string::npos;
    }));
    mosquitto_pub(broker, {"-t", "a", "-m", "unwanted"});
    mosquitto_pub(broker, {"-t", "b", "-m", "wanted"});
    CHECK(subscriber.lines(1) == Lines{"b wanted"});
    CHECK(subscriber.lines_after_a_while().size() == 1);
  }
}

TEST_CASE("the will options of a killed client are honoured") {
  Broker broker;
  for (const std::string version : kMosquittoVersions) {
    CAPTURE(version);
    Subscriber watcher(broker, {"-V", version, "-q", "2", "-t", "gone/#", "-F", "%t %q %p"});
    Subscriber service(broker, {"-V", version, "-t", "unused", "--will-topic", "gone/service",
                                "--will-payload", "lost", "--will-qos", "1", "--will-retain"});
    service.process().signal(SIGKILL);
    CHECK(watcher.lines(1) == Lines{"gone/service 1 lost"});
    CHECK(mosquitto_sub(broker, {"-V", version, "-t", "gone/#", "-C", "1", "-F", "%r %p"}) ==
          Lines{"1 lost"});
    mosquitto_pub(broker, {"-t", "gone/service", "-n", "-r"});
  }
}

TEST_CASE("a shared subscription divides the messages among its members") {
  Broker broker;
  for (const std::string version : {"mqttv311", "mqttv5"}) {
    CAPTURE(version);
    const Arguments member = {"-V", version, "-q", "1", "-t", "$share/workers/work/#"};
    Subscriber first(broker, member);
    Subscriber second(broker, member);
    std::string input;
    for (int i = 0; i < 20; ++i) input += std::to_string(i) + "\n";
    mosquitto_pub(broker, {"-V", version, "-q", "1", "-t", "work/item", "-l"}, input);
    Lines all;
    CHECK(eventually([&] {
      const auto to_first = first.lines(1);
      const auto to_second = second.lines(1);
      all = to_first;
      all.insert(all.end(), to_second.begin(), to_second.end());
      return all.size() == 20;
    }));
    std::sort(all.begin(), all.end());
    CHECK(std::adjacent_find(all.begin(), all.end()) == all.end());
    CHECK_FALSE(first.lines(1).empty());
    CHECK_FALSE(second.lines(1).empty());
  }
}

TEST_CASE("mosquitto's clients reach the broker through a Unix socket") {
  Broker broker("listener 0 {folder}/broker.sock\n");
  const std::string path = (broker.folder() / "broker.sock").string();
  REQUIRE(eventually([&] { return std::filesystem::exists(path); }));
  for (const std::string version : kMosquittoVersions) {
    CAPTURE(version);
    const auto published = run(
        {"mosquitto_pub", "--unix", path, "-V", version, "-q", "1", "-t", "t", "-m", "m", "-r"});
    CHECK_MESSAGE(published.exit_code == 0, published.errors);
    const auto received = run(
        {"mosquitto_sub", "--unix", path, "-V", version, "-t", "t", "-C", "1", "-W", "20", "-v"});
    CHECK(received.output == "t m\n");
  }
}

}  // namespace midge::interop
