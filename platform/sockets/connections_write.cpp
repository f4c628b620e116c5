// Connections: the way out.
#include <string.h>

#include <algorithm>

#include "platform/sockets/connections.hpp"

namespace midge::sockets {

// What goes out with the next call, `skip` bytes of the first chunk having gone: a long chunk from
// where it lies, or short ones together. A chunk may be cut. Empty at the end.
Bytes Connections::next_piece(std::span<const hal::Chunk> chunks, std::size_t skip) {
  std::size_t gathered = 0;
  for (std::size_t i = 0; i < chunks.size() && gathered < gathered_.size(); ++i) {
    const Bytes bytes = chunks[i].bytes.subspan(i == 0 ? skip : 0);
    const bool alone = gathered == 0 && i + 1 == chunks.size();
    if (alone || bytes.size() >= kCopyBelow) {
      if (gathered == 0) return bytes;
      break;
    }
    const std::size_t fits = std::min(bytes.size(), gathered_.size() - gathered);
    if (fits == 0) continue;
    memcpy(gathered_.data() + gathered, bytes.data(), fits);
    gathered += fits;
  }
  return {gathered_.data(), gathered};
}

Result<std::size_t, hal::TransportError> Connections::write(SocketTransport& transport,
                                                            std::span<const hal::Chunk> chunks) {
  std::size_t taken = 0;
  std::size_t skip = 0;  // bytes of the first chunk that went out
  while (!chunks.empty() && transport.writable_) {
    const Bytes piece = next_piece(chunks, skip);
    Transferred sent{Transfer::Done};
    if (!piece.empty()) sent = transmit(transport.socket_, piece);
    if (sent.result == Transfer::Failed) {
      // What the peer sent before may hold its DISCONNECT: it is read before the end is told.
      transport.broken_ = true;
      transport.writable_ = false;
      return Failure{hal::TransportError::Closed};
    }
    // A short send means full; poll() tells when there is room again.
    if (sent.bytes < piece.size()) transport.writable_ = false;
    taken += sent.bytes;
    for (skip += sent.bytes; !chunks.empty() && skip >= chunks.front().bytes.size();
         chunks = chunks.subspan(1))
      skip -= chunks.front().bytes.size();
  }
  // The system has its own copy.
  if (taken > 0) transport.handler_->on_sent(taken);
  return taken;
}

}  // namespace midge::sockets
