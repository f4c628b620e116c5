#include "broker/core/core.hpp"

#include <algorithm>
#include <array>
#include <new>
#include <utility>

#include "broker/core/state.hpp"

namespace midge::core {

using connection::Connection;
using metrics::Cause;
using session::DeadlineKind;

namespace {

// Transports that have not sent their CONNECT yet may come on top of the limit of connections, so
// that one over the limit can be told so.
constexpr std::uint32_t kUnconnectedTransports = 64;

std::uint64_t key_from(const std::array<std::uint8_t, 8>& bytes) {
  std::uint64_t key = 0;
  for (const std::uint8_t byte : bytes) key = key << 8 | byte;
  return key;
}

}  // namespace

Core::State& Core::state() {
  return static_cast<State&>(*this);
}
const Core::State& Core::state() const {
  return static_cast<const State&>(*this);
}

Core* Core::create(const settings::Settings& settings, const Seams& seams) {
  std::array<std::uint8_t, 8> key{};
  if (!seams.entropy.fill(key)) return nullptr;
  // It stands in pages of its own at the front of the arena.
  void* const place = seams.arena.take(pages_of(seams.arena.page_bytes()));
  if (place == nullptr) return nullptr;
  auto* const core = new (place) State(settings, seams, Hasher(key_from(key)));
  if (core->memory.own_pages() > 0 && core->router.is_ready() &&
      core->context.scratch.allocate(core->memory, scratch_bytes(settings.limits))) {
    return core;
  }
  destroy(core);
  return nullptr;
}

void Core::destroy(Core* core) {
  State& state = core->state();
  Arena& arena = state.parts.arena;
  state.~State();
  arena.give(&state, pages_of(arena.page_bytes()));
}

void Core::begin(Instant now, WallTime) {
  state().context.now = now;
  state().router.start_turn(now);
  state().lifecycle.start_turn(now);
}

hal::TransportHandler* Core::accept(hal::Transport& transport, std::uint16_t listener) {
  metrics::Metrics& metrics = state().parts.metrics;
  const std::uint32_t most = state().settings.limits.connections;
  const bool full = most < settings::kUnlimited - kUnconnectedTransports &&
                    metrics.open_connections >= most + kUnconnectedTransports;
  if (full || state().context.shutting_down) {
    metrics.count(Cause::ConnectionLimit);
    return nullptr;
  }
  Memory& memory = state().memory;
  void* const place = memory.allocate(sizeof(connection::Arrival), Reserve::Enter);
  auto* const arrival = place != nullptr ? new (place) connection::Arrival : nullptr;
  Connection* const connection = arrival != nullptr
                                     ? state().connections.create(Reserve::Enter, state().context,
                                                                  transport, listener, *arrival)
                                     : nullptr;
  if (connection == nullptr) {
    if (arrival != nullptr) memory.release(arrival, sizeof(connection::Arrival));
    metrics.count(Cause::MemoryFull);
  }
  return connection;
}

void Core::State::expire() {
  deadlines.advance(context.now);
  // When a turn has queued its share, such as the wills of many clients, only a few more come into
  // it: the rest is still due, and next_deadline() not later than now.
  constexpr int kAlways = 64;
  const routing::Schedule& schedule = router.schedule();
  for (int count = 0; count < kAlways || !(schedule.is_narrow_full() || schedule.is_wide_full());
       ++count) {
    Deadline* const due = deadlines.take();
    if (due == nullptr) break;
    switch (static_cast<DeadlineKind>(due->kind)) {
      case DeadlineKind::Session: {
        auto& session = static_cast<session::Session&>(*due);
        if (session.is_online()) {
          static_cast<Connection&>(*session.attachment).on_deadline();
        } else {
          lifecycle.on_deadline(session);
        }
        break;
      }
      case DeadlineKind::Arrival:
        static_cast<connection::Arrival&>(*due).connection->on_connect_timeout();
        break;
      case DeadlineKind::Retained:
        router.on_expired(static_cast<routing::RetainedExpiry&>(*due));
        break;
      case DeadlineKind::Trim:
        parts.arena.trim();
        break;
      case DeadlineKind::System:
        router.publish_virtual(context.now);
        deadlines.set(system, context.now + settings.sys_interval);
        break;
    }
  }
}

void Core::State::arm_system() {
  // Nothing wakes up for $SYS unless somebody is subscribed to it.
  if (!router.take_subscriptions_changed() || settings.sys_interval.count() == 0) return;
  if (!router.has_virtual_subscriber()) {
    deadlines.clear(system);
  } else if (!system.is_set()) {
    deadlines.set(system, context.now + settings.sys_interval);
  }
}

void Core::State::arm_trim() {
  // Rarely: what comes and goes with the load stays.
  constexpr Duration kInterval{2'000};
  if (parts.arena.is_loose() && !trim.is_set()) deadlines.set(trim, context.now + kInterval);
}

void Core::State::wake_all() {
  sessions.for_each([this](session::Session& session) {
    if (session.is_online()) ready.add(*session.attachment);
  });
}

void Core::State::flush() {
  const auto serve = [this](session::Attachment& attachment) {
    auto& connection = static_cast<Connection&>(attachment);
    if (connection.is_gone()) {
      connections.destroy(&connection);
    } else {
      connection.flush();
    }
  };
  ready.take_now(serve);
  // The receivers of messages for many, some a turn, so that the others need not wait for them.
  constexpr int kWide = 64;
  routing::Schedule& schedule = router.schedule();
  for (int count = 0; count < kWide && !schedule.goes_on(); ++count) {
    session::Attachment* const attachment = ready.take_wide();
    if (attachment == nullptr) break;
    serve(*attachment);
  }
  if (!ready.has_wide()) schedule.on_backlog_flushed();
}

void Core::turn() {
  State& state = this->state();
  state.expire();
  state.arm_system();
  state.commits.commit();
  if (state.commits.take_changed()) {
    state.context.failed_from = state.commits.take_failed();
    state.context.failed_to = state.context.failed_from != 0 ? state.commits.asked() : 0;
    state.wakes_all = true;
  }
  if (std::exchange(state.wakes_all, false)) state.wake_all();
  state.flush();
  state.arm_trim();
  state.context.failed_from = state.context.failed_to = 0;
  if (std::exchange(state.sends_shutdown, false)) {
    // The wills are out; the next turn closes all.
    state.context.ends = true;
    state.wake_all();
    for (connection::Arrival* at = state.context.arrivals.first(); at != nullptr;
         at = state.context.arrivals.next(*at)) {
      state.ready.add(*at->connection);
    }
  }
}

Instant Core::next_deadline() const {
  if (!state().ready.empty() || state().commits.is_pending() || state().sends_shutdown ||
      state().wakes_all || state().lifecycle.is_sweeping()) {
    return state().context.now;
  }
  return state().deadlines.next();
}

void Core::shut_down() {
  State& state = this->state();
  if (state.context.shutting_down) return;
  state.context.shutting_down = true;
  // Wills first, while those who want them are still there; they leave with the next turn.
  state.sessions.for_each(
      [&](session::Session& session) { state.lifecycle.publish_will(session); });
  state.sends_shutdown = true;
}

bool Core::drained() const {
  return state().context.shutting_down && state().connections.used() == 0 &&
         state().ready.empty() && !state().sends_shutdown;
}

void Core::on_loaded() {
  state().wakes_all = true;
}

Rooms Core::rooms() {
  return {state().messages, state().sessions, state().router, state().lifecycle,
          state().parts.metrics};
}

session::DurableHandler& Core::durable_handler() {
  return state().commits;
}

auth::DecisionHandler& Core::decision_handler() {
  return state();
}

}  // namespace midge::core
