#include <doctest/doctest.h>

#include <random>
#include <string>

#include "broker/config/key_docs.hpp"
#include "tests/unit/config/support.hpp"

using namespace midge::config;
using namespace midge::config::test;

namespace {

void check_one_outcome(const std::string& text) {
  CAPTURE(text);
  const std::string untouched = dump(midge::settings::Settings{});
  const Loaded got(text);
  CHECK(got.ok == got.reports.errors.empty());
  CHECK(got.reports.errors.size() <= 1);
  if (!got.ok) CHECK(dump(got.settings) == untouched);
  if (got.ok) CHECK(got.settings.listener_count > 0);
}

}  // namespace

TEST_CASE("random bytes are read or refused, and a refusal changes nothing") {
  std::mt19937 random(20'261'124);
  std::uniform_int_distribution<int> byte(0, 255);
  for (int round = 0; round < 2'000; ++round) {
    std::string text(static_cast<std::size_t>(round % 200), '\0');
    for (char& c : text) c = static_cast<char>(byte(random));
    check_one_outcome(text);
  }
}

TEST_CASE("random statements made of real keys are read or refused") {
  constexpr const char* kValues[] = {"",
                                     "true",
                                     "false",
                                     "0",
                                     "-1",
                                     "1",
                                     "2",
                                     "1883",
                                     "65535",
                                     "65536",
                                     "16k",
                                     "2g",
                                     "1d",
                                     "5s",
                                     "#",
                                     "mqtt",
                                     "ipv6",
                                     "all",
                                     "none",
                                     "file /x y",
                                     "0 /x",
                                     "0",
                                     "1883 ::",
                                     "3,4",
                                     "\t",
                                     "\x80",
                                     "+",
                                     "-",
                                     "''",
                                     "\"",
                                     "4294967295",
                                     "4294967296",
                                     "9223372036854775807",
                                     "9223372036854775807g",
                                     "-9223372036854775808",
                                     "-9223372036854775808k",
                                     "refuse",
                                     "500ms"};
  std::mt19937 random(7);
  const auto pick = [&random](std::size_t count) {
    return std::uniform_int_distribution<std::size_t>(0, count - 1)(random);
  };
  for (int round = 0; round < 4'000; ++round) {
    std::string text;
    for (std::size_t line = 0; line < 1 + pick(6); ++line) {
      // Refused keys end a file at once and would leave little to test.
      const std::span<const DocumentedKey> keys = documented_keys();
      const table::Row* key = &keys[pick(keys.size())].row;
      while (key->status == table::Status::Refused) key = &keys[pick(keys.size())].row;
      text += std::string(key->name.view()) + " " + kValues[pick(std::size(kValues))] + "\n";
    }
    check_one_outcome(text);
  }
}

TEST_CASE("every prefix of a good file is read or refused") {
  const std::string text =
      "per_listener_settings true\r\nlistener 1883 10.0.0.1 # x\nallow_anonymous true\n"
      "accept_protocol_versions 3, 4,5\nlistener 0 /run/m\nmax_connections -1\nlog_type all\n"
      "log_dest file /var/log/m\npersistent_client_expiration 2w\nmax_packet_size 1m\n";
  CHECK(Loaded(text).ok);
  for (std::size_t length = 0; length < text.size(); ++length) {
    check_one_outcome(text.substr(0, length));
  }
}
