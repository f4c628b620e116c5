// The broker in the simulator: arena, settings, seams and core, driven by the world. Set the public
// members before start().
#pragma once

#include <cstddef>
#include <memory>
#include <new>

#include "broker/auth/authenticator.hpp"
#include "broker/base/arena.hpp"
#include "broker/core/core.hpp"
#include "broker/metrics/metrics.hpp"
#include "broker/routing/match_ahead.hpp"
#include "broker/routing/virtual_topics.hpp"
#include "broker/settings/settings.hpp"
#include "platform/sim/authorizer.hpp"
#include "platform/sim/entropy.hpp"
#include "platform/sim/journal.hpp"
#include "platform/sim/loader.hpp"
#include "platform/sim/log.hpp"
#include "platform/sim/world.hpp"

namespace midge::sim {

class Broker final : private Engine, private LoadedHandler {
 public:
  // `world` outlives the broker.
  explicit Broker(World& world);
  Broker(const Broker&) = delete;
  Broker& operator=(const Broker&) = delete;
  ~Broker();

  // One listener, anonymous clients allowed, 16 MiB of memory.
  settings::Settings settings;
  std::size_t page_bytes = kLargestPage;
  std::size_t reserve_pages = 64;
  Entropy entropy;
  Log log;
  Journal journal;
  Loader loader;
  Authorizer authorizer;
  metrics::Metrics metrics;  // starts anew with the broker

  // What to plug in instead of the null objects; outlives the broker. Before start().
  void use(routing::VirtualTopics& topics) { virtual_topics_ = &topics; }
  void use(auth::Authenticator& authenticator) { authenticator_ = &authenticator; }

  // False when the core can't be made (no entropy, too little memory).
  [[nodiscard]] bool start();
  // The power is cut: everything in memory is gone, clients see a reset. start() may follow.
  void stop();
  // Ends in order, in the next turn; drained() tells when it is over.
  void shut_down();
  [[nodiscard]] bool running() const { return core_ != nullptr; }

  // Only while running.
  [[nodiscard]] core::Core& core() { return *core_; }
  [[nodiscard]] Arena& arena() { return *arena_; }

 private:
  static constexpr std::size_t kLargestPage = 4'096;
  struct FreeAligned {
    std::align_val_t alignment;
    void operator()(std::uint8_t* memory) const { ::operator delete(memory, alignment); }
  };

  void begin(Instant now, WallTime wall) override { core_->begin(now, wall); }
  void turn() override { core_->turn(); }
  [[nodiscard]] Instant next_deadline() const override { return core_->next_deadline(); }
  [[nodiscard]] hal::TransportHandler* accept(hal::Transport& transport,
                                              std::uint16_t listener) override {
    return core_->accept(transport, listener);
  }
  void on_loaded() override {
    if (core_ != nullptr) core_->on_loaded();
  }

  World& world_;
  std::unique_ptr<std::uint8_t, FreeAligned> memory_;
  NoBacking backing_;
  std::unique_ptr<Arena> arena_;
  routing::NoVirtualTopics no_virtual_topics_;
  routing::VirtualTopics* virtual_topics_ = &no_virtual_topics_;
  routing::MatchAhead match_ahead_;
  auth::NoAuthenticator no_authenticator_;
  auth::Authenticator* authenticator_ = &no_authenticator_;
  core::Core* core_ = nullptr;
};

}  // namespace midge::sim
