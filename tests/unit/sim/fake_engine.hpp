// A stand-in for the broker: writes down what its handlers are told, and does what a test says.
#pragma once

#include <algorithm>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "platform/sim/world.hpp"

namespace midge::test {

class FakeConnection final : public hal::TransportHandler {
 public:
  explicit FakeConnection(hal::Transport& to) : transport(to) {}

  hal::Transport& transport;
  std::vector<std::string> pieces;              // each on_received(), what was used of it
  std::size_t use_at_most = std::string::npos;  // then it pauses
  bool pause_when_short = true;
  bool echo = false;
  hal::Keep keep = hal::Keep::Copy;
  std::size_t sent = 0;
  std::size_t times_writable = 0;
  std::size_t times_closed = 0;
  hal::CloseCause cause{};

  [[nodiscard]] std::string received() const {
    std::string all;
    for (const std::string& piece : pieces) all += piece;
    return all;
  }

  // Keeps `text` until the end and writes it from now on.
  void write(std::string_view text) {
    texts_.emplace_back(text);
    offers_.push_back({as_bytes(texts_.back()), keep});
    flush();
  }
  void flush() {
    if (offers_.empty() || times_closed != 0) return;
    const std::vector<hal::Chunk> chunks(offers_.begin(), offers_.end());
    const auto taken = transport.write(chunks);
    if (!taken) return;
    for (std::size_t rest = *taken; rest != 0;) {
      hal::Chunk& front = offers_.front();
      const std::size_t part = std::min(rest, front.bytes.size());
      front.bytes = front.bytes.subspan(part);
      rest -= part;
      if (front.bytes.empty()) offers_.pop_front();
    }
  }
  [[nodiscard]] std::size_t unwritten() const {
    std::size_t bytes = 0;
    for (const hal::Chunk& chunk : offers_) bytes += chunk.bytes.size();
    return bytes;
  }
  [[nodiscard]] std::string& text(std::size_t index) { return texts_[index]; }

  std::size_t on_received(Bytes bytes) override {
    const std::size_t used = std::min(bytes.size(), use_at_most);
    pieces.emplace_back(as_text(bytes.first(used)));
    if (used < bytes.size() && pause_when_short) transport.pause_receive();
    if (echo) write(pieces.back());
    return used;
  }
  void on_writable() override {
    ++times_writable;
    flush();
  }
  void on_sent(std::size_t bytes) override { sent += bytes; }
  void on_closed(hal::CloseCause why) override {
    ++times_closed;
    cause = why;
  }

 private:
  std::deque<std::string> texts_;
  std::deque<hal::Chunk> offers_;
};

class FakeEngine final : public sim::Engine {
 public:
  explicit FakeEngine(sim::World& world) : world_(world) { world.attach(*this); }

  bool refuses = false;
  bool echo = false;
  Instant deadline = kNever;
  std::vector<Instant> turns;

  [[nodiscard]] FakeConnection& operator[](std::size_t index) { return *connections_[index]; }
  [[nodiscard]] std::size_t size() const { return connections_.size(); }

  // Does `body` in the next turn, as a handler would, and settles.
  template <class Body>
  void in_turn(Body body) {
    world_.after(Duration{0}, body);
    world_.settle();
  }

  void begin(Instant now, WallTime) override { turns.push_back(now); }
  void turn() override {}
  [[nodiscard]] Instant next_deadline() const override { return deadline; }
  [[nodiscard]] hal::TransportHandler* accept(hal::Transport& transport, std::uint16_t) override {
    if (refuses) return nullptr;
    connections_.push_back(std::make_unique<FakeConnection>(transport));
    connections_.back()->echo = echo;
    return connections_.back().get();
  }

 private:
  sim::World& world_;
  std::vector<std::unique_ptr<FakeConnection>> connections_;
};

}  // namespace midge::test
