// A FIFO of bytes in one piece of memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "broker/base/bytes.hpp"

namespace midge::sim {

class ByteQueue {
 public:
  [[nodiscard]] std::size_t size() const { return bytes_.size() - front_; }
  [[nodiscard]] bool empty() const { return size() == 0; }
  // The oldest `count` bytes; valid until the next push or pop.
  [[nodiscard]] Bytes front(std::size_t count) const {
    return Bytes(bytes_).subspan(front_, count);
  }
  [[nodiscard]] Bytes all() const { return front(size()); }

  void push(Bytes bytes) { bytes_.insert(bytes_.end(), bytes.begin(), bytes.end()); }
  void pop(std::size_t count) {
    front_ += count;
    if (front_ == bytes_.size()) {
      clear();
    } else if (front_ > 4'096 && front_ > bytes_.size() / 2) {
      bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(front_));
      front_ = 0;
    }
  }
  // Keeps the oldest `count` bytes only.
  void truncate(std::size_t count) { bytes_.resize(front_ + count); }
  void clear() {
    bytes_.clear();
    front_ = 0;
  }

 private:
  std::vector<std::uint8_t> bytes_;
  std::size_t front_ = 0;
};

}  // namespace midge::sim
