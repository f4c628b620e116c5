#include "platform/sim/broker.hpp"

namespace midge::sim {

Broker::Broker(World& world)
    : entropy(world.random().next()),
      journal(world),
      loader(world, *this),
      authorizer(world),
      world_(world),
      memory_(nullptr, FreeAligned{std::align_val_t{kLargestPage}}) {
  settings.listener_count = 1;
  settings.limits.memory_bytes = std::size_t{16} << 20;
}

Broker::~Broker() {
  stop();
}

bool Broker::start() {
  MIDGE_ASSERT(!running());
  const std::size_t bytes = settings.limits.memory_bytes;
  memory_.reset(static_cast<std::uint8_t*>(::operator new (bytes, std::align_val_t{kLargestPage})));
  arena_ = std::make_unique<Arena>(MutableBytes(memory_.get(), bytes), page_bytes, reserve_pages,
                                   backing_);
  metrics = {};
  core_ = core::Core::create(settings, {.arena = *arena_,
                                        .entropy = entropy,
                                        .log = log,
                                        .metrics = metrics,
                                        .journal = journal,
                                        .loader = loader,
                                        .authorizer = authorizer,
                                        .authenticator = *authenticator_,
                                        .virtual_topics = *virtual_topics_,
                                        .look_ahead = match_ahead_});
  if (core_ == nullptr) return false;
  world_.attach(*this);
  return true;
}

void Broker::stop() {
  if (!running()) return;
  world_.detach();
  core::Core::destroy(core_);
  core_ = nullptr;
  arena_.reset();
  memory_.reset();
  journal.restart();
  loader.restart();
  authorizer.restart();
}

void Broker::shut_down() {
  world_.after(Duration{0}, [this] {
    if (running()) core_->shut_down();
  });
}

}  // namespace midge::sim
