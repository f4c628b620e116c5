#include "tests/interop/mosquitto_clients.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <stdexcept>

namespace midge::interop {

namespace {

// -d makes the client say when it is subscribed, in the same stream as the messages.
bool is_debug_line(const std::string& line) {
  return line.starts_with("Client ") || line.starts_with("Subscribed (mid: ");
}

Arguments with_debug(Arguments arguments) {
  arguments.insert(arguments.begin(), "-d");
  return arguments;
}

}  // namespace

Arguments at(const Broker& broker, const char* program, const Arguments& arguments) {
  Arguments all = {program, "-h", "127.0.0.1", "-p", std::to_string(broker.port())};
  all.insert(all.end(), arguments.begin(), arguments.end());
  return all;
}

std::string mosquitto_pub(const Broker& broker, const Arguments& arguments,
                          const std::string& standard_input) {
  const auto finished =
      run(at(broker, "mosquitto_pub", arguments), {.standard_input = standard_input});
  CHECK_MESSAGE(finished.exit_code == 0, finished.errors);
  return finished.output;
}

std::vector<std::string> mosquitto_sub(const Broker& broker, const Arguments& arguments) {
  const auto finished = run(at(broker, "mosquitto_sub", arguments));
  CHECK_MESSAGE(finished.exit_code == 0, finished.errors);
  return lines_of(finished.output);
}

Subscriber::Subscriber(const Broker& broker, const Arguments& arguments)
    : process_(at(broker, "mosquitto_sub", with_debug(arguments)), {.line_buffered = true}) {
  const auto subscribed = [&] {
    return process_.output().find("\nSubscribed (mid: ") != std::string::npos;
  };
  if (!eventually([&] { return subscribed() || !process_.running(); }) || !subscribed())
    throw std::runtime_error("mosquitto_sub did not subscribe: " + process_.errors());
}

std::vector<std::string> Subscriber::printed() const {
  auto all = lines_of(process_.output());
  std::erase_if(all, is_debug_line);
  return all;
}

std::vector<std::string> Subscriber::lines(std::size_t count) {
  (void)eventually([&] { return printed().size() >= count; });
  return printed();
}

std::vector<std::string> Subscriber::lines_after_a_while() {
  sleep_for(300ms);
  return printed();
}

}  // namespace midge::interop
