// The program `midge-sockets`: the generic broker as a program of a hosted system, for who wants
// to try it and for the tests. On an RTOS a task does what main() does here.
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <array>
#include <atomic>
#include <charconv>

#include "platform/sockets/hosted/network.hpp"
#include "platform/sockets/run.hpp"

namespace {

constexpr std::size_t kMemoryBytes = std::size_t{8} << 20;
constexpr std::uint32_t kClientSockets = 64;

std::array<std::uint8_t, kMemoryBytes> memory;
std::array<char, 16 * 1024> configuration;
std::atomic<bool> stop = false;

void on_signal(int) {
  stop = true;
}

// Reads a file into `configuration`; empty when it can't be read or is too long.
std::string_view read_configuration(const char* path) {
  FILE* const file = fopen(path, "r");
  if (file == nullptr) return {};
  const std::size_t bytes = fread(configuration.data(), 1, configuration.size(), file);
  fclose(file);
  return bytes < configuration.size() ? std::string_view(configuration.data(), bytes)
                                      : std::string_view();
}

// The number behind the first "listener", 0 when there is none.
std::uint16_t first_port(std::string_view text) {
  constexpr std::string_view kKey = "listener ";
  const std::size_t at = text.find(kKey);
  std::uint16_t port = 0;
  if (at == std::string_view::npos) return 0;
  std::from_chars(text.data() + at + kKey.size(), text.data() + text.size(), port);
  return port;
}

}  // namespace

int main(int argc, char** argv) {
  std::string_view text = "listener 1883 127.0.0.1\nallow_anonymous true\n";
  if (argc > 1) {
    if (argc == 3 && strcmp(argv[1], "-c") == 0) text = read_configuration(argv[2]);
    if (argc != 3 || text.empty()) {
      fputs("usage: midge-sockets [-c file]\n", stderr);
      return 3;
    }
  }
  signal(SIGTERM, on_signal);
  signal(SIGINT, on_signal);
  if (!midge::sockets::start_network() || !midge::sockets::offer_port(first_port(text))) {
    fputs("The network can't be started, or the listener's port is in use.\n", stderr);
    return 1;
  }
  const midge::sockets::Ended ended = midge::sockets::run(
      {.memory = memory, .configuration = text, .client_sockets = kClientSockets, .stop = &stop});
  return ended == midge::sockets::Ended::Stopped ? 0 : 1;
}
