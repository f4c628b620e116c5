#include "tests/unit/hal/world.hpp"

#include <doctest/doctest.h>

namespace midge::test {

namespace {

constexpr Duration kPatience{10'000};

}  // namespace

hal::TransportHandler* Door::accept(hal::Transport& transport, std::uint16_t listener) {
  CHECK(listener == 0);
  if (refuses) return nullptr;
  guests.push_back(std::make_unique<Recorder>(transport));
  if (on_accept) on_accept(*guests.back());
  return guests.back().get();
}

bool World::run_until(const std::function<bool()>& done) {
  const Instant end = now() + kPatience;
  while (!done()) {
    if (now() > end) return false;
    turn([] {});
  }
  return true;
}

void World::turns(int count) {
  for (int i = 0; i < count; ++i) turn([] {});
}

Guest let_in(World& world) {
  const std::size_t before = world.door.guests.size();
  Peer& peer = world.connect();
  REQUIRE(world.run_until([&] { return world.door.guests.size() > before; }));
  return {peer, *world.door.guests.back()};
}

Pair::Pair()
    : world(make_world()), guest_(let_in(*world)), peer(guest_.peer), broker(guest_.broker) {}

Pair::~Pair() {
  // They refer to what the test has declared since, which is gone.
  world->each_turn = nullptr;
  for (const auto& guest : world->door.guests) guest->use = nullptr;
  if (broker.closed == 0) world->turn([this] { broker.abort(); });
  CHECK(run_until([this] { return broker.closed > 0 && world->transports() == 0; }));
  world->turns(3);
  CHECK(broker.closed == 1);
  world->check();
}

bool Pair::write_all(std::string_view text, hal::Keep keep, std::size_t chunk_bytes) {
  bool is_full = false;
  int writable = 0;
  return run_until([&, begin = std::size_t{0}]() mutable {
    if (is_full && broker.writable == writable) return false;
    world->turn([&] {
      if (broker.closed > 0) return;
      writable = broker.writable;
      const std::string_view rest = text.substr(begin);
      begin += broker.write(rest, keep, chunk_bytes);
      is_full = begin < text.size();
    });
    return begin == text.size();
  });
}

std::string pattern(std::size_t bytes) {
  std::string text(bytes, '\0');
  for (std::size_t i = 0; i < bytes; ++i) text[i] = static_cast<char>(i * 7 + i / 251);
  return text;
}

}  // namespace midge::test
