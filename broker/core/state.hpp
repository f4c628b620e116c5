// What a core is made of. For this room only: core.cpp works on it, budget.hpp asks for its size.
#pragma once

#include <algorithm>
#include <cstddef>

#include "broker/connection/connection.hpp"
#include "broker/connection/context.hpp"
#include "broker/core/core.hpp"

namespace midge::core {

// The outbox builds a turn's packets for one connection in this much: what most receive windows
// take at once, less where all memory is small.
[[nodiscard]] constexpr std::size_t scratch_bytes(const settings::Limits& limits) {
  return std::clamp<std::size_t>(limits.memory_bytes / 64, 2'048, std::size_t{128} << 10);
}

struct Core::State final : Core, auth::DecisionHandler {
  State(const settings::Settings& chosen, const Seams& seams, Hasher hasher)
      : settings(chosen),
        parts(seams),
        memory(seams.arena),
        messages(memory, {seams.metrics.stored_messages, seams.metrics.stored_bytes},
                 seams.journal.is_active() ? &seams.journal : nullptr),
        commits(seams.journal),
        sessions(memory, messages, seams.metrics, chosen.limits, commits, hasher),
        deadlines(Instant{}),
        router({.memory = memory,
                .hasher = hasher,
                .sessions = sessions,
                .ready = ready,
                .deadlines = deadlines,
                .metrics = seams.metrics,
                .settings = chosen,
                .virtual_topics = seams.virtual_topics,
                .look_ahead = seams.look_ahead}),
        lifecycle(sessions, router, deadlines, seams.metrics, seams.authorizer),
        context{.settings = chosen,
                .memory = memory,
                .messages = messages,
                .sessions = sessions,
                .commits = commits,
                .ready = ready,
                .router = router,
                .lifecycle = lifecycle,
                .deadlines = deadlines,
                .metrics = seams.metrics,
                .log = seams.log,
                .entropy = seams.entropy,
                .authorizer = seams.authorizer,
                .authenticator = seams.authenticator,
                .decisions = *this,
                .halves = connection::Halves(seams.arena)},
        connections(seams.arena) {
    system.kind = static_cast<std::uint8_t>(session::DeadlineKind::System);
    trim.kind = static_cast<std::uint8_t>(session::DeadlineKind::Trim);
  }

  void on_decision(auth::Ticket ticket, auth::Verdict verdict) override {
    for (connection::Arrival* at = context.arrivals.first(); at != nullptr;
         at = context.arrivals.next(*at)) {
      if (at->connection->on_decision(ticket, verdict)) return;
    }
  }

  void expire();
  void flush();
  void wake_all();
  void arm_system();
  void arm_trim();

  const settings::Settings& settings;
  Seams parts;
  Memory memory;
  message::Messages messages;
  session::Commits commits;
  session::Sessions sessions;
  session::ReadyList ready;
  Deadlines deadlines;
  routing::Router router;
  routing::Lifecycle lifecycle;
  connection::Context context;
  Pool<connection::Connection> connections;
  Deadline system;              // the next $SYS values
  Deadline trim;                // memory goes back to the system
  bool sends_shutdown = false;  // the next turn closes all connections
  bool wakes_all = false;       // something that deliveries waited for has come
};

constexpr std::size_t Core::pages_of(std::size_t page_bytes) {
  return round_up(sizeof(State), page_bytes) / page_bytes;
}

}  // namespace midge::core
