// A configuration may allow less than the board has room for, never more.
#pragma once

#include <algorithm>

#include "broker/settings/settings.hpp"

namespace midge::board {

inline void keep_within(settings::Settings& settings, const settings::Limits& board) {
  settings::Limits& asked = settings.limits;
  const auto bound = [](auto& limit, auto most) { limit = std::min(limit, most); };
  asked.memory_bytes = board.memory_bytes;  // the arena is what it is
  bound(asked.connections, board.connections);
  bound(asked.sessions, board.sessions);
  bound(asked.subscriptions, board.subscriptions);
  bound(asked.retained_messages, board.retained_messages);
  bound(asked.queued_messages, board.queued_messages);
  bound(asked.queued_bytes, board.queued_bytes);
  bound(asked.total_queued_messages, board.total_queued_messages);
  bound(asked.group_queued_messages, board.group_queued_messages);
  bound(asked.inflight_bytes, board.inflight_bytes);
  bound(asked.inbound_qos2, board.inbound_qos2);
  bound(asked.packet_bytes, board.packet_bytes);
  bound(asked.payload_bytes, board.payload_bytes);
  bound(asked.topic_levels, board.topic_levels);
  bound(asked.topic_alias_maximum, board.topic_alias_maximum);
  bound(asked.topic_alias_maximum_out, board.topic_alias_maximum_out);
  // 0 is 65,535 here.
  if (asked.inflight_messages == 0 || asked.inflight_messages > board.inflight_messages)
    asked.inflight_messages = board.inflight_messages;
  for (settings::Listener& listener : settings.listeners) {
    bound(listener.max_topic_alias, board.topic_alias_maximum);
    bound(listener.max_topic_alias_broker, board.topic_alias_maximum_out);
  }
}

}  // namespace midge::board
