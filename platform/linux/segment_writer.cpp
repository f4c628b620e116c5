#include "platform/linux/segment_writer.hpp"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include <algorithm>

#include "platform/linux/segment_files.hpp"

namespace midge::platform {

void SegmentWriter::open(int directory, const hal::StorageGeometry& geometry) {
  directory_ = directory;
  segment_bytes_ = geometry.segment_bytes;
  for (std::uint32_t i = 0; i < kSpares; ++i)
    spares_[i] = faccessat(directory, SegmentName::spare(i).c_str(), R_OK | W_OK, 0) == 0;
}

// After a failed sync nobody knows what the disk has: the file is opened anew, and what did not get
// there is for the caller to write, elsewhere.
int SegmentWriter::program(std::uint32_t segment, std::uint32_t offset, Bytes bytes) {
  int error = make(segment);
  if (error == 0) error = write_all(file_.get(), bytes, offset);
  if (error == 0 && calls_.sync(file_.get()) != 0) error = errno;
  if (error != 0) file_.reset();
  return error;
}

// It is the file that is written to then; one that is new or too short is filled.
int SegmentWriter::make(std::uint32_t segment) {
  if (file_ && segment_ == segment) return 0;
  int error = open_file(segment);
  struct stat status {};
  if (error == 0 && fstat(file_.get(), &status) != 0) error = errno;
  if (error == 0 && status.st_size < static_cast<off_t>(segment_bytes_)) {
    error = fill(file_.get());
    // Next time all of it again.
    if (error != 0 && ftruncate(file_.get(), 0) != 0) error = errno;
  }
  if (error != 0) file_.reset();
  return error;
}

int SegmentWriter::open_file(std::uint32_t segment) {
  const SegmentName name(segment);
  segment_ = segment;
  file_.reset(openat(directory_, name.c_str(), O_RDWR | O_CLOEXEC));
  if (file_) return 0;
  if (errno != ENOENT) return errno;
  const bool is_renamed = take_spare(segment);
  file_.reset(openat(directory_, name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!file_) return errno;
  if (!is_renamed || fsync(directory_) == 0) return 0;
  const int error = errno;
  // Nobody knows whether it has its new name: next time it is another file.
  unlinkat(directory_, name.c_str(), 0);
  return error;
}

bool SegmentWriter::take_spare(std::uint32_t segment) {
  for (std::uint32_t i = 0; i < kSpares; ++i) {
    if (!spares_[i]) continue;
    spares_[i] = false;
    if (renameat(directory_, SegmentName::spare(i).c_str(), directory_,
                 SegmentName(segment).c_str()) == 0) {
      return true;
    }
  }
  return false;
}

// A file that stays where it is costs space, and is found when its number's turn comes again: no
// reason to stop.
void SegmentWriter::release(std::uint32_t segment) {
  const SegmentName name(segment);
  if (segment_ == segment) file_.reset();
  for (std::uint32_t i = 0; i < kSpares; ++i) {
    if (spares_[i]) continue;
    spares_[i] = renameat(directory_, name.c_str(), directory_, SegmentName::spare(i).c_str()) == 0;
    return;
  }
  unlinkat(directory_, name.c_str(), 0);
}

// With zeros that are written, not only promised: later writes need no new space and no new
// metadata.
int SegmentWriter::fill(int fd) {
  static constexpr std::array<std::uint8_t, 1'024> kZeros{};
  for (std::uint32_t at = 0; at < segment_bytes_;) {
    const auto count =
        static_cast<std::uint32_t>(std::min<std::size_t>(kZeros.size(), segment_bytes_ - at));
    const int error = write_all(fd, Bytes(kZeros).first(count), at);
    if (error != 0) return error;
    at += count;
  }
  return calls_.sync(fd) != 0 || fsync(directory_) != 0 ? errno : 0;
}

int SegmentWriter::write_all(int fd, Bytes bytes, std::uint32_t offset) {
  while (!bytes.empty()) {
    const ssize_t count = calls_.write(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno;
    if (count == 0) return ENOSPC;
    bytes = bytes.subspan(static_cast<std::size_t>(count));
    offset += static_cast<std::uint32_t>(count);
  }
  return 0;
}

}  // namespace midge::platform
