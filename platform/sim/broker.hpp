// The broker in the simulator: arena, settings, seams and core, driven by the world. Set the public
// members before start().
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "broker/auth/authenticator.hpp"
#include "broker/base/arena.hpp"
#include "broker/core/core.hpp"
#include "broker/metrics/metrics.hpp"
#include "broker/persist/store.hpp"
#include "broker/routing/match_ahead.hpp"
#include "broker/routing/virtual_topics.hpp"
#include "broker/settings/settings.hpp"
#include "platform/sim/arena_memory.hpp"
#include "platform/sim/authorizer.hpp"
#include "platform/sim/entropy.hpp"
#include "platform/sim/journal.hpp"
#include "platform/sim/log.hpp"
#include "platform/sim/storage.hpp"
#include "platform/sim/world.hpp"

namespace midge::sim {

class Broker final : private Engine {
 public:
  // `world` outlives the broker.
  explicit Broker(World& world);
  Broker(const Broker&) = delete;
  Broker& operator=(const Broker&) = delete;
  ~Broker();

  // One listener, anonymous clients allowed, 16 MiB of memory.
  settings::Settings settings;
  std::size_t page_bytes = ArenaMemory::kAlignment;
  std::size_t reserve_pages = 64;
  persist::Store::Eviction eviction{};  // with keep_in()
  Entropy entropy;
  Log log;
  Journal journal;
  Authorizer authorizer;
  metrics::Metrics metrics;  // starts anew with the broker

  // What to plug in instead of the null objects; outlives the broker. Before start().
  void use(routing::VirtualTopics& topics) { virtual_topics_ = &topics; }
  void use(auth::Authenticator& authenticator) { authenticator_ = &authenticator; }

  // What it keeps it keeps there: a real journal instead of `journal`. Before start(); `storage`
  // outlives the broker. The buffer is cut in two, see persist::Log.
  void keep_in(Storage& storage, std::size_t buffer_bytes, Duration interval = Duration{0});
  // How long a storage that is late takes.
  Range storage_ms{1, 10};

  // False when the core can't be made (no entropy, too little memory), or what was kept can't be
  // brought back.
  [[nodiscard]] bool start();
  // The power is cut: everything in memory is gone, clients see a reset. start() may follow.
  void stop();
  // Ends in order, in the next turn; drained() tells when it is over.
  void shut_down();
  [[nodiscard]] bool running() const { return core_ != nullptr; }

  // Only while running.
  [[nodiscard]] core::Core& core() { return *core_; }
  [[nodiscard]] Arena& arena() { return *arena_; }
  // Only with keep_in().
  [[nodiscard]] persist::Store& store() { return *store_; }
  // What the last start() brought back.
  [[nodiscard]] const persist::Restored& restored() const { return restored_; }
  [[nodiscard]] persist::MountError mount_error() const { return mount_error_; }

 private:
  void end();
  void begin(Instant now, WallTime wall) override;
  void turn() override;
  [[nodiscard]] Instant next_deadline() const override;
  [[nodiscard]] hal::TransportHandler* accept(hal::Transport& transport,
                                              std::uint16_t listener) override {
    return core_->accept(transport, listener);
  }

  World& world_;
  ArenaMemory memory_;
  NoBacking backing_;
  std::unique_ptr<Arena> arena_;
  routing::NoVirtualTopics no_virtual_topics_;
  routing::VirtualTopics* virtual_topics_ = &no_virtual_topics_;
  routing::MatchAhead match_ahead_;
  auth::NoAuthenticator no_authenticator_;
  auth::Authenticator* authenticator_ = &no_authenticator_;
  core::Core* core_ = nullptr;

  Storage* storage_ = nullptr;
  std::vector<std::uint8_t> storage_buffer_;
  std::vector<std::uint8_t> reading_buffer_;
  Duration storage_interval_{0};
  std::optional<persist::Store> store_;
  persist::Restored restored_;
  persist::MountError mount_error_ = persist::MountError::None;
  std::uint32_t life_ = 0;  // what was scheduled in an earlier one is void
  bool storage_works_ = false;
};

}  // namespace midge::sim
