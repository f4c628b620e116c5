#include "platform/sim/world.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <limits>

namespace midge::sim {
namespace {

// Turns in a row at one instant in which nothing happened: a broker that says "now" so often is
// turning in circles.
constexpr std::uint32_t kMaximumIdleTurns = 100'000;

constexpr Instant kStart{std::chrono::hours{1}};
constexpr WallTime kWallStart{1'704'067'200'000};

}  // namespace

World::World(std::uint64_t seed)
    : seed_(seed),
      random_(seed),
      now_(kStart),
      wall_offset_(kWallStart - kStart.time_since_epoch()) {}

World::~World() = default;

void World::run_until(Instant end) {
  while (step(end)) {
  }
  now_ = std::max(now_, end);
}

bool World::step(Instant end) {
  Instant due = events_.next_time();
  if (engine_ != nullptr) due = std::min(due, engine_->next_deadline());
  if (due == kNever || due > end) return false;
  if (due > now_) {
    now_ = due;
    idle_turns_ = 0;
  }

  const std::uint32_t most = random_.in(events_per_turn);
  std::uint32_t rest = most == 0 ? std::numeric_limits<std::uint32_t>::max() : most;
  // What is scheduled in this turn belongs to the next one.
  const std::uint64_t before = events_.next_sequence();
  bool ran = false;
  if (engine_ != nullptr) engine_->begin(now_, wall());
  in_turn_ = true;
  while (rest != 0 && events_.run_one(now_, before)) {
    ran = true;
    --rest;
  }
  if (engine_ != nullptr) engine_->turn();
  in_turn_ = false;

  if (ran) {
    idle_turns_ = 0;
  } else if (++idle_turns_ >= kMaximumIdleTurns) {
    idle_turns_ = 0;
    fault("the broker asked for a turn at once, again and again, and nothing happened");
    return false;
  }
  return true;
}

Link& World::connect(std::uint16_t listener) {
  return connect(listener, link_options);
}

Link& World::connect(std::uint16_t listener, const LinkOptions& options) {
  const auto number = static_cast<std::uint32_t>(links_.size() + 1);
  links_.push_back(std::make_unique<Link>(*this, number, listener, options));
  links_.back()->open();
  return *links_.back();
}

void World::attach(Engine& engine) {
  engine_ = &engine;
}

void World::detach() {
  engine_ = nullptr;
  in_turn_ = false;
  for (const auto& link : links_) link->lose_broker();
}

void World::fault(std::string_view what) {
  std::string line = std::to_string(now_.time_since_epoch().count()) + " ms: ";
  line += what;
  std::fprintf(stderr, "simulator (seed %llu): %s\n", static_cast<unsigned long long>(seed_),
               line.c_str());
  faults_.push_back(std::move(line));
}

void World::note(std::uint32_t link, std::string_view what, Bytes bytes) {
  const std::array<std::int64_t, 2> head = {now_.time_since_epoch().count(), link};
  hash({reinterpret_cast<const std::uint8_t*>(head.data()), sizeof head});
  hash(as_bytes(what));
  hash(bytes);
  if (!keep_trace) return;

  std::string line = std::to_string(head[0]) + " #" + std::to_string(link) + ' ';
  line += what;
  for (const std::uint8_t byte : bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    line += ' ';
    line += kDigits[byte >> 4];
    line += kDigits[byte & 0x0F];
  }
  trace_.push_back(std::move(line));
}

// FNV-1a.
void World::hash(Bytes bytes) {
  for (const std::uint8_t byte : bytes) trace_hash_ = (trace_hash_ ^ byte) * 0x100000001B3U;
}

}  // namespace midge::sim
