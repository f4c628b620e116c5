// Bytes for the length of a block: on the stack when they are few, else from the memory's reserve.
#pragma once

#include "broker/base/bytes.hpp"
#include "broker/base/memory.hpp"

namespace midge::connection {

class Buffer {
 public:
  // In `few` when that is enough.
  Buffer(Memory& memory, MutableBytes few, std::size_t count);
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer();

  // False when memory is full.
  [[nodiscard]] bool ok() const { return bytes_ != nullptr; }
  [[nodiscard]] MutableBytes all() { return {bytes_, count_}; }

 private:
  Memory& memory_;
  std::size_t count_;
  void* claimed_;  // null: none
  std::uint8_t* bytes_;
};

}  // namespace midge::connection
