#include <doctest/doctest.h>

#include <string>

#include "tests/unit/config/support.hpp"

using namespace midge::config;
using namespace midge::config::test;

namespace {

CommandLine with_ports(std::uint16_t first, std::uint16_t second) {
  CommandLine line;
  line.ports = {first, second};
  line.port_count = 2;
  return line;
}

}  // namespace

TEST_CASE("without a file only this machine can connect, anonymously, to port 1883") {
  const Loaded got{CommandLine{}};
  REQUIRE(got.ok);
  CHECK(got.settings.local_only);
  REQUIRE(got.settings.listener_count == 2);
  CHECK(got.listener(0).bind_address == "127.0.0.1");
  CHECK(got.listener(1).bind_address == "::1");
  for (const std::size_t i : {0U, 1U}) {
    CHECK(got.listener(i).port == 1'883);
    CHECK(got.listener(i).allow_anonymous);
    CHECK(got.listener(i).auto_id_prefix == "auto-");
  }
  CHECK(got.reports.warnings.empty());
}

TEST_CASE("a file without listener and port is local only too") {
  const Loaded got("max_keepalive 60\nmax_connections 5\n");
  REQUIRE(got.ok);
  CHECK(got.settings.local_only);
  REQUIRE(got.settings.listener_count == 2);
  CHECK(got.listener(0).bind_address == "127.0.0.1");
  CHECK(got.listener(0).max_connections == 5);
  CHECK(got.listener(1).max_connections == 5);
}

TEST_CASE("each -p is a port of local only mode") {
  const Loaded without_file(with_ports(1'884, 1'885));
  const Loaded with_file("max_keepalive 60\n", with_ports(1'884, 1'885));
  for (const Loaded* loaded : {&without_file, &with_file}) {
    const Loaded& got = *loaded;
    REQUIRE(got.ok);
    REQUIRE(got.settings.listener_count == 4);
    CHECK(got.listener(0).port == 1'884);
    CHECK(got.listener(1).port == 1'884);
    CHECK(got.listener(2).port == 1'885);
    CHECK(got.listener(3).bind_address == "::1");
  }
}

TEST_CASE("-p does not count where the file defines a listener or port") {
  for (const char* text : {"listener 1999\n", "port 1999\n"}) {
    CAPTURE(text);
    const Loaded got(text, with_ports(1'884, 1'885));
    REQUIRE(got.ok);
    REQUIRE(got.settings.listener_count == 1);
    CHECK(got.listener().port == 1'999);
    CHECK(got.listener().bind_address.empty());
  }
}

TEST_CASE("allow_anonymous false holds in local only mode") {
  const Loaded got("allow_anonymous false\n");
  REQUIRE(got.ok);
  CHECK_FALSE(got.listener(0).allow_anonymous);
}

TEST_CASE("with a listener nobody is let in anonymously unless the file says so") {
  const Loaded closed("listener 1883\n");
  REQUIRE(closed.ok);
  CHECK_FALSE(closed.settings.local_only);
  CHECK_FALSE(closed.listener().allow_anonymous);
  REQUIRE(closed.reports.warnings.size() == 1);
  CHECK(closed.reports.warnings[0] ==
        "Warning: No client can connect: passwords are not checked yet, and 'allow_anonymous' is "
        "false on every listener.");

  const Loaded open("listener 1883\nallow_anonymous true\n");
  REQUIRE(open.ok);
  CHECK(open.listener().allow_anonymous);
  CHECK(open.reports.warnings.empty());
}

TEST_CASE("a listener has a port and perhaps an address, or a path") {
  const Loaded got(
      "allow_anonymous true\n"
      "listener 1883\n"
      "listener 1884 10.0.0.1 # the inner network\n"
      "listener 0 /run/midge.sock\n"
      "listener 65535 ::\n");
  REQUIRE(got.ok);
  REQUIRE(got.settings.listener_count == 4);
  CHECK(got.listener(0).bind_address.empty());
  CHECK(got.listener(1).port == 1'884);
  CHECK(got.listener(1).bind_address == "10.0.0.1");
  CHECK(got.listener(2).port == 0);
  CHECK(got.listener(2).unix_path == "/run/midge.sock");
  CHECK(got.listener(2).bind_address.empty());
  CHECK(got.listener(3).bind_address == "::");
}

TEST_CASE("a listener's keys are those below it") {
  const Loaded got(
      "allow_anonymous true\n"
      "listener 1883\n"
      "max_connections 10\n"
      "max_qos 1\n"
      "listener 1884\n"
      "max_connections 20\n");
  REQUIRE(got.ok);
  CHECK(got.listener(0).max_connections == 10);
  CHECK(got.listener(0).max_qos == midge::wire::QoS::AtLeastOnce);
  CHECK(got.listener(1).max_connections == 20);
  CHECK(got.listener(1).max_qos == midge::wire::QoS::ExactlyOnce);
}

TEST_CASE("port and bind_address define the default listener, in any order") {
  for (const char* text :
       {"allow_anonymous true\nport 1999\nbind_address 10.0.0.1\nmax_topic_alias 3\n",
        "allow_anonymous true\nmax_connections 7\nbind_address 10.0.0.1\nmax_topic_alias 3\nport "
        "1999\n"}) {
    CAPTURE(text);
    const Loaded got(text);
    REQUIRE(got.ok);
    REQUIRE(got.settings.listener_count == 1);
    CHECK(got.listener().port == 1'999);
    CHECK(got.listener().bind_address == "10.0.0.1");
    CHECK(got.listener().max_topic_alias == 3);
  }
  const Loaded address_alone("allow_anonymous true\nbind_address 10.0.0.1\n");
  REQUIRE(address_alone.ok);
  CHECK(address_alone.listener().port == 1'883);
}

TEST_CASE("a key before any listener needs the default listener") {
  const Loaded got("allow_anonymous true\nmax_connections 7\nmax_qos 1\nlistener 1884\n");
  CHECK_FALSE(got.ok);
  CHECK(got.reports.error() ==
        "Error: The 'max_connections' option requires a listener to be defined first. "
        "(midge.conf:2)");

  const Loaded both("allow_anonymous true\nmax_connections 7\nport 1883\nlistener 1884\n");
  REQUIRE(both.ok);
  REQUIRE(both.settings.listener_count == 2);
  CHECK(both.listener(0).port == 1'884);
  CHECK(both.listener(0).max_connections == midge::settings::kUnlimited);
  CHECK(both.listener(1).port == 1'883);
  CHECK(both.listener(1).max_connections == 7);
}

TEST_CASE("a refused flag that is false needs no listener") {
  CHECK(Loaded("allow_anonymous true\nrequire_certificate false\nlistener 1883\n").ok);
}

TEST_CASE("allow_anonymous and its like count for the whole file, wherever they stand") {
  const Loaded got(
      "listener 1883\n"
      "allow_anonymous true\n"
      "allow_zero_length_clientid false\n"
      "auto_id_prefix here-\n"
      "listener 1884\n"
      "listener_auto_id_prefix there-\n"
      "listener 1885\n"
      "listener_allow_anonymous false\n");
  REQUIRE(got.ok);
  CHECK(got.listener(0).allow_anonymous);
  CHECK(got.listener(1).allow_anonymous);
  CHECK_FALSE(got.listener(2).allow_anonymous);
  for (const std::size_t i : {0U, 1U, 2U}) CHECK_FALSE(got.listener(i).allow_zero_length_clientid);
  CHECK(got.listener(0).auto_id_prefix == "here-");
  CHECK(got.listener(1).auto_id_prefix == "there-");
  CHECK(got.listener(2).auto_id_prefix == "here-");
}

TEST_CASE("with per_listener_settings they count for the listener above them") {
  const Loaded got(
      "per_listener_settings true\n"
      "listener 1883\n"
      "allow_anonymous true\n"
      "auto_id_prefix here-\n"
      "listener 1884\n"
      "auto_id_prefix there-\n"
      "allow_zero_length_clientid false\n");
  REQUIRE(got.ok);
  CHECK(got.listener(0).allow_anonymous);
  CHECK_FALSE(got.listener(1).allow_anonymous);
  CHECK(got.listener(0).auto_id_prefix == "here-");
  CHECK(got.listener(1).auto_id_prefix == "there-");
  CHECK(got.listener(0).allow_zero_length_clientid);
  CHECK_FALSE(got.listener(1).allow_zero_length_clientid);

  CHECK(Loaded("per_listener_settings true\nallow_anonymous true\n").reports.error() ==
        "Error: The 'allow_anonymous' option requires a listener to be defined first. "
        "(midge.conf:2)");
  CHECK(Loaded("allow_anonymous true\nper_listener_settings true\n").reports.error() ==
        "Error: per_listener_settings must be set before any other security settings. "
        "(midge.conf:2)");
}

TEST_CASE("sixteen listeners fit, one more is an error") {
  std::string text = "allow_anonymous true\n";
  for (int i = 0; i < 16; ++i) text += "listener " + std::to_string(2'000 + i) + "\n";
  const Loaded got(text);
  REQUIRE(got.ok);
  CHECK(got.settings.listener_count == 16);
  CHECK(Loaded(text + "listener 3000\n").reports.error() ==
        "Error: Too many listeners: at most 16 can be defined. (midge.conf:18)");
  CHECK(Loaded(text + "port 3000\n").reports.error() ==
        "Error: Too many listeners: at most 16 can be defined.");
}

TEST_CASE("memory for topic aliases is planned for the listener that needs most") {
  const Loaded got(
      "allow_anonymous true\nlistener 1883\nmax_topic_alias 0\nlistener 1884\n"
      "max_topic_alias 30\nmax_topic_alias_broker 4\n");
  REQUIRE(got.ok);
  CHECK(got.settings.limits.topic_alias_maximum == 30);
  CHECK(got.settings.limits.topic_alias_maximum_out == 10);
}
