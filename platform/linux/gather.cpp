#include "platform/linux/gather.hpp"

#include <string.h>

namespace midge::platform {

std::size_t Gather::take(std::span<const hal::Chunk> chunks) {
  count_ = bytes_ = copied_ = 0;
  copying_ = false;
  std::size_t taken = 0;
  for (; taken < chunks.size(); ++taken) {
    const Bytes bytes = chunks[taken].bytes;
    if (bytes.empty()) continue;
    const bool copies = bytes.size() < kCopyBelow;
    if (copies && copied_ + bytes.size() > scratch_.size()) break;
    if (!(copies && copying_) && count_ == pieces_.size()) break;
    if (copies) {
      copy(bytes);
    } else {
      // iovec has no const; sending does not write.
      pieces_[count_++] = {const_cast<std::uint8_t*>(bytes.data()), bytes.size()};
      copying_ = false;
    }
    bytes_ += bytes.size();
  }
  return taken;
}

void Gather::copy(Bytes bytes) {
  std::uint8_t* const at = scratch_.data() + copied_;
  memcpy(at, bytes.data(), bytes.size());
  copied_ += bytes.size();
  if (copying_) {
    pieces_[count_ - 1].iov_len += bytes.size();
  } else {
    pieces_[count_++] = {at, bytes.size()};
    copying_ = true;
  }
}

}  // namespace midge::platform
