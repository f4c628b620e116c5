// What the records of a store come to, and how they are shown.
#include <doctest/doctest.h>

#include <cstdlib>
#include <memory>
#include <vector>

#include "broker/persist/contents.hpp"
#include "broker/persist/describe.hpp"

using namespace midge;
using persist::Contents;
using persist::Record;
using enum persist::RecordType;

namespace {

// Contents, and the memory they are counted in.
class World {
 public:
  explicit World(std::size_t bytes = std::size_t{1} << 20)
      : memory_(static_cast<std::uint8_t*>(std::aligned_alloc(4'096, bytes)), std::free),
        arena_({memory_.get(), bytes}, 4'096, 0, backing_),
        contents(arena_) {}

  World& add(const Record& record) {
    contents.add(record);
    return *this;
  }

 private:
  NoBacking backing_;
  std::unique_ptr<std::uint8_t, void (*)(void*)> memory_;
  Arena arena_;

 public:
  Contents contents;
};

const Record kSession{
    .type = Session, .owner = 1, .numbers = {0, 0, 0, persist::flags::kWhole}, .texts = {"id"}};
const Record kMessage{.type = Message, .message = 5, .texts = {"topic"}};
const Record kQueued{.type = Queued, .owner = 1, .message = 5};
const Record kLaunched{.type = Launched, .owner = 1, .message = 5, .numbers = {9}};

}  // namespace

TEST_CASE("what begins counts once, however often it is told, and what ends does not") {
  World world;
  const Contents::Counts& counts = world.contents.counts();
  for (int i = 0; i < 2; ++i) {
    world.add(kSession)
        .add({.type = Subscribed, .owner = 1, .texts = {"a"}})
        .add({.type = Subscribed, .owner = 1, .texts = {"b"}})
        .add(kMessage)
        .add(kQueued)
        .add(kLaunched)
        .add({.type = InboundOpened, .owner = 1, .numbers = {9}})
        .add({.type = Retained, .message = 5})
        .add({.type = Will, .owner = 1, .message = 5})
        .add({.type = Group, .owner = 2, .texts = {"$share/g/a"}})
        .add({.type = Queued, .owner = 2, .message = 5});
    CHECK(counts.sessions == 1);
    CHECK(counts.groups == 1);
    CHECK(counts.subscriptions == 2);
    CHECK(counts.messages == 1);
    CHECK(counts.queued == 2);
    CHECK(counts.launched == 1);
    CHECK(counts.inbound == 1);
    CHECK(counts.retained == 1);
    CHECK(counts.wills == 1);
  }
  world.add({.type = Unsubscribed, .owner = 1, .texts = {"a"}});
  CHECK(counts.subscriptions == 1);
  world.add({.type = Done, .owner = 1, .numbers = {9}});
  CHECK(counts.queued == 1);
  CHECK(counts.launched == 0);
  world.add({.type = InboundClosed, .owner = 1, .numbers = {9}});
  CHECK(counts.inbound == 0);
  world.add({.type = WillGone, .owner = 1});
  CHECK(counts.wills == 0);
  world.add({.type = Discarded, .owner = 2, .message = 5});
  CHECK(counts.queued == 0);
  CHECK(counts.messages == 1);
  world.add({.type = RetainedGone, .texts = {"topic"}});
  CHECK(counts.retained == 0);
  CHECK(counts.messages == 0);
  world.add({.type = OwnerEnded, .owner = 1});
  world.add({.type = OwnerEnded, .owner = 2});
  CHECK(counts.sessions + counts.groups + counts.subscriptions == 0);
}

TEST_CASE("with its owner ends what was the owner's, and a session that is new has nothing") {
  World world;
  const Contents::Counts& counts = world.contents.counts();
  for (const bool ends : {true, false}) {
    world.add(kSession)
        .add({.type = Subscribed, .owner = 1, .texts = {"a"}})
        .add(kMessage)
        .add(kQueued)
        .add(kLaunched);
    REQUIRE(counts.launched == 1);
    if (ends) {
      world.add({.type = OwnerEnded, .owner = 1});
      CHECK(counts.sessions == 0);
    } else {
      world.add({.type = Session,
                 .owner = 1,
                 .numbers = {0, 0, 0, persist::flags::kWhole | persist::flags::kAnew}});
      CHECK(counts.sessions == 1);
    }
    CHECK(counts.subscriptions == 0);
    CHECK(counts.queued == 0);
    CHECK(counts.launched == 0);
    CHECK(counts.messages == 0);
  }
}

TEST_CASE("what names something that is over does not count") {
  World world;
  world.add(kQueued).add(kLaunched).add({.type = Subscribed, .owner = 1, .texts = {"a"}});
  world.add(kSession).add(kQueued).add({.type = Retained, .message = 5});
  const Contents::Counts& counts = world.contents.counts();
  CHECK(counts.subscriptions + counts.queued + counts.launched + counts.retained == 0);
  CHECK(counts.sessions == 1);
}

TEST_CASE("a topic has one retained message, and an identifier one delivery") {
  World world;
  const Contents::Counts& counts = world.contents.counts();
  world.add(kSession).add(kMessage).add({.type = Retained, .message = 5});
  world.add({.type = Message, .message = 6, .texts = {"topic"}})
      .add({.type = Retained, .message = 6});
  CHECK(counts.retained == 1);
  CHECK(counts.messages == 1);
  world.add(kQueued).add(kLaunched).add({.type = Queued, .owner = 1, .message = 6});
  world.add({.type = Launched, .owner = 1, .message = 6, .numbers = {9, persist::flags::kCopied}});
  CHECK(counts.launched == 1);
  CHECK(counts.queued == 2);
  world.add({.type = Done, .owner = 1, .numbers = {9}});
  CHECK(counts.queued == 1);
}

TEST_CASE("with too little memory it is said that not all was counted") {
  World world(64 * 1'024);
  for (std::uint64_t number = 1; number <= 1'000; ++number)
    world.add({.type = Message, .message = number});
  CHECK_FALSE(world.contents.is_complete());
}

TEST_CASE("every type of record has a name, and a name for each of its fields") {
  for (std::size_t type = 1; type < persist::kRecordTypes; ++type) {
    CAPTURE(type);
    const auto record_type = static_cast<persist::RecordType>(type);
    const persist::RecordNames names = persist::names_of(record_type);
    CHECK_FALSE(names.type.empty());
    // Each field that has a name costs a byte at least, and no other does.
    std::size_t fields = 0;
    if (!names.owner.empty()) ++fields;
    if (!names.message.empty()) ++fields;
    for (const std::string_view name : names.numbers) fields += name.empty() ? 0 : 1;
    std::size_t texts = 0;
    for (const std::string_view name : names.texts) texts += name.empty() ? 0 : 1;
    // The last text has no length of its own.
    if (texts > 0) fields += texts - 1;
    CHECK(persist::encoded_bytes({.type = record_type}) == 2 + fields);
  }
}
