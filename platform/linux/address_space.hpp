// The arena's memory: a range of addresses reserved without access and opened as it is needed, so
// that a high limit costs nothing until used, with strict overcommit too.
#pragma once

#include <cstddef>

#include "broker/base/arena.hpp"

namespace midge::platform {

class AddressSpace final : public ArenaBacking {
 public:
  AddressSpace() = default;
  AddressSpace(const AddressSpace&) = delete;
  AddressSpace& operator=(const AddressSpace&) = delete;
  ~AddressSpace();

  // Reserves `bytes`, rounded up to whole pages; false when the system refuses (errno says why).
  [[nodiscard]] bool reserve(std::size_t bytes);
  [[nodiscard]] MutableBytes range() const { return range_; }

  [[nodiscard]] bool open(MutableBytes part) override;
  void release(MutableBytes part) override;

 private:
  MutableBytes range_;
};

}  // namespace midge::platform
