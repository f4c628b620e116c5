// The files of a store: a segment each, in one directory. Their names, and reading them.
#pragma once

#include <bitset>
#include <cstdint>

#include "broker/base/bytes.hpp"
#include "broker/base/text.hpp"
#include "broker/hal/storage.hpp"
#include "platform/linux/descriptor.hpp"

namespace midge::platform {

inline constexpr std::uint32_t kMaximumSegments = 65'536;

// A file's name: "segment-0001".
class SegmentName {
 public:
  explicit SegmentName(std::uint32_t segment) : SegmentName("segment-", segment, 1'000) {}
  // One whose segment was released and that waits for another: "spare-0".
  static SegmentName spare(std::uint32_t number) { return {"spare-", number, 1}; }

  [[nodiscard]] const char* c_str() const { return text_.view().data(); }

 private:
  SegmentName(std::string_view prefix, std::uint32_t number, std::uint32_t first_place) {
    text_.add(prefix);
    for (std::uint32_t place = first_place; place > number && place > 1; place /= 10)
      text_.add("0");
    text_.add(number).add(std::string_view("\0", 1));
  }

  Text<32> text_;
};

// Reads and copies the segments of an open directory.
class SegmentReader {
 public:
  // Looks which files are there. False when the directory can't be read; errno says why.
  [[nodiscard]] bool open(int directory, const hal::StorageGeometry& geometry);

  // 0 or errno. What is beyond the end of a file, or of one that is not there, are zeros.
  [[nodiscard]] int read(std::uint32_t segment, std::uint32_t offset, MutableBytes out);
  // Copies the files that are there, as they are, to a new folder in the directory. 0 or errno;
  // EEXIST: there is such a folder, and nothing was done.
  [[nodiscard]] int copy_to(const char* folder) const;
  // The segment's file is, or will be, there.
  void expect(std::uint32_t segment) { there_.set(segment); }
  // What was known of the files' names is not so any more.
  void forget() { file_.reset(); }

 private:
  int directory_ = -1;
  // A file that was not made need not be looked for.
  std::bitset<kMaximumSegments> there_;
  Descriptor file_;
  std::uint32_t segment_ = 0;  // of the file
};

}  // namespace midge::platform
