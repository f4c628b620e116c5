#include "broker/message/message.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "tests/unit/base/range.hpp"

using namespace midge;
using namespace midge::message;

namespace {

struct World {
  struct Journal final : message::StoredHandler {
    void on_unused(const Message&) override { ++unused; }
    int unused = 0;
  };
  explicit World(std::size_t size, bool stores = false)
      : range(size),
        arena(range.all(), 4096, 0, backing),
        messages(memory, {count, bytes}, stores ? &journal : nullptr) {}

  test::Range range;
  NoBacking backing;
  Arena arena;
  std::uint32_t count = 0;
  std::uint64_t bytes = 0;
  Memory memory{arena};
  Journal journal;
  Messages messages;
};

std::string payload_of(const Message& message) {
  std::string all(as_text(message.first_payload()));
  for (const Block* block = message.first_block(); block != nullptr;
       block = message.block_after(*block)) {
    all += as_text(block->view());
  }
  return all;
}

std::string pattern(std::size_t bytes) {
  std::string text;
  for (std::size_t i = 0; i < bytes; ++i) text += static_cast<char>('a' + i * 7 % 26);
  return text;
}

}  // namespace

TEST_CASE("a message keeps topic, properties and payload, however large and in whatever pieces") {
  World world(4U << 20U);
  for (const std::size_t size : {0U, 1U, 100U, 3'900U, 4'000U, 4'096U, 10'000U, 300'000U}) {
    for (const std::size_t piece : {1U, 7U, 4'048U, 65'536U}) {
      if (size / piece > 20'000) continue;
      CAPTURE(size);
      CAPTURE(piece);
      const std::string text = pattern(size);
      Message* const message =
          world.messages.create({.topic_name = "v1/user/signedup",
                                 .properties_bytes = 3,
                                 .payload_bytes = static_cast<std::uint32_t>(size),
                                 .qos = wire::QoS::AtLeastOnce,
                                 .retain = true});
      REQUIRE(message != nullptr);
      const MutableBytes properties = Messages::properties_of(*message);
      REQUIRE(properties.size() == 3);
      properties[0] = 1, properties[1] = 2, properties[2] = 3;
      bool appended = true;
      for (std::size_t at = 0; at < size; at += piece) {
        appended = appended && world.messages.append(*message, as_bytes(text).subspan(
                                                                   at, std::min(piece, size - at)));
      }
      CHECK(appended);
      CHECK(message->topic_name() == "v1/user/signedup");
      CHECK(message->properties()[2] == 3);
      CHECK(message->payload_bytes() == size);
      CHECK(payload_of(*message) == text);
      CHECK(world.count == 1);
      CHECK(world.bytes == size);
      world.messages.release(*message);
    }
  }
  CHECK(world.count == 0);
  CHECK(world.bytes == 0);
  CHECK(world.arena.used_pages() == world.memory.own_pages());
}

TEST_CASE("a message lives until its last reference has gone") {
  World world(1U << 20U);
  Message* const message = world.messages.create({.topic_name = "t"});
  Messages::add_reference(*message);
  world.messages.release(*message);
  CHECK(world.count == 1);
  world.messages.release(*message);
  CHECK(world.count == 0);
}

TEST_CASE("a piece that finds no room leaves the message as it was") {
  World world(64U << 10U);
  Message* const message = world.messages.create({.topic_name = "t", .payload_bytes = 200'000});
  REQUIRE(message != nullptr);
  const std::string text = pattern(20'000);
  std::size_t appended = 0;
  while (world.messages.append(*message, as_bytes(text))) appended += text.size();
  CHECK(appended > 0);
  CHECK(appended < 65'536);
  CHECK(message->payload_bytes() == appended);
  CHECK(payload_of(*message).size() == appended);
  world.messages.release(*message);
  CHECK(world.arena.used_pages() == world.memory.own_pages());
}

TEST_CASE("a message expires at its instant and not before") {
  World world(1U << 20U);
  const Instant later{std::chrono::seconds(10)};
  Message* const message = world.messages.create({.topic_name = "t", .expires = later});
  CHECK_FALSE(message->is_expired(later - Duration(1)));
  CHECK(message->is_expired(later));
  world.messages.release(*message);
}

TEST_CASE("what only some messages have lies beside topic, properties and payload") {
  const Instant later{std::chrono::seconds(10)};
  for (const bool stores : {false, true}) {
    for (const Instant expires : {kNever, later}) {
      World world(1U << 20U, stores);
      Message* const message = world.messages.create(
          {.topic_name = "a/b", .properties_bytes = 1, .payload_bytes = 3, .expires = expires});
      REQUIRE(message != nullptr);
      CHECK(message->expires() == expires);
      CHECK(message->commit() == 0);
      CHECK((message->stored() != nullptr) == stores);
      Messages::properties_of(*message)[0] = 9;
      CHECK(world.messages.append(*message, as_bytes("xyz")));
      if (stores) message->stored()->commit = 0x1'0000'0002;
      if (expires != kNever) Messages::set_expires(*message, later + Duration(1));
      CHECK(message->commit() == (stores ? 0x1'0000'0002 : 0));
      CHECK(message->expires() == (expires != kNever ? later + Duration(1) : kNever));
      CHECK(message->topic_name() == "a/b");
      CHECK(message->properties()[0] == 9);
      CHECK(payload_of(*message) == "xyz");
      world.messages.release(*message);
      CHECK(world.arena.used_pages() == world.memory.own_pages());
    }
  }
}

TEST_CASE("a journal is told when a message that it has stored is not needed any more") {
  World world(1U << 20U, true);
  Message* const stored = world.messages.create({.topic_name = "t"});
  Message* const other = world.messages.create({.topic_name = "t"});
  stored->stored()->number = 7;
  Messages::add_reference(*stored);
  world.messages.release(*stored);
  world.messages.release(*other);
  CHECK(world.journal.unused == 0);
  world.messages.release(*stored);
  CHECK(world.journal.unused == 1);
}
