// The system's log, over its socket and in the form of RFC 3164:
//   <30>Nov 24 13:00:00 midge[123]: Opening ipv4 listen socket on port 1883.
// The C library's syslog() waits for a log that is slow, and brings the whole of printf along.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "broker/base/time.hpp"
#include "platform/linux/descriptor.hpp"

namespace midge::platform {

class Syslog {
 public:
  static constexpr const char* kPath = "/dev/log";

  // The daemon facility unless `facility` is a name that <syslog.h> has: local0 to local7, user,
  // syslog. `path` outlives it.
  void open(std::string_view facility, const char* path = kPath);
  [[nodiscard]] bool is_open() const { return path_ != nullptr; }

  // `severity` as <syslog.h> has it. A line that nobody takes at once is lost, as is what is beyond
  // kMaximumLine; a log that was started anew gets the next one.
  void write(int severity, WallTime now, std::string_view prefix, std::string_view line);

 private:
  static constexpr std::size_t kMaximumLine = 1024;  // bytes, RFC 3164 4.1

  [[nodiscard]] int send(std::string_view line);  // 0 or an errno
  void connect();                                 // or stays without a socket

  const char* path_ = nullptr;
  int facility_ = 0;
  Descriptor socket_;
};

}  // namespace midge::platform
