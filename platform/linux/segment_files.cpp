#include "platform/linux/segment_files.hpp"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>

namespace midge::platform {

namespace {

int copy_file(int from_directory, int to_directory, const char* name) {
  const Descriptor from(openat(from_directory, name, O_RDONLY | O_CLOEXEC));
  if (!from) return errno == ENOENT ? 0 : errno;
  const Descriptor to(openat(to_directory, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!to) return errno;
  constexpr std::size_t kPart = std::size_t{1} << 20;
  for (;;) {
    const ssize_t count = sendfile(to.get(), from.get(), nullptr, kPart);
    if (count == 0) return 0;
    if (count < 0 && errno != EINTR) return errno;
  }
}

}  // namespace

bool SegmentReader::open(int directory, const hal::StorageGeometry& geometry) {
  directory_ = directory;
  // A descriptor of its own, whose position is the listing's.
  Descriptor listed(openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  DIR* const entries = listed ? fdopendir(listed.get()) : nullptr;
  if (entries == nullptr) return false;
  [[maybe_unused]] const int owned = listed.release();
  constexpr std::string_view kPrefix = "segment-";
  errno = 0;
  while (const dirent* const entry = readdir(entries)) {
    const std::string_view name = entry->d_name;
    if (!name.starts_with(kPrefix)) continue;
    const unsigned long segment = strtoul(entry->d_name + kPrefix.size(), nullptr, 10);
    if (segment < geometry.segments) there_.set(segment);
  }
  const int error = errno;
  closedir(entries);
  errno = error;
  return error == 0;
}

int SegmentReader::copy_to(const char* folder) const {
  if (mkdirat(directory_, folder, 0700) != 0) return errno;
  const Descriptor to(openat(directory_, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!to) return errno;
  for (std::uint32_t segment = 0; segment < kMaximumSegments; ++segment) {
    if (!there_[segment]) continue;
    const int error = copy_file(directory_, to.get(), SegmentName(segment).c_str());
    if (error != 0) return error;
  }
  return 0;
}

int SegmentReader::read(std::uint32_t segment, std::uint32_t offset, MutableBytes out) {
  if (there_[segment] && (!file_ || segment_ != segment)) {
    file_.reset(openat(directory_, SegmentName(segment).c_str(), O_RDONLY | O_CLOEXEC));
    segment_ = segment;
    if (!file_ && errno != ENOENT) return errno;
  }
  std::size_t count = 0;
  while (there_[segment] && file_ && count < out.size()) {
    const ssize_t got = pread(file_.get(), out.data() + count, out.size() - count,
                              static_cast<off_t>(offset + count));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno;
    if (got == 0) break;
    count += static_cast<std::size_t>(got);
  }
  std::fill(out.begin() + static_cast<std::ptrdiff_t>(count), out.end(), std::uint8_t{0});
  return 0;
}

}  // namespace midge::platform
