// A page-aligned range for an arena under test.
#pragma once

#include <cstdint>
#include <memory>
#include <new>

#include "broker/base/bytes.hpp"

namespace midge::test {

class Range {
 public:
  explicit Range(std::size_t bytes)
      : bytes_(bytes),
        data_(static_cast<std::uint8_t*>(::operator new (bytes, std::align_val_t{4096}))) {}
  Range(const Range&) = delete;
  Range& operator=(const Range&) = delete;
  ~Range() { ::operator delete (data_, std::align_val_t{4096}); }

  [[nodiscard]] MutableBytes all() const { return {data_, bytes_}; }

 private:
  std::size_t bytes_;
  std::uint8_t* data_;
};

}  // namespace midge::test
