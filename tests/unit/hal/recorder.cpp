#include "tests/unit/hal/recorder.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <utility>

#include "broker/base/bytes.hpp"

namespace midge::test {

Recorder::Recorder(hal::Transport& transport) : name(transport.peer()), transport_(&transport) {}

std::size_t Recorder::write(std::string_view text, hal::Keep keep, std::size_t chunk_bytes) {
  std::vector<Piece> pieces;
  while (!text.empty()) {
    const std::size_t size = std::min(text.size(), chunk_bytes);
    pieces.push_back({text.substr(0, size), keep});
    text.remove_prefix(size);
  }
  return write(pieces);
}

std::size_t Recorder::write(const std::vector<Piece>& pieces) {
  std::vector<Lent> lent;
  std::vector<hal::Chunk> chunks;
  std::size_t offered_bytes = 0;
  for (const Piece& piece : pieces) {
    std::unique_ptr<std::uint8_t[]> bytes(new std::uint8_t[piece.text.size()]);
    copy(bytes.get(), piece.text);
    chunks.push_back({{bytes.get(), piece.text.size()}, piece.keep});
    lent.push_back({std::move(bytes), piece.text.size(), 0});
    offered_bytes += piece.text.size();
  }
  REQUIRE(transport_ != nullptr);
  writing_ = true;
  const auto result = transport_->write(chunks);
  writing_ = false;
  refused_write = !result;
  const std::size_t count = result ? *result : 0;
  CHECK(count <= offered_bytes);
  if (result && count < offered_bytes) wants_room_ = true;

  std::size_t end = taken;
  const std::size_t until = taken + count;
  for (std::size_t i = 0; i < lent.size(); ++i) {
    const std::size_t begin = end;
    end = std::min(end + lent[i].size, until);
    lent[i].end = end;
    if (end > begin && pieces[i].keep == hal::Keep::UntilSent) {
      lent_.push_back(std::move(lent[i]));
    } else {
      spoil(lent[i]);
    }
  }
  taken = until;
  CHECK(sent <= taken);
  take_back(sent);
  return count;
}

void Recorder::pause() {
  inside_ = true;
  transport_->pause_receive();
  inside_ = false;
  paused_ = true;
}

void Recorder::resume() {
  inside_ = true;
  transport_->resume_receive();
  inside_ = false;
  paused_ = false;
}

void Recorder::finish() {
  inside_ = ended_ = true;
  transport_->finish();
  inside_ = false;
}

void Recorder::abort() {
  inside_ = ended_ = true;
  transport_->abort();
  inside_ = false;
}

std::size_t Recorder::on_received(Bytes bytes) {
  CHECK_FALSE((inside_ || writing_));
  CHECK_FALSE(paused_);
  CHECK_FALSE(ended_);
  CHECK(closed == 0);
  CHECK_FALSE(bytes.empty());
  offered.push_back(bytes.size());
  const std::string text(as_text(bytes));
  const std::size_t used = use ? use(text) : bytes.size();
  received += text.substr(0, used);
  return used;
}

void Recorder::on_writable() {
  CHECK_FALSE((inside_ || writing_));
  CHECK_FALSE(ended_);
  CHECK(closed == 0);
  CHECK(wants_room_);
  wants_room_ = false;
  ++writable;
}

void Recorder::on_sent(std::size_t bytes) {
  CHECK_FALSE(inside_);
  CHECK(closed == 0);
  CHECK(bytes > 0);
  sent += bytes;
  // Inside write() it may count what that is about to report as taken.
  if (writing_) return;
  CHECK(sent <= taken);
  take_back(sent);
}

void Recorder::on_closed(hal::CloseCause why) {
  CHECK_FALSE((inside_ || writing_));
  CHECK(transport_->peer() == name);
  ++closed;
  cause = why;
  take_back(taken);
  transport_ = nullptr;
}

void Recorder::take_back(std::size_t up_to) {
  while (!lent_.empty() && lent_.front().end <= up_to) {
    spoil(lent_.front());
    lent_.pop_front();
  }
}

void Recorder::spoil(Lent& lent) {
  std::fill_n(lent.bytes.get(), lent.size, std::uint8_t{0xDB});
  lent.bytes.reset();
}

}  // namespace midge::test
