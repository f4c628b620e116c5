#include "platform/linux/syslog.hpp"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "broker/base/text.hpp"

namespace midge::platform {

namespace {

int facility_of(std::string_view name) {
  if (name.size() == 6 && name.starts_with("local") && name[5] >= '0' && name[5] <= '7')
    return LOG_LOCAL0 + ((name[5] - '0') << 3);
  if (name == "user") return LOG_USER;
  if (name == "syslog") return LOG_SYSLOG;
  return LOG_DAEMON;
}

}  // namespace

void Syslog::open(std::string_view facility, const char* path) {
  facility_ = facility_of(facility);
  path_ = path;
  connect();
}

void Syslog::write(int severity, WallTime now, std::string_view prefix, std::string_view line) {
  const auto second = static_cast<time_t>(now.count() / 1'000);
  tm local{};
  localtime_r(&second, &local);
  std::array<char, sizeof "Nov 24 13:00:00"> stamp{};
  const std::size_t stamped = strftime(stamp.data(), stamp.size(), "%b %e %T", &local);

  std::array<char, kMaximumLine> buffer;
  TextWriter text(buffer.data(), buffer.size());
  text.add("<").add(facility_ | severity).add(">").add({stamp.data(), stamped});
  text.add(" midge[").add(getpid()).add("]: ").add(prefix).add(line);
  const int error = send(text.view());
  if (error == 0 || error == EAGAIN) return;
  connect();
  [[maybe_unused]] const int lost = send(text.view());
}

int Syslog::send(std::string_view line) {
  if (!socket_) return ENOTCONN;
  const ssize_t sent = ::send(socket_.get(), line.data(), line.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  return sent < 0 ? errno : 0;
}

void Syslog::connect() {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string_view path(path_);
  if (path.size() >= sizeof address.sun_path) return;
  path.copy(address.sun_path, path.size());
  socket_.reset(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket_) return;
  const auto* const to = reinterpret_cast<const sockaddr*>(&address);
  if (::connect(socket_.get(), to, sizeof address) != 0) socket_.reset();
}

}  // namespace midge::platform
