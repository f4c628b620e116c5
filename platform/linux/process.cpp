#include "platform/linux/process.hpp"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "broker/base/text.hpp"
#include "platform/linux/descriptor.hpp"

namespace midge::platform {

namespace {

// "Error: <what> <name>: <why>."
bool fail(LogSink& log, std::string_view what, std::string_view name, int error) {
  char line[512];
  TextWriter text(line, sizeof line);
  text.add("Error: ").add(what).add_untrusted(name).add(": ").add(
      std::string_view(strerror(error)));
  log.write(LogLevel::Error, text.add(".").view());
  return false;
}

bool copy_path(std::string_view from, char (&to)[PATH_MAX]) {
  if (from.size() >= sizeof to) return false;
  to[from.copy(to, sizeof to - 1)] = '\0';
  return true;
}

}  // namespace

void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

bool daemonize(LogSink& log) {
  const pid_t child = fork();
  if (child < 0) return fail(log, "Unable to go into the background", "", errno);
  if (child > 0) _exit(0);
  setsid();
  const Descriptor null(open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!null) return fail(log, "Unable to open ", "/dev/null", errno);
  for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    dup2(null.get(), standard);
  return true;
}

bool PidFile::write(std::string_view path, LogSink& log) {
  if (path.empty()) return true;
  char name[PATH_MAX];
  if (!copy_path(path, name)) return fail(log, "Unable to write pid file ", path, ENAMETOOLONG);
  const Descriptor file(open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!file) return fail(log, "Unable to write pid file ", path, errno);
  path_ = path;
  char number[16];
  TextWriter text(number, sizeof number);
  const std::string_view line = text.add(getpid()).add("\n").view();
  if (::write(file.get(), line.data(), line.size()) == static_cast<ssize_t>(line.size()))
    return true;
  return fail(log, "Unable to write pid file ", path, errno);
}

PidFile::~PidFile() {
  char name[PATH_MAX];
  if (!path_.empty() && copy_path(path_, name)) unlink(name);
}

bool drop_privileges(std::string_view user, LogSink& log) {
  if (user.empty() || user == "root" || geteuid() != 0) return true;
  char name[64];
  if (user.size() >= sizeof name) return fail(log, "Invalid user ", user, ENAMETOOLONG);
  name[user.copy(name, sizeof name - 1)] = '\0';
  const passwd* const entry = getpwnam(name);
  if (entry == nullptr) {
    char line[128];
    TextWriter text(line, sizeof line);
    text.add("Error: Unknown user '").add_untrusted(user).add("', unable to drop privileges.");
    log.write(LogLevel::Error, text.view());
    return false;
  }
  if (initgroups(name, entry->pw_gid) != 0 || setgid(entry->pw_gid) != 0 ||
      setuid(entry->pw_uid) != 0)
    return fail(log, "Unable to become user ", user, errno);
  return true;
}

}  // namespace midge::platform
