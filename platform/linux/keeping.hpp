// What a broker on Linux keeps from one run to the next: a store in a directory, when the
// configuration asks for it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "broker/base/arena.hpp"
#include "broker/base/log.hpp"
#include "broker/base/time.hpp"
#include "broker/core/core.hpp"
#include "broker/hal/entropy.hpp"
#include "broker/persist/store.hpp"
#include "broker/persist/store_topics.hpp"
#include "broker/session/journal.hpp"
#include "broker/settings/settings.hpp"
#include "platform/linux/address_space.hpp"
#include "platform/linux/event_loop.hpp"
#include "platform/linux/file_storage.hpp"

namespace midge::platform {

class Keeping {
 public:
  Keeping(const settings::Persistence& settings, LogSink& log) : settings_(settings), log_(log) {}
  Keeping(const Keeping&) = delete;
  Keeping& operator=(const Keeping&) = delete;

  // Takes the directory. False, with a line in the log, when it can't be had.
  [[nodiscard]] bool open(EventLoop& loop, Arena& arena);
  // After open(): what a core records in.
  [[nodiscard]] session::Journal& journal();
  // Brings back what was kept. False, with a line in the log, when the core can't have it.
  [[nodiscard]] bool bring_back(core::Core& core, hal::Entropy& entropy, Instant now,
                                WallTime wall);

  // The three of a turn, and what follows the last one; see persist::Store.
  void begin(Instant now, WallTime wall);
  void turn();
  [[nodiscard]] Instant next_deadline() const;
  void finish();
  // After open(): the topics of `others`, and those of the store if there is one.
  [[nodiscard]] routing::VirtualTopics& topics(routing::VirtualTopics& others);
  [[nodiscard]] bool is_idle() const { return !store_ || store_->is_idle(); }

 private:
  void copy_aside(std::string_view location);
  void say_failure();

  const settings::Persistence& settings_;
  LogSink& log_;
  session::NoJournal none_;
  AddressSpace buffer_;  // outlives the storage, whose thread may still read it
  AddressSpace reading_;
  FileStorage storage_;
  std::optional<persist::Store> store_;  // none: nothing is kept
  persist::Restored restored_;
  std::optional<persist::StoreTopics> topics_;
  bool has_failed_ = false;  // and it was said
};

}  // namespace midge::platform
