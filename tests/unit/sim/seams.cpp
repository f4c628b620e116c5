// What the simulator plugs into the broker's seams.
#include <doctest/doctest.h>

#include "broker/session/journal.hpp"
#include "platform/sim/authorizer.hpp"
#include "platform/sim/entropy.hpp"
#include "platform/sim/journal.hpp"
#include "platform/sim/log.hpp"
#include "platform/sim/world.hpp"

namespace midge::test {
namespace {

using namespace std::chrono_literals;
using sim::World;

struct Durable final : session::DurableHandler {
  std::vector<session::CommitNumber> safe;
  std::vector<session::CommitNumber> failed;
  void on_durable(session::CommitNumber number) override { safe.push_back(number); }
  void on_commit_failed(session::CommitNumber number) override { failed.push_back(number); }
};
using Numbers = std::vector<session::CommitNumber>;

TEST_CASE("a journal that is not durable has nothing to wait for") {
  World world;
  sim::Journal journal(world);
  session::Record record;
  record.kind = session::RecordKind::InboundOpened;
  record.packet_id = 7;
  CHECK_FALSE(journal.record(record));
  journal.durable = true;
  journal.is_durable = [](const session::Record& asked) { return asked.packet_id == 7; };
  CHECK(journal.record(record));
  record.packet_id = 6;
  CHECK_FALSE(journal.record(record));
  CHECK(journal.count(session::RecordKind::InboundOpened) == 1);
}

TEST_CASE("commits end inside, in the next turn, later, or when released; always in order") {
  World world;
  sim::Journal journal(world);
  Durable durable;
  journal.commit(durable);
  CHECK(durable.safe == Numbers{1});

  journal.inside_percent = 0;
  journal.commit(durable);
  CHECK(durable.safe == Numbers{1});
  world.settle();
  CHECK(durable.safe == Numbers{1, 2});

  journal.delay_ms = {30, 30};
  journal.commit(durable);
  journal.delay_ms = {10, 10};
  journal.commit(durable);
  world.advance(29ms);
  CHECK(durable.safe == Numbers{1, 2});
  world.advance(1ms);
  CHECK(durable.safe == Numbers{1, 2, 3, 4});

  journal.hold = true;
  journal.commit(durable);
  journal.inside_percent = 100;
  journal.commit(durable);
  world.advance(1h);
  CHECK(journal.open_commits() == 2);
  journal.release();
  world.settle();
  CHECK(durable.safe == Numbers{1, 2, 3, 4, 5, 6});
}

TEST_CASE("a commit that fails takes those behind it along") {
  World world;
  sim::Journal journal(world);
  Durable durable;
  journal.hold = true;
  journal.commit(durable);
  journal.fail_next = true;
  journal.commit(durable);
  journal.commit(durable);
  journal.release();
  world.settle();
  CHECK(durable.safe == Numbers{1});
  CHECK(durable.failed == Numbers{2});
  journal.commit(durable);
  CHECK(durable.safe == Numbers{1, 4});
}

struct Decisions final : auth::DecisionHandler {
  std::vector<std::pair<auth::Ticket, auth::Decision>> made;
  void on_decision(auth::Ticket ticket, auth::Verdict verdict) override {
    made.emplace_back(ticket, verdict.decision);
  }
};

TEST_CASE("the authorizer goes by its tables, at once or later") {
  World world;
  sim::Authorizer authorizer(world);
  Decisions decisions;
  const settings::Listener open{};
  settings::Listener closed{};
  closed.allow_anonymous = false;
  const auto ask = [&](const settings::Listener& listener, std::string_view id,
                       std::optional<std::string_view> user = {}, std::string_view password = {}) {
    std::optional<Bytes> bytes;
    if (user) bytes = as_bytes(password);
    return authorizer.connect(
        {.listener = listener, .client_id = id, .user_name = user, .password = bytes, .peer = {}},
        9, decisions);
  };

  CHECK(ask(open, "a").decision == auth::Decision::Allowed);
  CHECK(ask(closed, "a").decision == auth::Decision::Denied);
  CHECK(ask(closed, "a", "ada").decision == auth::Decision::Allowed);
  authorizer.user("ada", "secret");
  CHECK(ask(closed, "a", "ada", "secret").decision == auth::Decision::Allowed);
  CHECK(ask(closed, "a", "ada", "x").reason == wire::ReasonCode::BadUserNameOrPassword);
  CHECK(ask(closed, "a", "bob", "secret").decision == auth::Decision::Denied);
  authorizer.deny_connect("mallory", wire::ReasonCode::Banned);
  CHECK(ask(open, "mallory").reason == wire::ReasonCode::Banned);

  authorizer.deny_publish("secret/#");
  authorizer.deny_subscribe("secret/#");
  CHECK_FALSE(authorizer.may_publish({}, "secret/x"));
  CHECK(authorizer.may_publish({}, "open"));
  CHECK_FALSE(authorizer.may_subscribe({}, "secret/#"));
  CHECK(authorizer.may_subscribe({}, "#"));

  authorizer.pending = true;
  CHECK(ask(open, "a").decision == auth::Decision::Pending);
  CHECK(authorizer.waiting() == 1);
  authorizer.decide();
  CHECK(decisions.made.empty());
  world.settle();
  REQUIRE(decisions.made.size() == 1);
  CHECK(decisions.made[0].first == 9);
  CHECK(decisions.made[0].second == auth::Decision::Allowed);
}

TEST_CASE("topic_matches() follows section 4.7") {
  using sim::topic_matches;
  CHECK(topic_matches("a/b", "a/b"));
  CHECK_FALSE(topic_matches("a/b", "a"));
  CHECK_FALSE(topic_matches("a", "a/b"));
  CHECK(topic_matches("#", "a/b"));
  CHECK(topic_matches("a/#", "a"));
  CHECK(topic_matches("a/#", "a/b/c"));
  CHECK(topic_matches("+", "a"));
  CHECK_FALSE(topic_matches("+", "/a"));
  CHECK(topic_matches("+/+", "/a"));
  CHECK(topic_matches("/+", "/a"));
  CHECK(topic_matches("a/+", "a/"));
  CHECK_FALSE(topic_matches("a/+", "a"));
  CHECK(topic_matches("a/+/c", "a/b/c"));
  CHECK_FALSE(topic_matches("#", "$SYS/x"));
  CHECK_FALSE(topic_matches("+/x", "$SYS/x"));
  CHECK(topic_matches("$SYS/#", "$SYS/x"));
}

TEST_CASE("entropy is the same for a seed, and fails when told") {
  std::vector<std::uint8_t> one(100);
  std::vector<std::uint8_t> two(100);
  CHECK(sim::Entropy(1).fill(one));
  CHECK(sim::Entropy(1).fill(two));
  CHECK(one == two);
  CHECK(sim::Entropy(2).fill(two));
  CHECK(one != two);
  sim::Entropy failing(1);
  failing.failing = true;
  CHECK_FALSE(failing.fill(one));
}

TEST_CASE("the log keeps what is wanted") {
  sim::Log log;
  log.least = LogLevel::Notice;
  CHECK(log.wants(LogLevel::Error));
  CHECK_FALSE(log.wants(LogLevel::Debug));
  log.write(LogLevel::Notice, "New client connected");
  CHECK(log.has("client"));
  CHECK(log.count("server") == 0);
}

}  // namespace
}  // namespace midge::test
