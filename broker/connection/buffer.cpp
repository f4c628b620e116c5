#include "broker/connection/buffer.hpp"

namespace midge::connection {

Buffer::Buffer(Memory& memory, MutableBytes few, std::size_t count)
    : memory_(memory),
      count_(count),
      claimed_(count <= few.size() ? nullptr : memory.allocate(count, Reserve::Use)),
      bytes_(count <= few.size() ? few.data() : static_cast<std::uint8_t*>(claimed_)) {}

Buffer::~Buffer() {
  if (claimed_ != nullptr) memory_.release(claimed_, count_);
}

}  // namespace midge::connection
