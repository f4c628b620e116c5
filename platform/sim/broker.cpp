#include "platform/sim/broker.hpp"

#include <algorithm>

namespace midge::sim {

Broker::Broker(World& world)
    : entropy(world.random().next()), journal(world), authorizer(world), world_(world) {
  settings.listener_count = 1;
  settings.limits.memory_bytes = std::size_t{16} << 20;
}

Broker::~Broker() {
  stop();
}

void Broker::keep_in(Storage& storage, std::size_t buffer_bytes, Duration interval) {
  storage_ = &storage;
  storage_buffer_.resize(buffer_bytes);
  reading_buffer_.resize(buffer_bytes);
  storage_interval_ = interval;
}

bool Broker::start() {
  MIDGE_ASSERT(!running());
  memory_ = ArenaMemory(settings.limits.memory_bytes);
  arena_ = std::make_unique<Arena>(memory_.range(), page_bytes, reserve_pages, backing_);
  metrics = {};
  if (storage_ != nullptr) {
    store_.emplace(persist::Store::Parts{.storage = *storage_,
                                         .arena = *arena_,
                                         .buffer = storage_buffer_,
                                         .reading = reading_buffer_,
                                         .interval = storage_interval_,
                                         .eviction = eviction});
  }
  session::Journal* chosen = &journal;
  if (store_) chosen = &*store_;
  core_ = core::Core::create(settings, {.arena = *arena_,
                                        .entropy = entropy,
                                        .log = log,
                                        .metrics = metrics,
                                        .journal = *chosen,
                                        .authorizer = authorizer,
                                        .authenticator = *authenticator_,
                                        .virtual_topics = *virtual_topics_,
                                        .look_ahead = match_ahead_});
  if (core_ == nullptr) {
    store_.reset();
    return false;
  }
  if (store_) {
    restored_ = {};
    mount_error_ = store_->mount(*core_, static_cast<std::uint32_t>(world_.random().next()),
                                 world_.now(), world_.wall(), restored_);
    if (mount_error_ != persist::MountError::None) {
      end();
      return false;
    }
  }
  world_.attach(*this);
  return true;
}

void Broker::stop() {
  if (!running()) return;
  world_.detach();
  end();
  journal.restart();
  authorizer.restart();
}

void Broker::end() {
  ++life_;
  storage_works_ = false;
  if (storage_ != nullptr) storage_->forget_pending();
  core::Core::destroy(core_);
  core_ = nullptr;
  store_.reset();
  arena_.reset();
  memory_ = {};
}

void Broker::begin(Instant now, WallTime wall) {
  if (store_) store_->begin(now, wall);
  core_->begin(now, wall);
}

void Broker::turn() {
  core_->turn();
  if (!store_) return;
  store_->turn();
  if (!storage_->is_pending() || storage_works_) return;
  storage_works_ = true;
  world_.after(Duration{world_.random().in(storage_ms)}, [this, life = life_] {
    if (life != life_) return;
    storage_works_ = false;
    storage_->work();
  });
}

Instant Broker::next_deadline() const {
  const Instant next = core_->next_deadline();
  return store_ ? std::min(next, store_->next_deadline()) : next;
}

void Broker::shut_down() {
  world_.after(Duration{0}, [this] {
    if (running()) core_->shut_down();
  });
}

}  // namespace midge::sim
