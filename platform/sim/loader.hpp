// A loader that can let the broker wait for a payload, or lose it.
//
//   broker.loader.pending_percent = 100;       // answers Pending first ...
//   broker.loader.delay_ms = {5, 20};          // ... and has it so much later
//   broker.loader.hold = true;                 // Pending until release()
//   broker.loader.fail_percent = 10;           // what was pending has then failed
#pragma once

#include <cstdint>
#include <map>

#include "broker/message/loader.hpp"
#include "platform/sim/random.hpp"

namespace midge::sim {

class World;

class LoadedHandler {
 public:
  virtual void on_loaded() = 0;

 protected:
  ~LoadedHandler() = default;
};

class Loader final : public message::Loader {
 public:
  Loader(World& world, LoadedHandler& handler);

  std::uint32_t pending_percent = 0;
  std::uint32_t fail_percent = 0;
  Range delay_ms;
  bool hold = false;

  void release();
  [[nodiscard]] std::uint64_t times_pending() const { return times_pending_; }

  // The broker has gone.
  void restart();

  [[nodiscard]] message::Loaded load(message::Message& message) override;

 private:
  // Looked up only, never walked in an order that shows: pointers differ from run to run.
  std::map<const message::Message*, message::Loaded> asked_;
  World& world_;
  LoadedHandler& handler_;
  Random random_;
  std::uint64_t times_pending_ = 0;
  std::uint32_t life_ = 0;
};

}  // namespace midge::sim
