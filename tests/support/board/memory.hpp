// A part of the board's memory, by way of QEMU's own.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <utility>

namespace midge::test {

class Memory {
 public:
  // `address` in the process `pid`, which is a child of ours.
  Memory(pid_t pid, std::uint64_t address);
  ~Memory();
  Memory(Memory&& other) noexcept
      : file_(std::exchange(other.file_, -1)), address_(other.address_) {}

  // All throw std::runtime_error when they can't.
  template <class T>
  [[nodiscard]] T read(std::size_t offset = 0) const {
    T value;
    read(&value, sizeof value, offset);
    return value;
  }
  void read(void* out, std::size_t bytes, std::size_t offset) const;
  void write(const void* from, std::size_t bytes);

 private:
  int file_;
  off_t address_;
};

}  // namespace midge::test
