#include "platform/linux/address_space.hpp"

#include <sys/mman.h>
#include <unistd.h>

namespace midge::platform {

namespace {

std::size_t system_page_bytes() {
  return static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace

AddressSpace::~AddressSpace() {
  if (!range_.empty()) munmap(range_.data(), range_.size());
}

bool AddressSpace::reserve(std::size_t bytes) {
  const std::size_t page = system_page_bytes();
  if (bytes == 0 || bytes > SIZE_MAX - page) return false;
  bytes = (bytes + page - 1) / page * page;
  void* const at =
      mmap(nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (at == MAP_FAILED) return false;
  range_ = {static_cast<std::uint8_t*>(at), bytes};
  return true;
}

bool AddressSpace::open(MutableBytes part) {
  // The arena's steps are a multiple of any page, but its first and last need not be. A page that
  // is opened a second time stays as it is.
  const std::size_t page = system_page_bytes();
  const auto begin = static_cast<std::size_t>(part.data() - range_.data()) / page * page;
  const auto end = static_cast<std::size_t>(part.data() - range_.data()) + part.size();
  return mprotect(range_.data() + begin, end - begin, PROT_READ | PROT_WRITE) == 0;
}

void AddressSpace::release(MutableBytes part) {
  // Only pages that lie whole inside: the neighbours are in use.
  const std::size_t page = system_page_bytes();
  const auto offset = static_cast<std::size_t>(part.data() - range_.data());
  const std::size_t begin = (offset + page - 1) / page * page;
  const std::size_t end = (offset + part.size()) / page * page;
  if (begin < end) madvise(range_.data() + begin, end - begin, MADV_DONTNEED);
}

}  // namespace midge::platform
