#include "platform/linux/memory_limit.hpp"

#include <fcntl.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <string_view>

#include "broker/base/text.hpp"
#include "platform/linux/descriptor.hpp"

namespace midge::platform {

namespace {

constexpr std::uint64_t kNone = UINT64_MAX;
constexpr std::size_t kMaximumDepth = 32;  // of nested control groups

// The beginning of a small file under /proc or /sys; empty when there is none.
std::string_view read_small(const char* path, char* buffer, std::size_t capacity) {
  const Descriptor file(open(path, O_RDONLY | O_CLOEXEC));
  if (!file) return {};
  const ssize_t got = read(file.get(), buffer, capacity);
  return got <= 0 ? std::string_view() : std::string_view(buffer, static_cast<std::size_t>(got));
}

// The number in a limit file; "max" and anything else is no limit.
std::uint64_t read_limit(std::string_view root, std::string_view group, std::string_view file) {
  char path[1024];
  TextWriter(path, sizeof path - 1)
      .add(root)
      .add(group)
      .add("/")
      .add(file)
      .add(std::string_view("\0", 1));
  path[sizeof path - 1] = '\0';
  char buffer[32];
  const std::string_view text = read_small(path, buffer, sizeof buffer);
  std::uint64_t bytes = kNone;
  std::from_chars(text.data(), text.data() + text.size(), bytes);
  return bytes == 0 ? kNone : bytes;
}

// The lowest limit from `group` up to the root: an outer group binds the inner ones.
std::uint64_t lowest_limit(std::string_view root, std::string_view group, std::string_view file) {
  std::uint64_t lowest = read_limit(root, {}, file);
  for (std::size_t depth = 0; depth < kMaximumDepth && group.size() > 1; ++depth) {
    lowest = std::min(lowest, read_limit(root, group, file));
    group = group.substr(0, group.rfind('/'));
  }
  return lowest;
}

std::uint64_t control_group_limit() {
  char buffer[4096];
  std::string_view lines = read_small("/proc/self/cgroup", buffer, sizeof buffer);
  std::uint64_t lowest = kNone;
  while (!lines.empty()) {  // "0::/path" is version 2, "4:memory:/path" version 1
    const std::string_view line = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(std::min(lines.size(), line.size() + 1));
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (first == std::string_view::npos || second == std::string_view::npos) continue;
    const std::string_view controllers = line.substr(first + 1, second - first - 1);
    const std::string_view group = line.substr(second + 1);
    if (controllers.empty()) {
      lowest = std::min(lowest, lowest_limit("/sys/fs/cgroup", group, "memory.max"));
    } else if (controllers == "memory") {
      lowest =
          std::min(lowest, lowest_limit("/sys/fs/cgroup/memory", group, "memory.limit_in_bytes"));
    }
  }
  return lowest;
}

}  // namespace

std::uint64_t available_memory_bytes() {
  struct sysinfo info {};
  std::uint64_t bytes = kNone;
  if (sysinfo(&info) == 0) bytes = std::uint64_t{info.totalram} * info.mem_unit;
  bytes = std::min(bytes, control_group_limit());
  return bytes == kNone ? 0 : bytes;
}

std::size_t default_memory_limit() {
  constexpr std::uint64_t kMinimum = std::uint64_t{4} << 20;
  constexpr std::uint64_t kUnknown = std::uint64_t{64} << 20;
  // On 32 bit the address space ends first.
  constexpr std::uint64_t kMaximum = sizeof(void*) > 4 ? UINT64_MAX : std::uint64_t{512} << 20;
  const std::uint64_t available = available_memory_bytes();
  if (available == 0) return kUnknown;
  return static_cast<std::size_t>(std::clamp(available / 4, kMinimum, kMaximum));
}

}  // namespace midge::platform
