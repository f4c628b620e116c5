#include "tests/bad_input/stage.hpp"

#include <algorithm>

#include "tests/bad_input/answers.hpp"
#include "tests/support/hex.hpp"

namespace midge::test::bad_input {
namespace {

constexpr std::size_t kRunsOfABroker = 2'000;  // the world keeps its links
constexpr Duration kLate = 1'200ms;            // deadlines are at most so late

// The CONNECT of a scene's client: "c", clean start, keep alive 60.
std::string_view connect_hex(Scene scene, Version version) {
  if (version == Version::V31) return "10 0f 00 06 4d 51 49 73 64 70 03 02 00 3c 00 01 63";
  if (version == Version::V311) return "10 0d 00 04 4d 51 54 54 04 02 00 3c 00 01 63";
  if (scene != Scene::Lasting) return "10 0e 00 04 4d 51 54 54 05 02 00 3c 00 00 01 63";
  return "10 13 00 04 4d 51 54 54 05 02 00 3c 05 11 00 00 0e 10 00 01 63";
}

// Scene::Deliveries: SUBSCRIBE to in/# at QoS 2, PUBLISH to "out" at QoS 2 with identifier 7.
std::string_view start_hex(Version version) {
  return version == Version::V5
             ? "82 0a 00 09 00 00 04 69 6e 2f 23 02  34 09 00 03 6f 75 74 00 07 00 78"
             : "82 09 00 09 00 04 69 6e 2f 23 02  34 08 00 03 6f 75 74 00 07 78";
}

// What the bystander then publishes, a message each.
constexpr std::string_view kBystanderPublishes =
    "32 08 00 04 69 6e 2f 61 00 01"
    "34 08 00 04 69 6e 2f 62 00 02  62 02 00 02"
    "34 08 00 04 69 6e 2f 63 00 03  62 02 00 03";

// How the bystander gets a message through: to itself, QoS 1 and 0.
constexpr std::string_view kHealthPublish = "32 0b 00 06 68 65 61 6c 74 68 00 01 78";
constexpr std::string_view kHealthAnswers = "40 02 00 01 30 09 00 06 68 65 61 6c 74 68 78";

std::vector<std::uint8_t> with_text(std::string_view before, std::string_view text) {
  std::vector<std::uint8_t> bytes = hex(before);
  bytes.push_back(static_cast<std::uint8_t>(text.size() / 256));
  bytes.push_back(static_cast<std::uint8_t>(text.size() % 256));
  bytes.insert(bytes.end(), text.begin(), text.end());
  return bytes;
}

std::vector<std::uint8_t> packet_of(std::uint8_t first_byte,
                                    const std::vector<std::uint8_t>& body) {
  std::vector<std::uint8_t> packet = {first_byte};
  std::size_t left = body.size();
  for (; left >= 128; left /= 128) packet.push_back(static_cast<std::uint8_t>(left % 128 + 128));
  packet.push_back(static_cast<std::uint8_t>(left));
  packet.insert(packet.end(), body.begin(), body.end());
  return packet;
}

// A CONNECT that ends the session `client_id` of `user_name` as soon as it is closed.
std::vector<std::uint8_t> clean_connect(std::string_view client_id, std::string_view user_name) {
  std::vector<std::uint8_t> body = with_text(
      user_name.empty() ? "00 04 4d 51 54 54 04 02 00 00" : "00 04 4d 51 54 54 04 82 00 00",
      client_id);
  if (!user_name.empty()) {
    const std::vector<std::uint8_t> more = with_text("", user_name);
    body.insert(body.end(), more.begin(), more.end());
  }
  return packet_of(0x10, body);
}

}  // namespace

Stage::Stage() {
  build();
}

void Stage::build() {
  broker_ = std::make_unique<Broker>();
  broker_->limits.packet_bytes = kPacketBytes;
  broker_->limits.topic_levels = kTopicLevels;
  broker_->limits.memory_bytes = std::size_t{2} << 20;
  broker_->settings.log.connection_messages = false;
  broker_->start();
  bystander_ = &broker_->world.connect();
  send(*bystander_, hex("10 15 00 04 4d 51 54 54 04 02 00 00 00 09 62 79 73 74 61 6e 64 65 72"));
  send(*bystander_, hex("82 0b 00 01 00 06 68 65 61 6c 74 68 00"));
  bystander_->take();
  runs_ = 0;
  is_sound_ = true;
  gauges_at_rest_ = gauges();
  // Pages that stay with the broker once they were needed.
  for (const Scene scene : {Scene::Connected, Scene::Lasting, Scene::Deliveries}) {
    static_cast<void>(run_once(scene, Version::V5, {}, {}));
  }
  pages_at_rest_ = broker_->sim.arena().used_pages();
  is_sound_ = true;
}

Peer Stage::peer_of(Scene scene, Version version) {
  if (scene == Scene::Fresh) return {};
  const auto connect = hex(connect_hex(scene, version));
  Peer peer = expect({}, connect).peer;
  if (scene != Scene::Deliveries) return peer;
  const auto start = hex(start_hex(version));
  peer = expect(peer, start).peer;
  peer.deliveries = {{1, 0x40}, {2, 0x50}, {3, 0x50}};
  const auto pubrec = hex("50 02 00 03");
  return expect(peer, pubrec).peer;
}

std::string Stage::run(Scene scene, Version version, Bytes bytes, const Travel& travel) {
  if (!is_sound_ || runs_ >= kRunsOfABroker) build();
  std::string wrong = run_once(scene, version, bytes, travel);
  if (!wrong.empty()) is_sound_ = false;
  return wrong;
}

std::string Stage::run_once(Scene scene, Version version, Bytes bytes, const Travel& travel) {
  ++runs_;
  // Those that finish() waits for would pile up.
  if (runs_ % 50 == 0) broker_->advance(2s);
  assigned_id_.clear();
  sim::Link& link = broker_->world.connect();
  if (std::string wrong = play_prologue(link, scene, version); !wrong.empty()) return wrong;

  const Expected expected = expect(peer_of(scene, version), bytes);
  if (travel.byte_by_byte) {
    for (std::size_t i = 0; i < bytes.size(); ++i) send(link, bytes.subspan(i, 1));
  } else {
    const std::size_t first = std::min(travel.split_at, bytes.size());
    if (first != 0) send(link, bytes.first(first));
    send(link, bytes.subspan(first));
  }
  std::string wrong = compare(link, expected);
  if (wrong.empty()) {
    tidy_up(link, expected);
    wrong = look_around();
  }
  if (!wrong.empty()) wrong += "\n  expected: " + describe(expected);
  return wrong;
}

std::string Stage::play_prologue(sim::Link& link, Scene scene, Version version) {
  if (scene == Scene::Fresh) {
    broker_->settle();
    return {};
  }
  send(link, hex(connect_hex(scene, version)));
  if (scene == Scene::Deliveries) {
    send(link, hex(start_hex(version)));
    send(*bystander_, hex(kBystanderPublishes));
    bystander_->take();
    send(link, hex("50 02 00 03"));
  }
  const std::vector<std::uint8_t> received = link.take();
  const Seen seen = read_answers(version, received);
  const std::size_t answers = scene == Scene::Deliveries ? 4 : 1;
  if (seen.error.empty() && seen.answers.size() == answers && link.end() == sim::End::Open) {
    return {};
  }
  return "the prologue was answered by " + hex_text(received);
}

std::string Stage::compare(sim::Link& link, const Expected& expected) {
  const std::vector<std::uint8_t> received = link.take();
  const Seen seen = read_answers(expected.peer.version, received);
  if (!seen.error.empty()) return seen.error;
  assigned_id_ = seen.assigned_id;
  for (const std::string& topic : seen.topics) {
    if (expected.delivered.count(topic) == 0 && expected.retained.count(topic) == 0) {
      return "a message that is not for this client: " + hex_text(received);
    }
  }
  // A client that hears itself may have asked not to: then nobody matches after all.
  const auto is_same = [&expected](const Answer& seen_answer, const Answer& wanted) {
    const bool is_ack = wanted.first_byte == 0x40 || wanted.first_byte == 0x50;
    if (!is_ack || expected.delivered.empty()) return seen_answer == wanted;
    return seen_answer.first_byte == wanted.first_byte && seen_answer.packet_id == wanted.packet_id;
  };
  std::vector<Answer> wanted = expected.answers;
  const auto pings = static_cast<std::size_t>(std::count_if(
      wanted.begin(), wanted.end(), [](const Answer& a) { return a.first_byte == 0xD0; }));
  wanted.erase(std::remove_if(wanted.begin(), wanted.end(),
                              [](const Answer& a) { return a.first_byte == 0xD0; }),
               wanted.end());
  if (!std::equal(seen.answers.begin(), seen.answers.end(), wanted.begin(), wanted.end(),
                  is_same) ||
      seen.ping_responses != pings) {
    return "answered by " + hex_text(received);
  }
  return compare_end(link, expected, seen.told);
}

std::string Stage::compare_end(sim::Link& link, const Expected& expected,
                               std::optional<std::uint8_t> told) {
  const auto may_be = [&expected](End end, std::uint8_t code = 0) {
    return expected.outcomes.count({end, code}) != 0;
  };
  if (link.end() != sim::End::Open) {
    if (link.end() == sim::End::Reset) return "reset";
    if (told && may_be(End::Refused, *told) && *told != 0) return {};
    if (told) return "told " + hex_text(Bytes(&*told, 1)) + " and closed";
    if (may_be(End::Ended) || may_be(End::Refused)) return {};
    return "closed without a word";
  }
  if (told) return "told " + hex_text(Bytes(&*told, 1)) + " and left open";
  if (may_be(End::Waits)) return wait_for_end(link, expected);
  if (!may_be(End::Works)) return "left open";
  send(link, hex("c0 00"));
  const std::vector<std::uint8_t> pong = link.take();
  return pong == hex("d0 00") ? std::string{} : "PINGREQ was answered by " + hex_text(pong);
}

// What is not whole yet must be waited for, but not for ever.
std::string Stage::wait_for_end(sim::Link& link, const Expected& expected) {
  const bool connected = expected.peer.connected;
  if (connected && expected.peer.keep_alive == 0) {
    broker_->advance(1h);
    const bool waits = link.end() == sim::End::Open && link.received().empty();
    return waits ? std::string{} : "ended although there is no keep alive";
  }
  const Duration limit = connected ? std::chrono::milliseconds(expected.peer.keep_alive * 1'500)
                                   : Duration(broker_->settings.connect_timeout);
  broker_->advance(limit - 1ms);
  if (link.end() != sim::End::Open || !link.received().empty()) return "ended before its time";
  broker_->advance(kLate);
  const std::vector<std::uint8_t> received = link.take();
  const bool tells = connected && expected.peer.version == Version::V5;
  if (received != (tells ? hex("e0 01 8d") : hex(""))) {
    return "at the end of its time told " + hex_text(received);
  }
  return link.end() == sim::End::Finished ? std::string{} : "still open after its time";
}

// Ends what the client may have left: its connection, its session, retained messages.
void Stage::tidy_up(sim::Link& link, const Expected& expected) {
  const Peer& peer = expected.peer;
  if (link.end() == sim::End::Open && peer.connected && expected.outcomes.count({End::Works, 0})) {
    send(link, hex("e0 00"));
  }
  if (link.end() == sim::End::Open) {
    link.reset();
    broker_->settle();
  }
  if (peer.connected && peer.session_expiry != 0) {
    sim::Link& cleaner = broker_->world.connect();
    const std::string& id = peer.client_id.empty() ? assigned_id_ : peer.client_id;
    send(cleaner, clean_connect(id, peer.user_name));
    send(cleaner, hex("e0 00"));
  }
  for (const std::string& topic : expected.retained) {
    send(*bystander_, packet_of(0x31, with_text("", topic)));
  }
}

std::string Stage::look_around() {
  bystander_->take();
  send(*bystander_, hex(kHealthPublish));
  std::vector<std::uint8_t> answers = bystander_->take();
  std::vector<std::uint8_t> wanted = hex(kHealthAnswers);
  std::rotate(wanted.begin(), wanted.begin() + (answers.empty() || answers[0] == 0x40 ? 0 : 4),
              wanted.end());
  if (answers != wanted) return "the bystander got " + hex_text(answers);
  if (!broker_->world.faults().empty()) {
    const std::string fault = broker_->world.faults().front();
    broker_->world.forget_faults();
    return "broken contract at " + fault;
  }
  if (gauges() != gauges_at_rest_) {
    std::string text = "the broker holds";
    for (const std::uint64_t value : gauges().values) text += " " + std::to_string(value);
    text +=
        " (connections, clients, sessions, subscriptions, shared, retained, messages, bytes, "
        "queued, in flight), before";
    for (const std::uint64_t value : gauges_at_rest_.values) text += " " + std::to_string(value);
    return text;
  }
  const std::size_t pages = broker_->sim.arena().used_pages();
  if (pages_at_rest_ != 0 && pages > pages_at_rest_) {
    return "the broker uses " + std::to_string(pages) + " pages, before " +
           std::to_string(pages_at_rest_);
  }
  return {};
}

void Stage::send(sim::Link& link, Bytes bytes) {
  link.send(bytes);
  broker_->settle();
}

Stage::Gauges Stage::gauges() const {
  const metrics::Metrics& m = broker_->metrics;
  return {{m.open_connections, m.clients_connected, m.clients_total, m.subscriptions,
           m.shared_subscriptions, m.retained_messages, m.stored_messages, m.stored_bytes,
           m.queued_messages, m.inflight_messages}};
}

}  // namespace midge::test::bad_input
