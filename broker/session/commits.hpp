// Which promises wait for the journal. Handlers record changes; one commit a turn makes them
// durable; whoever must wait compares its number.
#pragma once

#include <cstdint>

#include "broker/session/journal.hpp"

namespace midge::session {

class Commits final : public DurableHandler {
 public:
  explicit Commits(Journal& journal) : journal_(journal), active_(journal.is_active()) {}
  Commits(const Commits&) = delete;
  Commits& operator=(const Commits&) = delete;

  // Whether record() can ever answer true.
  [[nodiscard]] bool is_active() const { return active_; }

  // Tells the journal. True when it has to become durable before it is acknowledged.
  bool record(const Record& change);
  bool record(RecordKind kind, const Session* session, const Delivery* delivery = nullptr) {
    return active_ && record({.kind = kind, .session = session, .delivery = delivery});
  }
  bool record(RecordKind kind, const Group& group, const Delivery* delivery = nullptr);

  // Whether a message of so many bytes finds room in the journal with all its receivers.
  [[nodiscard]] bool has_room(std::size_t bytes, std::size_t receivers) const {
    return !active_ || journal_.has_room(bytes, receivers);
  }

  // The commit that everything recorded so far is part of, 0 when nothing was.
  [[nodiscard]] CommitNumber pending() const { return pending_ ? asked_ + 1 : asked_; }
  [[nodiscard]] std::uint64_t records() const { return records_; }

  [[nodiscard]] bool is_durable(CommitNumber number) const { return number <= durable_; }
  // The same for the low half of a number: what waits is never 2^31 commits old.
  [[nodiscard]] bool is_durable_low(std::uint32_t number) const {
    return static_cast<std::int32_t>(number - static_cast<std::uint32_t>(durable_)) <= 0;
  }

  // What a session has on storage only; see Journal.
  [[nodiscard]] BroughtBack bring_back(Session& session) { return journal_.bring_back(session); }

  // Ends a turn: asks for one commit when anything is pending.
  void commit() {
    if (active_) journal_.evict();
    if (!pending_) return;
    pending_ = false;
    ++asked_;
    journal_.commit(*this);
  }

  void on_durable(CommitNumber number) override {
    if (number > durable_) durable_ = number;
    changed_ = true;
  }
  void on_commit_failed(CommitNumber number) override {
    if (failed_from_ == 0 || number < failed_from_) failed_from_ = number;
    changed_ = true;
  }

  // Whether the next commit() has something to ask for.
  [[nodiscard]] bool is_pending() const { return pending_; }

  // Whether either has been called since the last time this was asked.
  [[nodiscard]] bool take_changed() {
    const bool changed = changed_;
    changed_ = false;
    return changed;
  }
  // The first commit that failed, once; everything that waits for it or a later one that was asked
  // by then is lost. 0: none.
  [[nodiscard]] CommitNumber take_failed() {
    const CommitNumber failed = failed_from_;
    failed_from_ = 0;
    return failed;
  }
  [[nodiscard]] CommitNumber asked() const { return asked_; }

 private:
  Journal& journal_;
  const bool active_;
  std::uint64_t records_ = 0;
  CommitNumber asked_ = 0;
  CommitNumber durable_ = 0;
  CommitNumber failed_from_ = 0;
  bool pending_ = false;
  bool changed_ = false;
};

}  // namespace midge::session
