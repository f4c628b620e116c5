// Transports: the way out. Long chunks that may be referred to are, all others are copied.
#include <lwip/priv/tcp_priv.h>
#include <lwip/tcp.h>

#include <algorithm>
#include <array>
#include <utility>

#include "platform/lwip/transports.hpp"

namespace midge::lwip {

using State = Transport::State;

namespace {

// What lwIP holds of a connection.
struct Queued {
  std::size_t bytes = 0;   // of segments that are not acknowledged as a whole
  std::size_t copied = 0;  // of these, in lwIP's heap
};

void add_queue(const tcp_seg* segment, Queued& queued) {
  for (; segment != nullptr; segment = segment->next) {
    queued.bytes += segment->len;
    std::size_t referred = 0;
    for (const pbuf* piece = segment->p; piece != nullptr; piece = piece->next) {
      const bool is_copy = (piece->type_internal & PBUF_TYPE_FLAG_STRUCT_DATA_CONTIGUOUS) != 0;
      if (!is_copy) referred += piece->len;
    }
    queued.copied += segment->len - std::min<std::size_t>(referred, segment->len);
  }
}

constexpr std::size_t kSmallestPart = 32;

}  // namespace

void Transports::set_cost(Transport& transport, std::size_t cost) {
  charged_ = charged_ - charged(transport.cost_) + charged(cost);
  transport.cost_ = static_cast<std::uint16_t>(std::min<std::size_t>(cost, 0xFFFF));
}

// Sets the cost to what lwIP holds now; returns how many bytes that is.
std::size_t Transports::charge(Transport& transport) {
  Queued queued;
  add_queue(transport.pcb_->unacked, queued);
  add_queue(transport.pcb_->unsent, queued);
  set_cost(transport, queued.copied + kPerBuffer * std::size_t{tcp_sndqueuelen(transport.pcb_)});
  return queued.bytes;
}

// How many bytes one call of tcp_write() may queue; 0: none. A copy takes one buffer, a reference
// one more for its headers, and either may fill up the last segment first, which takes another.
std::size_t Transports::room(const Transport& transport, bool refers) const {
  const tcp_pcb& pcb = *transport.pcb_;
  const unsigned buffers = 1U + (refers ? 1U : 0U) + (pcb.unsent != nullptr ? 1U : 0U);
  // What the others are not charged with is the share at least.
  const std::size_t needed =
      charged_ - charged(transport.cost_) + transport.cost_ + buffers * kPerBuffer;
  if (tcp_sndqueuelen(&pcb) + buffers > TCP_SND_QUEUELEN || kBudget <= needed) return 0;
  // lwIP cuts to half of the largest window that the peer ever had.
  const std::size_t segment = std::min<std::size_t>(tcp_mss(&pcb), pcb.snd_wnd_max / 2U);
  const std::size_t bytes =
      std::min<std::size_t>(tcp_sndbuf(&pcb), std::max(segment, kSmallestPart));
  return refers ? bytes : std::min(bytes, kBudget - needed);
}

// Whether it is worth while to say so.
bool Transports::is_writable(const Transport& transport) const {
  if (transport.pcb_ == nullptr || room(transport, false) == 0) return false;
  return tcp_sndqueuelen(transport.pcb_) == 0 || tcp_sndbuf(transport.pcb_) >= TCP_SND_BUF / 2;
}

// Queues the front of `bytes`; returns how much.
std::size_t Transports::write_part(Transport& transport, Bytes bytes, bool& refers) {
  // Without room for a reference a few bytes may be copied.
  if (refers && room(transport, true) == 0) refers = false;
  std::size_t size = std::min(bytes.size(), room(transport, refers));
  while (size > 0) {
    const err_t error = tcp_write(transport.pcb_, bytes.data(), static_cast<u16_t>(size),
                                  refers ? 0 : TCP_WRITE_FLAG_COPY);
    if (error == ERR_OK) break;
    // Its heap is in pieces, or others have the references: what goes is better than nothing.
    refers = false;
    size = size > kSmallestPart ? size / 2 : 0;
  }
  return size;
}

std::size_t Transports::write(Transport& transport, std::span<const hal::Chunk> chunks) {
  std::size_t taken = 0;
  bool refers_to_some = false;
  // Queues all of `bytes`, or what there is room for.
  const auto queue = [&](Bytes bytes, bool may_refer) {
    while (!bytes.empty() && !transport.full_) {
      bool refers = may_refer;
      const std::size_t part = write_part(transport, bytes, refers);
      transport.full_ = part == 0;
      if (part == 0) return;
      refers_to_some = refers_to_some || refers;
      taken += part;
      bytes = bytes.subspan(part);
      charge(transport);
    }
  };
  // Short chunks in a row become one buffer of lwIP's.
  std::array<std::uint8_t, kReferenceFrom> gathered;
  std::size_t size = 0;
  for (const hal::Chunk& chunk : chunks) {
    const bool is_short = chunk.bytes.size() < kReferenceFrom;
    if (size > 0 && (!is_short || size + chunk.bytes.size() > gathered.size()))
      queue({gathered.data(), std::exchange(size, 0)}, false);
    if (transport.full_) break;
    if (is_short) {
      copy(gathered.data() + size, chunk.bytes);
      size += chunk.bytes.size();
    } else {
      queue(chunk.bytes, chunk.keep == hal::Keep::UntilSent);
    }
  }
  queue({gathered.data(), size}, false);
  const auto count = static_cast<std::uint16_t>(taken);
  const bool is_free = !refers_to_some && transport.uncounted_ == 0;
  std::uint16_t& held = is_free ? transport.counted_ : transport.uncounted_;
  held = static_cast<std::uint16_t>(held + count);
  if (taken == 0) return 0;
  tcp_output(transport.pcb_);
  if (is_free) transport.handler_->on_sent(taken);
  return taken;
}

// The peer has acknowledged something. A segment is held as a whole until all of it is.
void Transports::settle(Transport& transport) {
  std::size_t sent = transport.counted_ + transport.uncounted_ - charge(transport);
  const std::size_t of_counted = std::min<std::size_t>(sent, transport.counted_);
  transport.counted_ = static_cast<std::uint16_t>(transport.counted_ - of_counted);
  sent -= of_counted;
  transport.uncounted_ = static_cast<std::uint16_t>(transport.uncounted_ - sent);
  if (sent > 0 && transport.state_ != State::Ended) transport.handler_->on_sent(sent);
}

}  // namespace midge::lwip
