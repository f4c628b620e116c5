#include "tests/interop/broker.hpp"

#include <doctest/doctest.h>
#include <signal.h>

#include <cstdlib>
#include <stdexcept>

#include "tests/interop/failure_log.hpp"
#include "tests/interop/listening.hpp"
#include "tests/interop/raw_client.hpp"

namespace midge::interop {

namespace {

std::string with_folder(std::string text, const std::string& folder) {
  constexpr std::string_view kMark = "{folder}";
  for (auto at = text.find(kMark); at != std::string::npos; at = text.find(kMark, at))
    text.replace(at, kMark.size(), folder);
  return text;
}

// QEMU listens before the broker on its board does.
bool is_board() {
  return std::getenv("MIDGE_BOARD_IMAGE") != nullptr;
}
bool is_running(const std::string& log) {
  return log.find(" running") != std::string::npos;
}

}  // namespace

std::string broker_program() {
  const char* program = std::getenv("MIDGE_BROKER");
  if (program == nullptr || *program == '\0')
    throw std::runtime_error("MIDGE_BROKER does not name the broker to test");
  return program;
}

void Broker::wait(Clock::duration time) {
  const auto uptime = [this] {
    RawClient reader(port_);
    reader.connect(4, "clock");
    reader.subscribe(4, "$SYS/broker/uptime", 0);
    const std::string answer = reader.must_read().body;
    return std::chrono::seconds(std::stoi(answer.substr(answer.find("uptime") + 6)));
  };
  if (!is_board()) return sleep_for(time);
  const auto end = uptime() + time;
  sleep_for(time);
  while (uptime() <= end) sleep_for(100ms);  // whole seconds: the first may have been a part of one
}

bool Broker::lacks_room() const {
  const bool lacks = log().find("asks for more than this board has room for") != std::string::npos;
  if (lacks) MESSAGE("not on this board: it has no room for what the test asks for");
  return lacks;
}

Broker::Broker(const std::string& settings, const ProcessOptions& options)
    : settings_(settings), options_(options) {
  // Somebody may take the port between the look and the start: then try the next one.
  constexpr int kAttempts = 5;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    port_ = free_port();
    if (start()) return;
  }
  throw std::runtime_error("the broker does not listen; its log:\n" + log());
}

bool Broker::start() {
  const auto file = folder_.write("broker.conf", "listener " + std::to_string(port_) +
                                                     " 127.0.0.1\n"
                                                     "allow_anonymous true\n"
                                                     "log_type all\n" +
                                                     with_folder(settings_, folder().string()));
  process_ = std::make_unique<Process>(
      std::vector<std::string>{broker_program(), "-c", file.string()}, options_);
  const std::string address = "127.0.0.1:" + std::to_string(port_);
  const auto listens = [&] {
    return listening_addresses(process_->pid()).contains(address) &&
           (!is_board() || is_running(log()));
  };
  if (eventually([&] { return listens() || !process_->running(); }) && listens()) return true;
  if (!process_->running() && log().find("in use") != std::string::npos) return false;
  throw std::runtime_error("the broker does not listen; its log:\n" + log());
}

void Broker::kill() {
  CHECK_MESSAGE(process_->running(), "it runs until it is killed; its log:\n" << log());
  process_->signal(SIGKILL);
  CHECK(process_->wait_exit() == std::optional(128 + SIGKILL));
}

void Broker::start_again() {
  REQUIRE(start());
}

Broker::~Broker() {
  const auto code = stop();
  CHECK_MESSAGE(code == std::optional(0), "SIGTERM ends the broker in order");
  log_of_this_test(log());
}

std::optional<int> Broker::stop() {
  process_->signal(SIGTERM);
  const auto code = process_->wait_exit();
  if (!code) {
    process_->signal(SIGKILL);
    (void)process_->wait_exit();
  }
  return code;
}

}  // namespace midge::interop
