// Link: the broker's end, a hal::Transport that watches how the core uses it.
#include <algorithm>
#include <memory>

#include "platform/sim/link.hpp"
#include "platform/sim/world.hpp"

namespace midge::sim {
namespace {

// finish() drains at most so long, hal/transport.hpp says.
constexpr Duration kDrainTime{1'000};

}  // namespace

bool Link::may_call(const char* what) {
  if (world_.engine() == nullptr) return false;  // the broker is being taken down
  if (!world_.in_turn()) {
    world_.fault(name_ + ": " + what + " outside of a turn");
    return false;
  }
  if (state_ == State::Closed) {
    world_.fault(name_ + ": " + what + " after on_closed()");
    return false;
  }
  return true;
}

Result<std::size_t, hal::TransportError> Link::write(std::span<const hal::Chunk> chunks) {
  if (!may_call("write()")) return Failure{hal::TransportError::Closed};
  if (handler_ == nullptr) {
    world_.fault(name_ + ": write() before accept() has returned");
    return Failure{hal::TransportError::Closed};
  }
  if (state_ != State::Open) {
    world_.fault(name_ + ": write() after finish() or abort()");
    return Failure{hal::TransportError::Closed};
  }
  if (broken_) return Failure{hal::TransportError::Closed};

  std::size_t room = options_.send_buffer > outstanding_ ? options_.send_buffer - outstanding_ : 0;
  const bool cut_short = room > 1 && random_.chance(options_.short_write_percent);
  if (cut_short) room = random_.between(0, std::min<std::size_t>(room - 1, 100));

  std::size_t offered = 0;
  std::size_t taken = 0;
  for (const hal::Chunk& chunk : chunks) {
    offered += chunk.bytes.size();
    const Bytes part = chunk.bytes.first(std::min(chunk.bytes.size(), room - taken));
    if (part.empty()) continue;
    taken += part.size();
    to_client_.bytes.push(part);
    if (!options_.sent_late) continue;
    Taken entry;
    entry.bytes = part.size();
    if (chunk.keep == hal::Keep::UntilSent) {
      entry.source = part.data();
      entry.copy.assign(part.begin(), part.end());
    }
    taken_.push_back(std::move(entry));
  }
  outstanding_ += taken;
  if (taken != 0) pump_soon(to_client_);
  if (taken < offered) {
    wants_room_ = true;
    // There is room left, so no acknowledgement needs to come.
    if (cut_short) world_.after(Duration{0}, [this] { acknowledge(0); });
  }
  if (taken != 0 && !options_.sent_late) handler_->on_sent(taken);
  return taken;
}

void Link::pause() {
  if (may_call("pause_receive()")) paused_ = true;
}

void Link::resume() {
  if (!may_call("resume_receive()") || !paused_) return;
  paused_ = false;
  world_.after(Duration{0}, [this] { offer(); });
}

void Link::finish() {
  if (!may_call("finish()") || state_ != State::Open) return;
  state_ = State::Finishing;
  world_.note(number_, "finish");
  inbox_.clear();
  to_client_.finish_wanted = true;
  pump_soon(to_client_);
  pump_soon(to_broker_);
  world_.after(kDrainTime, [this] {
    if (state_ != State::Finishing) return;
    to_client_.bytes.truncate(to_client_.in_flight);
    if (!to_client_.ended) {
      to_client_.ended = true;
      launch(to_client_, 0, Mark::Reset);
    }
    close_soon(hal::CloseCause::Finished, Duration{0});
  });
}

void Link::abort() {
  if (!may_call("abort()") || state_ == State::Aborted) return;
  state_ = State::Aborted;
  world_.note(number_, "abort");
  inbox_.clear();
  to_client_.bytes.truncate(to_client_.in_flight);
  if (!to_client_.ended) {
    to_client_.ended = true;
    launch(to_client_, 0, Mark::Reset);
  }
  close_soon(hal::CloseCause::Finished, Duration{random_.in(options_.close_delay_ms)});
}

// Gives the handler what has arrived, in an exactly sized piece of memory of its own, so that a
// read past its end or after the call is one that ASan sees.
void Link::offer() {
  while (state_ == State::Open && !paused_ && !broken_ && !closing_ && !inbox_.empty()) {
    const std::size_t count = inbox_.size();
    const std::unique_ptr<std::uint8_t[]> piece(new std::uint8_t[count]);
    const Bytes all = inbox_.all();
    std::copy(all.begin(), all.end(), piece.get());
    const std::size_t used = handler_->on_received({piece.get(), count});
    std::fill_n(piece.get(), count, std::uint8_t{0xDB});
    if (used > count) {
      world_.fault(name_ + ": on_received() used more than there was");
      return;
    }
    if (state_ != State::Open) break;  // finish() or abort() emptied the inbox
    inbox_.pop(used);
    pump_soon(to_broker_);
    if (used < count && !paused_) {
      world_.fault(name_ + ": on_received() left bytes without pausing");
      return;
    }
  }
  if (state_ == State::Open && peer_ended_ && inbox_.empty() && !paused_ && !broken_)
    close_soon(hal::CloseCause::Peer, Duration{0});
}

// `bytes` more are with the client.
void Link::acknowledge(std::size_t bytes) {
  if (state_ == State::Closed) return;
  outstanding_ -= std::min(bytes, outstanding_);
  if (options_.sent_late && bytes != 0 && state_ != State::Aborted) release_taken(bytes);
  if (wants_room_ && state_ == State::Open && !broken_ && outstanding_ < options_.send_buffer) {
    wants_room_ = false;
    handler_->on_writable();
  }
  close_if_finished();
}

void Link::release_taken(std::size_t bytes) {
  std::size_t sent = 0;
  while (sent < bytes && !taken_.empty()) {
    Taken& entry = taken_.front();
    if (entry.source != nullptr && !std::equal(entry.copy.begin(), entry.copy.end(), entry.source))
      world_.fault(name_ + ": UntilSent bytes changed before on_sent()");
    const std::size_t part = std::min(entry.bytes, bytes - sent);
    sent += part;
    if (part < entry.bytes) {
      entry.bytes -= part;
      if (entry.source != nullptr) {
        entry.source += part;
        entry.copy.erase(entry.copy.begin(),
                         entry.copy.begin() + static_cast<std::ptrdiff_t>(part));
      }
      break;
    }
    taken_.pop_front();
  }
  if (sent != 0) handler_->on_sent(sent);
}

void Link::break_broker_end() {
  if (state_ == State::Closed || broken_) return;
  broken_ = true;
  inbox_.clear();
  to_client_.bytes.truncate(to_client_.in_flight);
  to_client_.ended = true;
  if (state_ == State::Opening) {
    state_ = State::Closed;
    return;
  }
  close_soon(state_ == State::Open ? hal::CloseCause::Error : hal::CloseCause::Finished,
             Duration{random_.in(options_.close_delay_ms)});
}

void Link::close_soon(hal::CloseCause cause, Duration delay) {
  if (closing_) return;
  closing_ = true;
  world_.after(delay, [this, cause] { close_now(cause); });
}

void Link::close_now(hal::CloseCause cause) {
  if (state_ == State::Closed) return;
  for (const Taken& entry : taken_) {
    if (entry.source != nullptr && !std::equal(entry.copy.begin(), entry.copy.end(), entry.source))
      world_.fault(name_ + ": UntilSent bytes changed before on_closed()");
  }
  taken_.clear();
  state_ = State::Closed;
  inbox_.clear();
  // The kernel goes on sending what it has copied; lwIP has only our memory.
  if (options_.sent_late) to_client_.bytes.truncate(to_client_.in_flight);
  if (!to_client_.ended) {
    to_client_.finish_wanted = true;
    pump(to_client_);
  }
  world_.note(number_, "on_closed");
  hal::TransportHandler* const handler = handler_;
  handler_ = nullptr;
  handler->on_closed(cause);
}

void Link::close_if_finished() {
  if (state_ == State::Finishing && peer_ended_ && to_client_.ended && outstanding_ == 0)
    close_soon(hal::CloseCause::Finished, Duration{0});
}

}  // namespace midge::sim
