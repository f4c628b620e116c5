#include "platform/sim/journal.hpp"

#include <algorithm>

#include "platform/sim/world.hpp"

namespace midge::sim {

Journal::Journal(World& world) : world_(world), random_(world.random().next()) {}

bool Journal::record(const session::Record& record) {
  if (!durable || (is_durable != nullptr && !is_durable(record))) return false;
  entries_.push_back({.kind = record.kind,
                      .session = record.session,
                      .message = record.message,
                      .text = std::string(record.text),
                      .packet_id = record.packet_id,
                      .number = record.number,
                      .commit = commits_ + 1});
  return true;
}

void Journal::commit(session::DurableHandler& handler) {
  handler_ = &handler;
  const session::CommitNumber number = ++commits_;
  const bool fails = fail_next || random_.chance(fail_percent);
  fail_next = false;
  const bool inside =
      !hold && open_.empty() && (inside_percent >= 100 || random_.chance(inside_percent));
  open_.push_back({number, fails, inside});
  if (inside) {
    report_ready();
    return;
  }
  if (hold) return;
  world_.after(Duration{random_.in(delay_ms)}, [this, number, life = life_] {
    if (life != life_) return;
    for (Open& open : open_) {
      if (open.number == number) open.ready = true;
    }
    report_ready();
  });
}

void Journal::release() {
  hold = false;
  world_.after(Duration{0}, [this, life = life_] {
    if (life != life_) return;
    for (Open& open : open_) open.ready = true;
    report_ready();
  });
}

void Journal::report_ready() {
  while (!open_.empty() && open_.front().ready) {
    const Open first = open_.front();
    if (first.fails) {
      open_.clear();  // what follows it has failed with it
      handler_->on_commit_failed(first.number);
      return;
    }
    open_.pop_front();
    safe_ = first.number;
    handler_->on_durable(first.number);
  }
}

std::size_t Journal::count(session::RecordKind kind) const {
  return static_cast<std::size_t>(std::count_if(
      entries_.begin(), entries_.end(), [kind](const Entry& entry) { return entry.kind == kind; }));
}

void Journal::restart() {
  ++life_;
  open_.clear();
  handler_ = nullptr;
  commits_ = 0;
  safe_ = 0;
}

}  // namespace midge::sim
