#include <doctest/doctest.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include <string>
#include <string_view>

#include "platform/linux/syslog.hpp"

namespace midge::platform {

namespace {

constexpr WallTime kNow{1'795'525'200'500};  // 2026-11-24T13:00:00.5Z

// Where the system's log would listen.
class Listener {
 public:
  Listener() {
    setenv("TZ", "UTC", 1);
    tzset();
    start();
  }
  ~Listener() { unlink(path.c_str()); }

  void start() {
    unlink(path.c_str());
    socket_.reset(socket(AF_UNIX, SOCK_DGRAM, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    REQUIRE(bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  }
  void stop() { socket_.reset(); }

  // Empty when there is none.
  [[nodiscard]] std::string next() {
    char line[4'096];
    const ssize_t size = recv(socket_.get(), line, sizeof line, MSG_DONTWAIT);
    return {line, static_cast<std::size_t>(size < 0 ? 0 : size)};
  }

  const std::string path = "/tmp/midge-unit-syslog-" + std::to_string(getpid());

 private:
  Descriptor socket_;
};

std::string from_us(std::string_view line) {
  return " midge[" + std::to_string(getpid()) + "]: " + std::string(line);
}

}  // namespace

TEST_CASE("a line for the system's log has facility and severity, time, name and process") {
  Listener listener;
  Syslog log;
  CHECK_FALSE(log.is_open());
  log.open("", listener.path.c_str());
  CHECK(log.is_open());
  log.write(LOG_INFO, kNow, "info: ", "running");
  CHECK(listener.next() == "<30>Nov 24 13:00:00" + from_us("info: running"));
  log.write(LOG_ERR, kNow - std::chrono::hours(24 * 20), "Error: ", "broken");
  CHECK(listener.next() == "<27>Nov  4 13:00:00" + from_us("Error: broken"));
}

TEST_CASE("the facility is the one that was asked for") {
  Listener listener;
  const auto facility = [&](std::string_view name) {
    Syslog log;
    log.open(name, listener.path.c_str());
    log.write(LOG_WARNING, kNow, "", "x");
    const std::string line = listener.next();
    return line.substr(0, line.find('>') + 1);
  };
  CHECK(facility("local0") == "<132>");
  CHECK(facility("local7") == "<188>");
  CHECK(facility("local8") == "<28>");
  CHECK(facility("user") == "<12>");
  CHECK(facility("syslog") == "<44>");
  CHECK(facility("daemon") == "<28>");
}

TEST_CASE("lines that the system's log does not take in time are lost, and nobody waits") {
  Listener listener;
  Syslog log;
  log.open("", listener.path.c_str());
  for (int i = 0; i < 10'000; ++i) log.write(LOG_INFO, kNow, "", std::to_string(i));
  int taken = 0;
  while (!listener.next().empty()) ++taken;
  CHECK(taken > 0);
  CHECK(taken < 10'000);
  log.write(LOG_INFO, kNow, "", "after");
  CHECK(listener.next() == "<30>Nov 24 13:00:00" + from_us("after"));
}

TEST_CASE(
    "a system's log that was started anew gets the next line, and one that is not there none") {
  Listener listener;
  Syslog log;
  log.open("", listener.path.c_str());
  listener.stop();
  log.write(LOG_INFO, kNow, "", "lost");
  listener.start();
  log.write(LOG_INFO, kNow, "", "found");
  CHECK(listener.next() == "<30>Nov 24 13:00:00" + from_us("found"));
  CHECK(listener.next() == "");

  Syslog nowhere;
  nowhere.open("", "/nonexistent/log");
  nowhere.write(LOG_INFO, kNow, "", "lost");
  const std::string long_path(200, 'x');
  nowhere.open("", long_path.c_str());
  nowhere.write(LOG_INFO, kNow, "", "lost");
}

TEST_CASE("a line is cut where RFC 3164 ends it") {
  Listener listener;
  Syslog log;
  log.open("", listener.path.c_str());
  log.write(LOG_INFO, kNow, "", std::string(2'000, 'x'));
  CHECK(listener.next().size() == 1'024);
}

}  // namespace midge::platform
