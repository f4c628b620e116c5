#include "platform/linux/process.hpp"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <utility>

#include "broker/base/text.hpp"

namespace midge::platform {

namespace {

constexpr std::size_t kMaximumUserName = 64;  // with the zero at its end

// "Error: <what> <name>: <why>."
bool fail(LogSink& log, std::string_view what, std::string_view name, int error) {
  char line[512];
  TextWriter text(line, sizeof line);
  text.add("Error: ").add(what).add_untrusted(name).add(": ").add(
      std::string_view(strerror(error)));
  log.write(LogLevel::Error, text.add(".").view());
  return false;
}

template <std::size_t kSize>
bool copy_terminated(std::string_view from, char (&to)[kSize]) {
  if (from.size() >= kSize) return false;
  to[from.copy(to, kSize - 1)] = '\0';
  return true;
}

}  // namespace

void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

bool Background::enter(LogSink& log) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return fail(log, "Unable to go into the background", "", errno);
  const Descriptor hears(ends[0]);
  Descriptor tells(ends[1]);
  const pid_t child = fork();
  if (child < 0) return fail(log, "Unable to go into the background", "", errno);
  if (child == 0) {
    setsid();
    tells_parent_ = std::move(tells);
    return true;
  }
  tells.reset();
  char byte = 0;
  if (read(hears.get(), &byte, 1) == 1) _exit(0);
  int status = 0;
  const bool ended = waitpid(child, &status, 0) == child && WIFEXITED(status);
  _exit(ended ? WEXITSTATUS(status) : 1);
}

void Background::running() {
  if (!tells_parent_) return;
  const Descriptor null(open("/dev/null", O_RDWR | O_CLOEXEC));
  for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (null) dup2(null.get(), standard);
  [[maybe_unused]] const ssize_t lost = ::write(tells_parent_.get(), "", 1);
  tells_parent_.reset();
}

bool PidFile::write(std::string_view path, LogSink& log) {
  if (path.empty()) return true;
  char name[PATH_MAX];
  if (!copy_terminated(path, name))
    return fail(log, "Unable to write pid file ", path, ENAMETOOLONG);
  file_.reset(open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!file_) return fail(log, "Unable to write pid file ", path, errno);
  path_ = path;
  char number[16];
  TextWriter text(number, sizeof number);
  const std::string_view line = text.add(getpid()).add("\n").view();
  if (::write(file_.get(), line.data(), line.size()) == static_cast<ssize_t>(line.size()))
    return true;
  return fail(log, "Unable to write pid file ", path, errno);
}

PidFile::~PidFile() {
  char name[PATH_MAX];
  if (!file_ || (copy_terminated(path_, name) && unlink(name) == 0)) return;
  [[maybe_unused]] const int lost = ftruncate(file_.get(), 0);
}

bool ServiceUser::look_up(std::string_view name, LogSink& log) {
  if (name.empty() || name == "root" || geteuid() != 0) return true;
  char terminated[kMaximumUserName];
  if (!copy_terminated(name, terminated)) return fail(log, "Invalid user ", name, ENAMETOOLONG);
  const passwd* const entry = getpwnam(terminated);
  if (entry == nullptr) {
    char line[128];
    TextWriter text(line, sizeof line);
    text.add("Error: Unknown user '").add_untrusted(name).add("', unable to drop privileges.");
    log.write(LogLevel::Error, text.view());
    return false;
  }
  name_ = name;
  user_ = entry->pw_uid;
  group_ = entry->pw_gid;
  return true;
}

void ServiceUser::take_over(std::string_view path, LogSink& log) const {
  if (name_.empty() || path.empty()) return;
  char name[PATH_MAX];
  if (!copy_terminated(path, name)) return;
  const Descriptor file(open(name, O_PATH | O_NOFOLLOW | O_CLOEXEC));
  struct stat status {};
  if (!file || fstat(file.get(), &status) != 0) return;
  // With a second name it may be a file of somebody else's; what is not root's has its owner.
  const bool is_ours = (S_ISREG(status.st_mode) || S_ISSOCK(status.st_mode)) &&
                       status.st_nlink == 1 && status.st_uid == 0;
  if (!is_ours || fchownat(file.get(), "", user_, group_, AT_EMPTY_PATH) == 0) return;
  char line[512];
  TextWriter text(line, sizeof line);
  text.add("Warning: Unable to make ").add_untrusted(path).add(" the user's: ");
  log.write(LogLevel::Warning, text.add(std::string_view(strerror(errno))).add(".").view());
}

bool ServiceUser::become(LogSink& log) const {
  if (name_.empty()) return true;
  char name[kMaximumUserName];
  if (!copy_terminated(name_, name) || initgroups(name, group_) != 0 || setgid(group_) != 0 ||
      setuid(user_) != 0)
    return fail(log, "Unable to become user ", name_, errno);
  return true;
}

}  // namespace midge::platform
