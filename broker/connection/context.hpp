// What all connections of a broker share.
#pragma once

#include <array>

#include "broker/auth/authenticator.hpp"
#include "broker/auth/authorizer.hpp"
#include "broker/base/deadlines.hpp"
#include "broker/base/list.hpp"
#include "broker/base/log.hpp"
#include "broker/base/memory.hpp"
#include "broker/connection/halves.hpp"
#include "broker/connection/outbox_scratch.hpp"
#include "broker/hal/entropy.hpp"
#include "broker/metrics/metrics.hpp"
#include "broker/routing/lifecycle.hpp"
#include "broker/routing/router.hpp"
#include "broker/session/sessions.hpp"
#include "broker/settings/settings.hpp"

namespace midge::connection {

struct Arrival;

struct Context {
  const settings::Settings& settings;
  Memory& memory;
  message::Messages& messages;
  session::Sessions& sessions;
  session::Commits& commits;
  session::ReadyList& ready;
  routing::Router& router;
  routing::Lifecycle& lifecycle;
  Deadlines& deadlines;
  metrics::Metrics& metrics;
  LogSink& log;
  hal::Entropy& entropy;
  auth::Authorizer& authorizer;
  auth::Authenticator& authenticator;
  auth::DecisionHandler& decisions;

  Halves halves;
  OutboxScratch scratch{};
  List<Arrival, Arrival> arrivals{};  // connections without a session yet
  // Clients connected through each listener.
  std::array<std::uint32_t, settings::kMaximumListeners> clients{};
  Instant now{};
  auth::Ticket last_ticket = 0;
  bool shutting_down = false;
  bool ends = false;  // all connections are to be closed
  // Commits that failed, while a turn deals with them; 0: none.
  session::CommitNumber failed_from = 0;
  session::CommitNumber failed_to = 0;
};

}  // namespace midge::connection
