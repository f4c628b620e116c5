// A library to preload: the disk of the program does what a file says that MIDGE_DISK_FAULT names,
// as long as it is there.
//   full    nothing can be written
//   broken  writing fails
//   unsure  what is written can't be synced
//   slow    every read takes a tenth of a second
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string_view>

namespace {

template <class Call>
Call* real(const char* name) {
  return reinterpret_cast<Call*>(dlsym(RTLD_NEXT, name));
}

bool is_disk(std::string_view fault) {
  const char* const path = std::getenv("MIDGE_DISK_FAULT");
  const int file = path != nullptr ? open(path, O_RDONLY | O_CLOEXEC) : -1;
  if (file < 0) return false;
  std::array<char, 16> text{};
  const ssize_t bytes = read(file, text.data(), text.size());
  close(file);
  return bytes > 0 && std::string_view(text.data(), static_cast<std::size_t>(bytes)) == fault;
}

int fail(int error) {
  errno = error;
  return -1;
}

}  // namespace

extern "C" {

ssize_t pwrite(int fd, const void* bytes, size_t count, off_t offset) {
  if (is_disk("full")) return fail(ENOSPC);
  if (is_disk("broken")) return fail(EIO);
  return real<decltype(pwrite)>("pwrite")(fd, bytes, count, offset);
}

int fdatasync(int fd) {
  if (is_disk("unsure")) return fail(EIO);
  return real<decltype(fdatasync)>("fdatasync")(fd);
}

ssize_t pread(int fd, void* bytes, size_t count, off_t offset) {
  constexpr timespec kTenth{0, 100'000'000};
  if (is_disk("slow")) nanosleep(&kTenth, nullptr);
  return real<decltype(pread)>("pread")(fd, bytes, count, offset);
}
}
