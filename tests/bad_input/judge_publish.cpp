// PUBLISH, SUBSCRIBE and UNSUBSCRIBE, sections 3.3, 3.8 and 3.10.
#include <algorithm>

#include "tests/bad_input/judge.hpp"

namespace midge::test::bad_input {
namespace {

// "a//b" is {"a", "", "b"}.
std::vector<std::string> levels_of(std::string_view text) {
  std::vector<std::string> levels(1);
  for (const char c : text) {
    if (c == '/') {
      levels.emplace_back();
    } else {
      levels.back() += c;
    }
  }
  return levels;
}

// Without "$share/<name>/", if it begins with that.
std::string_view without_share(std::string_view filter) {
  if (filter.rfind("$share/", 0) != 0) return filter;
  const std::size_t slash = filter.find('/', 7);
  return slash == std::string_view::npos ? std::string_view{} : filter.substr(slash + 1);
}

}  // namespace

bool is_filter(std::string_view filter, std::size_t& levels, bool& is_shared) {
  is_shared = filter.rfind("$share/", 0) == 0;
  if (is_shared) {
    const std::string_view name = filter.substr(7, filter.find('/', 7) - 7);
    if (!is_topic_name(name)) return false;  // the same rule [MQTT-4.8.2-1] [MQTT-4.8.2-2]
    filter = without_share(filter);
  }
  if (filter.empty()) return false;  // [MQTT-4.7.3-1]
  const std::vector<std::string> all = levels_of(filter);
  levels = all.size();
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i] == "+" || (all[i] == "#" && i + 1 == all.size())) continue;
    if (all[i].find_first_of("+#") != std::string::npos) return false;  // [MQTT-4.7.1-1, -2]
  }
  return true;
}

bool filter_matches(std::string_view filter, std::string_view topic) {
  const std::vector<std::string> wanted = levels_of(without_share(filter));
  const std::vector<std::string> levels = levels_of(topic);
  if (topic.front() == '$' && (wanted[0] == "+" || wanted[0] == "#")) return false;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i] == "#") return true;
    if (i >= levels.size() || (wanted[i] != "+" && wanted[i] != levels[i])) return false;
  }
  return wanted.size() == levels.size();
}

void Judge::publish(const Frame& frame, Cursor& in) {
  const unsigned qos = frame.flags / 2 % 4;
  const bool retain = (frame.flags & 1) != 0;
  std::string topic = in.text(Kind::Topic);
  const std::uint32_t id = qos != 0 ? in.number(Kind::PacketId, 2) : 0;
  if (qos != 0 && !in.stopped() && id == 0) in.fault(kProtocolError);
  Section properties;
  if (is_v5()) properties = in.properties(frame.type);
  const bool head_is_whole = !in.stopped();
  const std::string payload = in.rest(Kind::Payload);
  if (head_is_whole && qos != 3) {
    if (properties.has(0x0B)) in.fault(kProtocolError);  // a client has none
    const std::uint32_t alias = properties.has(0x23) ? properties.numbers[0x23] : 0;
    if (properties.has(0x23) && (alias == 0 || alias > kAliasMaximum)) in.fault(0x94);
    const bool known = peer().aliases.count(alias) != 0;
    if (topic.empty() && !known) in.fault(kProtocolError);
    if (topic.empty() && known) topic = peer().aliases[alias];
    const bool is_new = peer().inbound.count(id) == 0;
    if (qos == 2 && is_new && peer().inbound.size() >= kReceiveMaximum) in.fault(0x93);
    // Learned whatever becomes of the rest.
    if (alias != 0 && in.faults().empty()) peer().aliases[alias] = topic;
  }
  if (is_over(in)) return;
  accept_publish(qos, retain, id, topic, !payload.empty());
}

void Judge::accept_publish(unsigned qos, bool retain, std::uint32_t id, const std::string& topic,
                           bool has_payload) {
  std::uint8_t code = 0x10;  // nobody has subscribed to it
  if (filter_matches("health/#", topic)) code = 0x00;
  for (const std::string& filter : peer().filters) {
    if (!filter_matches(filter, topic)) continue;
    expected_.delivered.insert(topic);
    code = 0x00;
  }
  const std::string first_level = topic.substr(0, topic.find('/'));
  if (first_level == "$SYS" || first_level == "$CONTROL") code = 0x87;
  if (count_levels(topic) > kTopicLevels) code = 0x90;
  if (qos == 2 && peer().inbound.count(id) != 0) {
    code = 0x00;  // again: it has been delivered
  } else if (code < 0x80) {
    if (retain && has_payload) expected_.retained.insert(topic);
    if (qos == 2) peer().inbound.insert(id);
  }
  if (qos == 0) return;
  // Before 5.0 there is no refusal.
  answer(qos == 1 ? 0x40 : 0x50, id,
         is_v5() ? std::vector<std::uint8_t>{code} : std::vector<std::uint8_t>{});
}

void Judge::subscribe(Cursor& in) {
  const std::uint32_t id = in.number(Kind::PacketId, 2);
  if (!in.stopped() && id == 0) in.fault(kProtocolError);
  if (is_v5()) in.properties(8);
  if (!in.stopped() && !in.more()) in.fault(kProtocolError);
  std::vector<std::uint8_t> codes;
  std::set<std::string> granted;
  while (in.more()) {
    const std::string filter = in.text(Kind::Filter);
    const std::uint32_t options = in.number(Kind::Options, 1);
    if (in.stopped()) break;
    const unsigned qos = options % 4;
    std::size_t levels = 0;
    bool is_shared = false;
    if (!is_filter(filter, levels, is_shared)) in.fault(kMalformed);
    if (is_v5()) {
      if (options >= 0x40) in.fault(kMalformed);
      if (qos == 3 || options / 16 % 4 == 3) in.fault(kProtocolError);
      if (is_shared && (options & 4) != 0) in.fault(kProtocolError);  // [MQTT-3.8.3-4]
    } else if (options > 2) {
      in.fault(kMalformed);
    }
    auto code = static_cast<std::uint8_t>(qos);
    if (levels <= kTopicLevels) {
      granted.insert(filter);
    } else if (peer().version != Version::V31) {  // which can't refuse
      code = is_v5() ? 0x8F : 0x80;
    }
    codes.push_back(code);
  }
  if (is_over(in)) return;
  peer().filters.merge(granted);
  answer(0x90, id, codes);
}

void Judge::unsubscribe(Cursor& in) {
  const std::uint32_t id = in.number(Kind::PacketId, 2);
  if (!in.stopped() && id == 0) in.fault(kProtocolError);
  if (is_v5()) in.properties(10);
  if (!in.stopped() && !in.more()) in.fault(kProtocolError);
  std::vector<std::string> filters;
  while (in.more()) {
    filters.push_back(in.text(Kind::Filter));
    std::size_t levels = 0;
    bool is_shared = false;
    if (!in.stopped() && !is_filter(filters.back(), levels, is_shared)) in.fault(kMalformed);
  }
  if (is_over(in)) return;
  std::vector<std::uint8_t> codes;
  for (const std::string& filter : filters) {
    codes.push_back(peer().filters.erase(filter) != 0 ? 0x00 : 0x11);
  }
  if (!is_v5()) codes.clear();
  answer(0xB0, id, codes);
}

}  // namespace midge::test::bad_input
