// Makes, writes and gives back the files of a store. All of it waits for the disk: FileStorage's
// thread does it. Functions return 0 or errno.
#pragma once

#include <sys/types.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>

#include "broker/base/bytes.hpp"
#include "broker/hal/storage.hpp"
#include "platform/linux/descriptor.hpp"

namespace midge::platform {

// What is asked of the disk. Tests put something else in its place.
struct DiskCalls {
  ssize_t (*write)(int fd, const void* bytes, std::size_t count, off_t offset);  // as pwrite()
  int (*sync)(int fd);                                                           // as fdatasync()
};
inline constexpr DiskCalls kSystemDisk{.write = pwrite, .sync = fdatasync};

class SegmentWriter {
 public:
  // Files of released segments that are kept for the next ones, which then need not be filled: so
  // that a queue which drains as fast as it fills costs what it writes, and no more space.
  static constexpr std::size_t kSpares = 2;

  explicit SegmentWriter(const DiskCalls& calls) : calls_(calls) {}
  // The directory stays open as long as this lives.
  void open(int directory, const hal::StorageGeometry& geometry);

  // Makes the file, if it is not there.
  [[nodiscard]] int make(std::uint32_t segment);
  [[nodiscard]] int program(std::uint32_t segment, std::uint32_t offset, Bytes bytes);
  void release(std::uint32_t segment);

 private:
  [[nodiscard]] int open_file(std::uint32_t segment);
  [[nodiscard]] bool take_spare(std::uint32_t segment);
  [[nodiscard]] int fill(int fd);
  [[nodiscard]] int write_all(int fd, Bytes bytes, std::uint32_t offset);

  const DiskCalls& calls_;
  int directory_ = -1;
  std::uint32_t segment_bytes_ = 0;
  std::array<bool, kSpares> spares_{};  // which are there
  Descriptor file_;
  std::uint32_t segment_ = 0;  // of the file
};

}  // namespace midge::platform
