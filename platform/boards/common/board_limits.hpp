// A configuration may allow less than the board has room for, never more.
#pragma once

#include <algorithm>

#include "broker/settings/settings.hpp"

namespace midge::board {

// True when something was asked for that the board has no room for. What nobody asked for, the
// default of a larger machine, is brought down without a word.
[[nodiscard]] inline bool keep_within(settings::Settings& settings, const settings::Limits& board) {
  settings::Limits& asked = settings.limits;
  const settings::Limits usual{};
  bool too_much = false;
  const auto keep = [&too_much](auto& limit, auto most, auto by_default) {
    too_much = too_much || (limit > most && limit != by_default);
    limit = std::min(limit, most);
  };
  asked.memory_bytes = board.memory_bytes;  // the arena is what it is
  keep(asked.connections, board.connections, usual.connections);
  keep(asked.sessions, board.sessions, usual.sessions);
  keep(asked.subscriptions, board.subscriptions, usual.subscriptions);
  keep(asked.retained_messages, board.retained_messages, usual.retained_messages);
  keep(asked.queued_messages, board.queued_messages, usual.queued_messages);
  keep(asked.queued_bytes, board.queued_bytes, usual.queued_bytes);
  keep(asked.total_queued_messages, board.total_queued_messages, usual.total_queued_messages);
  keep(asked.group_queued_messages, board.group_queued_messages, usual.group_queued_messages);
  keep(asked.inflight_bytes, board.inflight_bytes, usual.inflight_bytes);
  keep(asked.inbound_qos2, board.inbound_qos2, usual.inbound_qos2);
  keep(asked.packet_bytes, board.packet_bytes, usual.packet_bytes);
  keep(asked.payload_bytes, board.payload_bytes, usual.payload_bytes);
  keep(asked.topic_levels, board.topic_levels, usual.topic_levels);
  keep(asked.topic_alias_maximum, board.topic_alias_maximum, usual.topic_alias_maximum);
  keep(asked.topic_alias_maximum_out, board.topic_alias_maximum_out, usual.topic_alias_maximum_out);
  if (asked.inflight_messages == 0) asked.inflight_messages = 65'535;
  keep(asked.inflight_messages, board.inflight_messages, usual.inflight_messages);
  for (settings::Listener& listener : settings.listeners) {
    keep(listener.max_topic_alias, board.topic_alias_maximum, usual.topic_alias_maximum);
    keep(listener.max_topic_alias_broker, board.topic_alias_maximum_out,
         usual.topic_alias_maximum_out);
  }
  return too_much;
}

}  // namespace midge::board
