// Bytes for the length of a block: on the stack when they are few, else from the memory's reserve.
#pragma once

#include "broker/base/bytes.hpp"
#include "broker/base/memory.hpp"

namespace midge::connection {

template <std::size_t kFew>
class Buffer {
 public:
  Buffer(Memory& memory, std::size_t count)
      : memory_(memory),
        count_(count),
        bytes_(count <= kFew ? few_
                             : static_cast<std::uint8_t*>(memory.allocate(count, Reserve::Use))) {}
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() {
    if (bytes_ != few_ && bytes_ != nullptr) memory_.release(bytes_, count_);
  }

  // False when memory is full.
  [[nodiscard]] bool ok() const { return bytes_ != nullptr; }
  [[nodiscard]] MutableBytes all() { return {bytes_, count_}; }

 private:
  Memory& memory_;
  std::size_t count_;
  std::uint8_t few_[kFew];
  std::uint8_t* bytes_;
};

}  // namespace midge::connection
