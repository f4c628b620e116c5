#include "tests/support/board/monitor.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <stdexcept>

namespace midge::test {

namespace {

constexpr int kPatienceMs = 20'000;

[[noreturn]] void fail(const char* what) {
  throw std::runtime_error(std::string("QEMU's monitor: ") + what);
}

int connect_to(const std::filesystem::path& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string text = path.string();
  if (text.size() >= sizeof address.sun_path) fail("the path is too long");
  std::memcpy(address.sun_path, text.c_str(), text.size() + 1);
  const int descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    close(descriptor);
    fail("it does not listen");
  }
  return descriptor;
}

void send_all(int descriptor, std::string_view text) {
  if (::send(descriptor, text.data(), text.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(text.size()))
    fail("it does not take a command");
}

std::string receive(int descriptor) {
  pollfd event{.fd = descriptor, .events = POLLIN, .revents = 0};
  std::array<char, 8'192> buffer;
  if (poll(&event, 1, kPatienceMs) != 1) fail("it does not answer");
  const ssize_t count = recv(descriptor, buffer.data(), buffer.size(), 0);
  if (count <= 0) fail("it has ended");
  return {buffer.data(), static_cast<std::size_t>(count)};
}

}  // namespace

Monitor::~Monitor() {
  if (socket_ >= 0) close(socket_);
}

std::vector<std::string> Monitor::options() const {
  return {"-qmp", "unix:" + path().string() + ",server=on,wait=off"};
}

std::string Monitor::ask(const std::string& command) {
  if (socket_ < 0) {
    socket_ = connect_to(path());
    (void)ask_json(R"({"execute": "qmp_capabilities"})");
  }
  return ask_json(R"({"execute": "human-monitor-command", "arguments": {"command-line": ")" +
                  command + R"("}})");
}

// Its greeting and its events are lines without a "return".
std::string Monitor::ask_json(const std::string& request) {
  send_all(socket_, request);
  for (;;) {
    for (auto end = unread_.find('\n'); end != std::string::npos; end = unread_.find('\n')) {
      const std::string line = unread_.substr(0, end);
      unread_.erase(0, end + 1);
      if (line.starts_with(R"({"return")")) return line;
      if (line.starts_with(R"({"error")")) fail(line.c_str());
    }
    unread_ += receive(socket_);
  }
}

}  // namespace midge::test
