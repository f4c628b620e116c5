// What sessions stand on, for tests of the room.
#pragma once

#include "broker/session/sessions.hpp"
#include "tests/unit/base/range.hpp"

namespace midge::test {

struct World {
  explicit World(std::size_t bytes = std::size_t{1} << 20U)
      : range(bytes), arena(range.all(), 4096, 0, backing) {}

  message::Message* message(std::string_view payload = "x") {
    message::Message* const made = messages.create(
        {.topic_name = "t", .payload_bytes = static_cast<std::uint32_t>(payload.size())});
    static_cast<void>(messages.append(*made, as_bytes(payload)));
    return made;
  }

  Range range;
  NoBacking backing;
  Arena arena;
  metrics::Metrics metrics;
  settings::Limits limits;
  session::NoJournal journal;
  session::Commits commits{journal};
  Memory memory{arena};
  message::Messages messages{memory, {metrics.stored_messages, metrics.stored_bytes}, nullptr};
  session::Sessions sessions{memory, messages, metrics, limits, commits, Hasher(1)};
};

}  // namespace midge::test
