// The broker: owns sessions, connections and routing, and is driven by a platform. It does no I/O
// and reads no clock.
//
// One turn of the platform's loop:
//   core.begin(now, wall);           before the first event
//   ... accept(), and the handlers' on_received() etc. for what is ready ...
//   core.turn();                     expiries, one journal commit, one write per ready connection
//   wait for events, at most until core.next_deadline()
#pragma once

#include <cstdint>

#include "broker/auth/authenticator.hpp"
#include "broker/auth/authorizer.hpp"
#include "broker/base/arena.hpp"
#include "broker/base/log.hpp"
#include "broker/base/time.hpp"
#include "broker/hal/entropy.hpp"
#include "broker/hal/listener.hpp"
#include "broker/metrics/metrics.hpp"
#include "broker/routing/lifecycle.hpp"
#include "broker/routing/look_ahead.hpp"
#include "broker/routing/virtual_topics.hpp"
#include "broker/session/journal.hpp"
#include "broker/settings/settings.hpp"

namespace midge::core {

// What the core stands on and what is plugged into it. All of it outlives the core.
struct Seams {
  Arena& arena;
  hal::Entropy& entropy;
  LogSink& log;
  metrics::Metrics& metrics;
  session::Journal& journal;
  auth::Authorizer& authorizer;
  auth::Authenticator& authenticator;
  routing::VirtualTopics& virtual_topics;
  routing::LookAhead& look_ahead;
};

// What a core keeps, for a journal that brings it back.
struct Rooms {
  message::Messages& messages;
  session::Sessions& sessions;
  routing::Router& router;
  routing::Lifecycle& lifecycle;
  metrics::Metrics& metrics;
};

class Core : public hal::Acceptor {
 public:
  // The core itself lives in the arena. Null when the entropy source fails or the arena is too
  // small for an empty broker. `settings` outlives the core.
  [[nodiscard]] static Core* create(const settings::Settings& settings, const Seams& seams);
  static void destroy(Core* core);
  // The pages that it takes for itself at once; see state.hpp.
  [[nodiscard]] static constexpr std::size_t pages_of(std::size_t page_bytes);

  // Opens a turn: `now` holds for all events until turn() has ended; it never goes back.
  void begin(Instant now, WallTime wall);

  [[nodiscard]] hal::TransportHandler* accept(hal::Transport& transport,
                                              std::uint16_t listener) override;

  // Ends a turn.
  void turn();

  // When begin()/turn() must come even without an event; kNever when there is nothing to wait for,
  // and not later than now when work is left over from this turn.
  [[nodiscard]] Instant next_deadline() const;

  // Ends in order: no more connections are accepted, 5.0 clients get DISCONNECT 0x8B, undelayed
  // wills are published first. Finished when drained(), which takes turns.
  void shut_down();
  [[nodiscard]] bool drained() const;

  // What a journal answered Later for is there or has failed.
  void on_loaded();

  [[nodiscard]] Rooms rooms();
  // For a journal that finishes later than inside commit().
  [[nodiscard]] session::DurableHandler& durable_handler();
  // For an authorizer that answers later.
  [[nodiscard]] auth::DecisionHandler& decision_handler();

 private:
  struct State;  // what it is made of: the Core is its base
  Core() = default;
  ~Core() = default;

  [[nodiscard]] State& state();
  [[nodiscard]] const State& state() const;
};

}  // namespace midge::core
