// A journal that keeps nothing but a list of what it was told, and answers commits when the test
// wants: inside commit(), a turn or many turns later, or with a failure.
//
//   broker.journal.durable = true;             // from now on records have to become durable
//   broker.journal.hold = true;                // commits stay open ...
//   broker.journal.release();                  // ... until here; the next turn reports them
//   broker.journal.inside_percent = 0;         // never from inside commit()
//   broker.journal.delay_ms = {0, 50};         // 0: in the next turn
//   broker.journal.fail_next = true;           // the next commit fails, and what follows it
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "broker/session/journal.hpp"
#include "platform/sim/random.hpp"

namespace midge::sim {

class World;

class Journal final : public session::Journal {
 public:
  // A record whose views have become its own. The pointers only name; they may dangle.
  struct Entry {
    session::RecordKind kind{};
    const session::Session* session = nullptr;
    const message::Message* message = nullptr;
    std::string text;
    wire::PacketIdentifier packet_id = 0;
    std::uint32_t number = 0;
    session::CommitNumber commit = 0;  // the one that makes it safe
  };

  explicit Journal(World& world);

  bool durable = false;
  // What is_active() says; the core asks once, so before start(). On, so that a test can switch
  // `durable` while the broker runs.
  bool active = true;
  // If set, asked for each record while `durable`: which sessions are durable.
  bool (*is_durable)(const session::Record& record) = nullptr;
  bool hold = false;
  bool is_full = false;  // no room for messages
  std::uint32_t inside_percent = 100;
  Range delay_ms;
  bool fail_next = false;
  std::uint32_t fail_percent = 0;

  // Lets held commits end now, in order.
  void release();

  [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }
  [[nodiscard]] std::size_t count(session::RecordKind kind) const;
  [[nodiscard]] session::CommitNumber commits() const { return commits_; }  // asked for
  [[nodiscard]] session::CommitNumber safe() const { return safe_; }        // reported durable
  [[nodiscard]] std::size_t open_commits() const { return open_.size(); }

  // The broker has gone: commits start at 1 again, open ones are never reported.
  void restart();

  [[nodiscard]] bool is_active() const override { return active; }
  bool record(const session::Record& record) override;
  void on_unused(const message::Message&) override {}
  [[nodiscard]] bool has_room(std::size_t, std::size_t) const override { return !is_full; }
  void evict() override {}
  [[nodiscard]] session::BroughtBack bring_back(session::Session&) override {
    return session::BroughtBack::Done;
  }
  void commit(session::DurableHandler& handler) override;

 private:
  struct Open {
    session::CommitNumber number;
    bool fails;
    bool ready;  // ends as soon as those before it have
  };
  void report_ready();

  World& world_;
  Random random_;
  std::vector<Entry> entries_;
  std::deque<Open> open_;
  session::DurableHandler* handler_ = nullptr;
  session::CommitNumber commits_ = 0;
  session::CommitNumber safe_ = 0;
  std::uint32_t life_ = 0;  // of the broker: what was scheduled in an earlier one is void
};

}  // namespace midge::sim
