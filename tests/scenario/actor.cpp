#include "tests/scenario/actor.hpp"

#include <cstdio>
#include <utility>

namespace midge::scenario {

using test::ByteVector;
using test::Filter;
using wire::PacketIdentifier;
using wire::PacketType;
using wire::ReasonCode;
using wire::Version;

namespace {

constexpr std::uint32_t kShortExpiry = 5;
constexpr std::uint32_t kLongExpiry = 1'000'000;

}  // namespace

Actor::Actor(Stage& stage, ClientNumber number, Version version, Kind kind)
    : stage_(stage),
      number_(number),
      version_(version),
      // Before 5.0 a session has no expiry of its own.
      kind_(kind == Kind::Short && version != Version::V5 ? Kind::Transient : kind),
      random_(stage.world.random().next()) {}

void Actor::note(const std::string& text) const {
  if (!stage_.verbose) return;
  std::printf("%10.3f c%u %s\n", static_cast<double>(now().time_since_epoch().count()) / 1'000.0,
              number_, text.c_str());
}

void Actor::violation(const std::string& text) {
  note("VIOLATION " + text);
  stage_.model.violation("c" + std::to_string(number_) + " at " +
                         std::to_string(now().time_since_epoch().count()) + " ms: " + text);
}

void Actor::send(const ByteVector& bytes) {
  link_->send(Bytes(bytes));
}

PacketIdentifier Actor::next_packet_id() {
  for (;;) {
    last_packet_id_ = static_cast<PacketIdentifier>(last_packet_id_ + 1);
    if (last_packet_id_ != 0 && find_outgoing(last_packet_id_) == outgoing_.end() &&
        requests_.count(last_packet_id_) == 0) {
      return last_packet_id_;
    }
  }
}

std::deque<Actor::Outgoing>::iterator Actor::find_outgoing(PacketIdentifier id) {
  auto at = outgoing_.begin();
  while (at != outgoing_.end() && at->packet_id != id) ++at;
  return at;
}

// ---- connections

void Actor::connect(bool clean_start, bool with_will) {
  leave_link();
  // Whose CONNACK was lost doesn't know whether its session is the old one or had ended and is new.
  const bool is_unsure = kind_ == Kind::Short && !connacked_;
  clean_start = clean_start || kind_ == Kind::Transient || must_clean_ || is_unsure;
  sim::LinkOptions options;
  if (stage_.faults && random_.chance(70)) {
    options = sim::LinkOptions::rough(random_);
    if (random_.chance(15)) options.cut_after_to_broker = random_.between(0, 3'000);
    if (random_.chance(15)) options.cut_after_to_client = random_.between(0, 6'000);
  }
  link_ = &stage_.world.connect(0, options);
  link_->set_handler(this);
  ++connection_;
  state_ = State::Connecting;
  connacked_ = was_sent_away_ = false;
  stream_.clear();
  keep_alive_ =
      random_.chance(25) ? static_cast<std::uint16_t>(random_.between(5, 20)) : std::uint16_t{0};
  test::ConnectOptions connect{.clean_start = clean_start, .keep_alive = keep_alive_};
  receive_maximum_ = 65'535;
  if (is_v5()) {
    if (kind_ != Kind::Transient)
      connect.props.session_expiry_interval = kind_ == Kind::Short ? kShortExpiry : kLongExpiry;
    if (random_.chance(60)) {
      receive_maximum_ = static_cast<std::uint16_t>(random_.between(1, 12));
      connect.props.receive_maximum = receive_maximum_;
    }
    if (random_.chance(50)) connect.props.topic_alias_maximum = std::uint16_t{5};
  }
  has_will_delay_ = false;
  will_.reset();
  if (with_will) {
    const std::string topic = "w/" + std::to_string(number_ % 3);
    const auto qos = static_cast<QoS>(random_.between(0, 2));
    will_ = stage_.model.will(number_, topic, qos, now());
    connect.will = test::Will{.topic = topic,
                              .payload = stage_.model.payload(*will_, random_.between(1, 60)),
                              .qos = qos};
    has_will_delay_ = is_v5() && random_.chance(30);
    if (has_will_delay_) connect.will->props.will_delay_interval = 3;
  }
  // Before 5.0 it knows that a session that began clean is over.
  if (!is_v5() && !has_session_) abandon_session();
  expects_none_ = clean_start || is_new_;
  is_new_ = false;
  // Before 5.0 a session that begins clean ends with its connection.
  const bool lasts = kind_ == Kind::Long || kind_ == Kind::Steady;
  session_lasts_ = lasts && (is_v5() || !clean_start);
  if (clean_start) {
    // From here on nothing of the old session is relied upon, and no CONNECT may bring it back.
    must_clean_ = true;
    abandon_session();
    stage_.model.session_may_end(number_, now());
  }
  note("CONNECT" + std::string(clean_start ? " clean" : "") + (with_will ? " with will" : ""));
  send(test::connect_bytes(version_, "c" + std::to_string(number_), connect));
}

// What belongs to the connection is over; the link is left to the network.
void Actor::leave_link() {
  if (link_ == nullptr) return;
  settle_will(false);
  link_->set_handler(nullptr);
  link_ = nullptr;
  ++connection_;
  state_ = State::Offline;
  acknowledgements_.clear();
  window_.clear();
  requests_.clear();
  alias_of_.clear();
  topic_of_.clear();
}

void Actor::drop() {
  if (link_ == nullptr) return;
  note("drops its connection");
  sim::Link& link = *link_;
  leave_link();
  link.reset();
}

void Actor::disconnect(bool ends_session) {
  if (state_ != State::Online) return;
  note("DISCONNECT");
  test::Properties props;
  if (ends_session) props.session_expiry_interval = 0;
  send(test::disconnect_bytes(version_, ReasonCode::NormalDisconnection, props));
  state_ = State::Disconnecting;
  ++connection_;
}

void Actor::stall(Duration time) {
  if (link_ == nullptr) return;
  note("stalls");
  link_->stall(true);
  stage_.world.after(time, [link = link_] { link->stall(false); });
}

void Actor::keep_alive() {
  if (state_ == State::Online && keep_alive_ != 0) send(test::ping_bytes());
}

void Actor::on_end(sim::Link& link) {
  const bool in_order = link.end() == sim::End::Finished;
  note(in_order ? "the broker closed" : "the connection is reset");
  // Without a fault of its own a client is told why, or there is nobody to tell.
  if (in_order && state_ == State::Online && !was_sent_away_ && keep_alive_ == 0 &&
      !stage_.may_be_closed) {
    violation("the broker closed the connection without reason");
  }
  const bool by_disconnect =
      in_order && state_ == State::Disconnecting && keep_alive_ == 0 && !stage_.may_be_closed;
  if (state_ == State::Disconnecting && !by_disconnect) has_will_delay_ = true;  // who knows
  settle_will(by_disconnect);
  leave_link();
}

void Actor::settle_will(bool by_disconnect) {
  if (!will_ || !connacked_) return;
  if (by_disconnect) {
    stage_.model.refused(*will_);
  } else if (!has_will_delay_ && state_ != State::Disconnecting && !stage_.may_be_closed) {
    stage_.wills_due.push_back(*will_);
  }
  will_.reset();
}

// ---- what it asks for

void Actor::publish(std::string_view topic, QoS qos, bool retain, bool empty, std::size_t bytes,
                    std::uint32_t expiry_seconds) {
  if (state_ != State::Online) return;
  if (qos != QoS::AtMostOnce && outgoing_.size() >= send_maximum_) return;
  if (!is_v5()) expiry_seconds = 0;
  const MessageNumber number =
      stage_.model.publish(number_, topic, qos, retain, empty, expiry_seconds != 0, now());
  const std::string payload = empty ? std::string() : stage_.model.payload(number, bytes);
  test::PublishOptions options{.retain = retain};
  if (expiry_seconds != 0) options.props.message_expiry_interval = expiry_seconds;
  if (qos != QoS::AtMostOnce) options.packet_id = next_packet_id();
  note("PUBLISH " + std::to_string(number) + " " + std::string(topic) + " QoS " +
       std::to_string(static_cast<unsigned>(qos)) + (retain ? " RETAIN" : "") + " id " +
       std::to_string(options.packet_id.value_or(0)));
  if (qos != QoS::AtMostOnce) {
    options.dup = true;
    outgoing_.push_back({.packet_id = *options.packet_id,
                         .message = number,
                         .dup = test::publish_bytes(version_, topic, payload, qos, options)});
    options.dup = false;
  }
  std::string_view written = topic;
  if (aliases_out_ > 0 && random_.chance(50)) {
    const auto known = alias_of_.find(std::string(topic));
    if (known != alias_of_.end()) {
      options.props.topic_alias = known->second;
      written = {};
    } else if (alias_of_.size() < aliases_out_) {
      const auto alias = static_cast<std::uint16_t>(alias_of_.size() + 1);
      alias_of_.emplace(topic, alias);
      options.props.topic_alias = alias;
    }
  }
  send(test::publish_bytes(version_, written, payload, qos, options));
}

void Actor::subscribe(const Filter& filter) {
  if (state_ != State::Online) return;
  note("SUBSCRIBE " + filter.filter);
  const PacketIdentifier id = next_packet_id();
  requests_[id] = {true, filter.filter};
  filters_.insert(filter.filter);
  stage_.model.subscribe_sent(number_, filter, now());
  send(test::subscribe_bytes(version_, id, {filter}));
}

void Actor::unsubscribe(const std::string& filter) {
  if (state_ != State::Online) return;
  note("UNSUBSCRIBE " + filter);
  const PacketIdentifier id = next_packet_id();
  requests_[id] = {false, filter};
  filters_.erase(filter);
  stage_.model.unsubscribe_sent(number_, filter, now());
  send(test::unsubscribe_bytes(version_, id, {filter}));
}

// ---- what it gets

void Actor::on_bytes(sim::Link& link) {
  const ByteVector came = link.take();
  bytes_received_ += came.size();
  stream_.insert(stream_.end(), came.begin(), came.end());
  const std::uint32_t connection = connection_;
  std::size_t used = 0;
  while (connection == connection_) {
    test::Decoded decoded = test::decode_packet(version_, Bytes(stream_).subspan(used));
    if (!decoded.error.empty()) {
      violation("the broker sent what it may not: " + decoded.error);
      return drop();
    }
    if (!decoded.packet) break;
    used += decoded.bytes;
    handle(*decoded.packet);
  }
  if (connection == connection_)
    stream_.erase(stream_.begin(), stream_.begin() + static_cast<std::ptrdiff_t>(used));
}

void Actor::handle(Packet& packet) {
  if (state_ == State::Disconnecting) return;  // it has said goodbye
  note("  gets " + test::describe(packet));
  if (!connacked_ && packet.type != PacketType::Connack) {
    violation("before CONNACK came " + test::describe(packet));
  }
  switch (packet.type) {
    case PacketType::Connack:
      return on_connack(packet);
    case PacketType::Publish:
      return on_publish(packet);
    case PacketType::Puback:
      return on_puback(packet);
    case PacketType::Pubrec:
      return on_pubrec(packet);
    case PacketType::Pubcomp:
      return on_pubcomp(packet);
    case PacketType::Pubrel:
      incoming_.erase(packet.packet_id);
      return acknowledge(PacketType::Pubcomp, packet.packet_id);
    case PacketType::Suback:
    case PacketType::Unsuback:
      return on_suback(packet);
    case PacketType::Disconnect:
      return on_disconnect(packet);
    case PacketType::Pingresp:
      return;
    default:
      return violation("unexpected " + test::describe(packet));
  }
}

void Actor::on_connack(const Packet& packet) {
  if (wire::is_error(packet.reason)) {
    was_sent_away_ = true;
    if (!stage_.may_be_closed) violation("refused: " + test::describe(packet));
    return;
  }
  if (connacked_) violation("a second CONNACK");
  connacked_ = true;
  state_ = State::Online;
  send_maximum_ = is_v5() ? packet.props.receive_maximum.value_or(65'535) : std::uint16_t{10};
  aliases_out_ = packet.props.topic_alias_maximum.value_or(0);
  if (version_ == Version::V31) {
    // It has no Session Present. A session that lasts is there when it was there before.
    if (!has_session_) {
      abandon_session();
      stage_.model.session_ended(number_, now());
    }
  } else if (!packet.session_present) {
    if (has_session_) violation("its session is gone");
    abandon_session();
    stage_.model.session_ended(number_, now());
  } else if (expects_none_) {
    violation("a session that it did not have, or did not want");
  }
  must_clean_ = false;
  has_session_ = session_lasts_;
  resend();
}

void Actor::resend() {
  for (const Outgoing& open : outgoing_) {
    if (open.released) {
      send(test::ack_bytes(version_, PacketType::Pubrel, open.packet_id));
    } else {
      stage_.model.sent_again(open.message);
      send(open.dup);
    }
  }
}

void Actor::abandon_session() {
  has_session_ = false;
  outgoing_.clear();
  incoming_.clear();
  filters_.clear();
}

void Actor::on_publish(Packet& packet) {
  if (const auto alias = packet.props.topic_alias) {
    if (!packet.topic.empty()) topic_of_[*alias] = packet.topic;
    packet.topic = topic_of_[*alias];
  }
  if (packet.topic.empty()) violation("an alias without a topic");
  const PacketIdentifier id = packet.packet_id;
  if (packet.qos == QoS::AtMostOnce) return stage_.model.received(number_, packet, now());
  if (!window_.insert(id).second)
    violation("sent again on the same connection, or not free: id " + std::to_string(id));
  if (window_.size() > receive_maximum_) violation("beyond its Receive Maximum");
  if (!packet.dup && incoming_.count(id) != 0)
    violation("a new message under the open id " + std::to_string(id));
  if (packet.qos == QoS::AtLeastOnce) {
    stage_.model.received(number_, packet, now());
    return acknowledge(PacketType::Puback, id);
  }
  if (incoming_.insert(id).second) stage_.model.received(number_, packet, now());
  acknowledge(PacketType::Pubrec, id);
}

void Actor::on_puback(const Packet& packet) {
  const auto at = find_outgoing(packet.packet_id);
  if (at == outgoing_.end()) return violation("a PUBACK for nothing: " + test::describe(packet));
  if (wire::is_error(packet.reason)) {
    if (!stage_.may_be_closed) violation("refused: " + test::describe(packet));
    stage_.model.refused(at->message);
  } else {
    stage_.model.taken(at->message, now());
  }
  outgoing_.erase(at);
}

void Actor::on_pubrec(const Packet& packet) {
  const auto at = find_outgoing(packet.packet_id);
  if (at == outgoing_.end()) return violation("a PUBREC for nothing: " + test::describe(packet));
  if (wire::is_error(packet.reason)) {
    if (!stage_.may_be_closed) violation("refused: " + test::describe(packet));
    stage_.model.refused(at->message);
    outgoing_.erase(at);
    return;
  }
  if (!at->released) stage_.model.taken(at->message, now());
  at->released = true;
  send(test::ack_bytes(version_, PacketType::Pubrel, packet.packet_id));
}

void Actor::on_pubcomp(const Packet& packet) {
  const auto at = find_outgoing(packet.packet_id);
  if (at == outgoing_.end() || !at->released)
    return violation("a PUBCOMP for nothing: " + test::describe(packet));
  outgoing_.erase(at);
}

void Actor::on_suback(const Packet& packet) {
  const auto at = requests_.find(packet.packet_id);
  const bool is_suback = packet.type == PacketType::Suback;
  if (at == requests_.end() || at->second.first != is_suback)
    return violation("an answer to nothing: " + test::describe(packet));
  const std::string filter = at->second.second;
  requests_.erase(at);
  if (!is_suback) return stage_.model.unsubscribe_done(number_, filter, now());
  if (packet.codes.size() != 1 || wire::is_error(packet.codes[0])) {
    if (!stage_.may_be_closed) violation("refused: " + test::describe(packet));
    return;
  }
  // What a session gets that may end any time can't be asked for.
  if (!session_lasts_) return;
  // 3.1 has no code for a refusal.
  if (version_ == Version::V31 && stage_.may_be_closed) return;
  stage_.model.subscribe_granted(number_, filter, now());
}

void Actor::on_disconnect(const Packet& packet) {
  was_sent_away_ = true;
  const bool expected = (packet.reason == ReasonCode::KeepAliveTimeout && keep_alive_ != 0) ||
                        (packet.reason == ReasonCode::QuotaExceeded && stage_.may_be_closed);
  if (!expected) violation("sent away: " + test::describe(packet));
}

// ---- acknowledgements

void Actor::acknowledge(PacketType type, PacketIdentifier id) {
  acknowledgements_.emplace_back(type, id);
  if (!stage_.faults || random_.chance(60)) return send_acknowledgements(acknowledgements_.size());
  stage_.world.after(Duration{static_cast<Duration::rep>(random_.between(0, 400))},
                     [this, connection = connection_] {
                       if (connection != connection_) return;
                       send_acknowledgements(random_.between(1, acknowledgements_.size() + 1));
                     });
}

void Actor::send_acknowledgements(std::size_t most) {
  for (; most > 0 && !acknowledgements_.empty(); --most) {
    const auto [type, id] = acknowledgements_.front();
    acknowledgements_.pop_front();
    if (type != PacketType::Pubrec) window_.erase(id);
    send(test::ack_bytes(version_, type, id));
  }
}

std::string Actor::state_text() const {
  return "c" + std::to_string(number_) + " (" + test::version_name(version_) +
         (state_ == State::Online ? ", online" : ", not online") +
         "): " + std::to_string(outgoing_.size()) + " outgoing, " +
         std::to_string(incoming_.size()) + " incoming, " +
         std::to_string(acknowledgements_.size()) + " to acknowledge, " +
         std::to_string(requests_.size()) + " requests";
}

}  // namespace midge::scenario
