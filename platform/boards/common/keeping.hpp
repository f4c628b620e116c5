// What a board keeps from one start to the next: a store on its storage, if that answers.
// keeping.cpp is for boards that can have some, no_keeping.cpp for the others.
#pragma once

#include <cstddef>

#include "broker/base/arena.hpp"
#include "broker/base/log.hpp"
#include "broker/base/time.hpp"
#include "broker/core/core.hpp"
#include "broker/hal/entropy.hpp"
#include "broker/hal/storage.hpp"
#include "broker/session/journal.hpp"
#include "broker/settings/settings.hpp"

namespace midge::persist {
class Store;
}

namespace midge::board {

// What of the arena keeping takes; part of what a board promises.
struct KeepingRoom {
  std::size_t buffer_bytes = 0;  // a message that is kept fits, see persist::Log
  // Taken when a start has brought back what was kept, so that clients never fill what the next one
  // needs beside it.
  std::size_t mount_pages = 0;
};

class Keeping {
 public:
  Keeping(const KeepingRoom& room, LogSink& log) : room_(room), log_(log) {}
  Keeping(const Keeping&) = delete;
  Keeping& operator=(const Keeping&) = delete;

  // Starts the storage. False when there is none that may be used.
  [[nodiscard]] bool start();
  // After start(): what a core records in. Null, with a line in the log: the arena is too small.
  [[nodiscard]] session::Journal* open(const settings::Persistence& settings, Arena& arena);
  // Brings back what was kept. False, with a line in the log, when the core can't have it.
  [[nodiscard]] bool bring_back(core::Core& core, hal::Entropy& entropy, Instant now);

  // The three of a turn; see persist::Store.
  void begin(Instant now);
  void turn();
  [[nodiscard]] Instant next_deadline() const;

 private:
  const KeepingRoom& room_;
  LogSink& log_;
  session::NoJournal none_;
  hal::Storage* storage_ = nullptr;  // null: none answers
  persist::Store* store_ = nullptr;  // in the arena; null: nothing is kept
  Arena* arena_ = nullptr;           // when there is a store
  bool has_failed_ = false;          // and it was said
};

}  // namespace midge::board
