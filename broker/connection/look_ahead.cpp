// Connection: what the router is told of the PUBLISHes that came together.
#include <algorithm>
#include <array>

#include "broker/connection/connection.hpp"
#include "broker/routing/match_ahead.hpp"

namespace midge::connection {

using wire::PacketType;

// Tells the router the topics of the PUBLISHes that lie in `rest` one behind the other. The bytes
// that need not be looked at again, at least 1.
std::size_t Connection::look_ahead(Bytes rest) {
  if (!context_.router.wants_topics()) return rest.size();
  std::array<std::string_view, routing::MatchAhead::kTopics> topics;
  std::size_t count = 0;
  std::size_t at = 0;
  while (count < topics.size()) {
    const wire::FrameResult frame = wire::read_fixed_header(rest.subspan(at));
    if (frame.framing != wire::Framing::Frame || frame.header.type != PacketType::Publish) break;
    // What is wrong with it is found when its turn has come.
    const Bytes body = rest.subspan(at + frame.header.header_bytes);
    if (body.size() < frame.header.remaining_length || body.size() < 2) break;
    const std::size_t topic_bytes = static_cast<std::size_t>(body[0] << 8 | body[1]);
    if (frame.header.remaining_length < topic_bytes + 2) break;
    const std::string_view topic = as_text(body.subspan(2, topic_bytes));
    if (count == 0 || topic != topics[count - 1]) topics[count++] = topic;
    at += frame.header.header_bytes + frame.header.remaining_length;
  }
  if (count > 1) context_.router.expect({topics.data(), count});
  return std::max<std::size_t>(at, 1);
}

}  // namespace midge::connection
