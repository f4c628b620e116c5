#include "tests/support/board/memory.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <stdexcept>
#include <string>

namespace midge::test {

Memory::Memory(pid_t pid, std::uint64_t address)
    : file_(open(("/proc/" + std::to_string(pid) + "/mem").c_str(), O_RDWR | O_CLOEXEC)),
      address_(static_cast<off_t>(address)) {}

Memory::~Memory() {
  if (file_ >= 0) close(file_);
}

void Memory::read(void* out, std::size_t bytes, std::size_t offset) const {
  if (pread(file_, out, bytes, address_ + static_cast<off_t>(offset)) !=
      static_cast<ssize_t>(bytes))
    throw std::runtime_error("the board's memory can't be read");
}

void Memory::write(const void* from, std::size_t bytes) {
  if (pwrite(file_, from, bytes, address_) != static_cast<ssize_t>(bytes))
    throw std::runtime_error("the board's memory can't be written");
}

}  // namespace midge::test
