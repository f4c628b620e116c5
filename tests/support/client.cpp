#include "tests/support/client.hpp"

#include <algorithm>
#include <utility>

namespace midge::test {

Client::Client(Broker& broker, Version version, std::uint16_t listener, Where where)
    : broker_(broker), version_(version), listener_(listener) {
  broker_.start(where);
  open();
}

Client::Client(Broker& broker, Version version, std::string_view client_id,
               const ConnectOptions& options, Where where)
    : Client(broker, version, 0, where) {
  must_connect(client_id, options, where);
}

void Client::open() {
  link_ = &broker_.connect(listener_);
  stream_.clear();
  packets_.clear();
  broker_.settle_unless_held();
}

// ---- sending

void Client::send(Bytes bytes) {
  outgoing_.insert(outgoing_.end(), bytes.begin(), bytes.end());
  if (gathering_ == 0) flush();
}

void Client::flush() {
  if (outgoing_.empty()) return;
  link_->send(std::exchange(outgoing_, {}));
  broker_.settle_unless_held();
}

PacketIdentifier Client::next_packet_id() {
  last_packet_id_ =
      static_cast<PacketIdentifier>(last_packet_id_ == 0xFFFF ? 1 : last_packet_id_ + 1);
  return last_packet_id_;
}

void Client::connect(std::string_view client_id, const ConnectOptions& options) {
  client_id_ = client_id;
  send(connect_bytes(version_, client_id, options));
}

PacketIdentifier Client::publish(std::string_view topic, std::string_view payload, QoS qos,
                                 const PublishOptions& options) {
  PublishOptions complete = options;
  if (qos != kQoS0 && !complete.packet_id) complete.packet_id = next_packet_id();
  send(publish_bytes(version_, topic, payload, qos, complete));
  return qos == kQoS0 ? PacketIdentifier{0} : *complete.packet_id;
}

PacketIdentifier Client::subscribe(std::string_view filter, QoS qos,
                                   const SubscribeOptions& options) {
  const PacketIdentifier id = options.packet_id ? *options.packet_id : next_packet_id();
  const Filter one{.filter = std::string(filter),
                   .qos = qos,
                   .no_local = options.no_local,
                   .retain_as_published = options.retain_as_published,
                   .retain_handling = options.retain_handling};
  send(subscribe_bytes(version_, id, {one}, options.props));
  return id;
}

PacketIdentifier Client::subscribe(const std::vector<Filter>& filters, const Properties& props) {
  const PacketIdentifier id = next_packet_id();
  send(subscribe_bytes(version_, id, filters, props));
  return id;
}

PacketIdentifier Client::unsubscribe(const std::vector<std::string>& filters,
                                     const Properties& props) {
  const PacketIdentifier id = next_packet_id();
  send(unsubscribe_bytes(version_, id, filters, props));
  return id;
}

void Client::puback(PacketIdentifier id, ReasonCode reason, const Properties& props) {
  send(ack_bytes(version_, PacketType::Puback, id, reason, props));
}

void Client::pubrec(PacketIdentifier id, ReasonCode reason, const Properties& props) {
  send(ack_bytes(version_, PacketType::Pubrec, id, reason, props));
}

void Client::pubrel(PacketIdentifier id, ReasonCode reason, const Properties& props) {
  send(ack_bytes(version_, PacketType::Pubrel, id, reason, props));
}

void Client::pubcomp(PacketIdentifier id, ReasonCode reason, const Properties& props) {
  send(ack_bytes(version_, PacketType::Pubcomp, id, reason, props));
}

void Client::ping() {
  send(ping_bytes());
}

void Client::disconnect(ReasonCode reason, const Properties& props) {
  send(disconnect_bytes(version_, reason, props));
}

void Client::auth(ReasonCode reason, const Properties& props) {
  send(auth_bytes(reason, props));
}

void Client::close() {
  link_->close();
  broker_.settle_unless_held();
}

void Client::drop() {
  link_->reset();
  broker_.settle_unless_held();
}

// ---- a verb and its usual answer

Packet Client::must_connect(std::string_view client_id, const ConnectOptions& options,
                            Where where) {
  connect(client_id, options);
  return expect_connack(ReasonCode::Success, where);
}

Packet Client::reconnect(const ConnectOptions& options, Where where) {
  broker_.start(where);
  open();
  return must_connect(std::string(client_id_), options, where);
}

Packet Client::must_subscribe(std::string_view filter, QoS qos, const SubscribeOptions& options,
                              Where where) {
  const PacketIdentifier id = subscribe(filter, qos, options);
  Packet suback = take(PacketType::Suback, where);
  if (suback.packet_id != id || suback.codes != std::vector{static_cast<ReasonCode>(qos)})
    fail(where,
         "SUBSCRIBE " + std::string(filter) + " is not granted as asked: " + describe(suback));
  return suback;
}

Packet Client::must_unsubscribe(std::string_view filter, Where where) {
  const PacketIdentifier id = unsubscribe(filter);
  Packet unsuback = take(PacketType::Unsuback, where);
  if (unsuback.packet_id != id ||
      (version_ == Version::V5 && unsuback.codes != std::vector{ReasonCode::Success}))
    fail(where, "UNSUBSCRIBE " + std::string(filter) + " failed: " + describe(unsuback));
  return unsuback;
}

void Client::must_publish(std::string_view topic, std::string_view payload, QoS qos,
                          const PublishOptions& options, Where where) {
  const PacketIdentifier id = publish(topic, payload, qos, options);
  const auto must_take = [&](PacketType type) {
    const Packet ack = take(type, where);
    if (ack.packet_id != id || wire::is_error(ack.reason))
      fail(where, "PUBLISH " + std::to_string(id) + " is answered by " + describe(ack));
  };
  switch (qos) {
    case QoS::AtMostOnce:
      break;
    case QoS::AtLeastOnce:
      must_take(PacketType::Puback);
      break;
    case QoS::ExactlyOnce:
      must_take(PacketType::Pubrec);
      pubrel(id);
      must_take(PacketType::Pubcomp);
      break;
  }
}

void Client::answer(const Packet& publish, Where where) {
  switch (publish.qos) {
    case QoS::AtMostOnce:
      break;
    case QoS::AtLeastOnce:
      puback(publish.packet_id);
      break;
    case QoS::ExactlyOnce: {
      pubrec(publish.packet_id);
      const Packet pubrel = take(PacketType::Pubrel, where);
      if (pubrel.packet_id != publish.packet_id) fail(where, "unexpected " + describe(pubrel));
      pubcomp(publish.packet_id);
      break;
    }
  }
}

// ---- receiving

// Makes packets of what has come so far.
void Client::receive(Where where) {
  broker_.settle();
  const ByteVector came = link_->take();
  stream_.insert(stream_.end(), came.begin(), came.end());
  for (;;) {
    Decoded decoded = decode_packet(version_, stream_);
    if (!decoded.error.empty()) fail(where, "the broker sent what it may not: " + decoded.error);
    if (!decoded.packet) return;
    stream_.erase(stream_.begin(), stream_.begin() + static_cast<std::ptrdiff_t>(decoded.bytes));
    packets_.push_back(std::move(*decoded.packet));
  }
}

ByteVector Client::received() {
  broker_.settle();
  ByteVector bytes;
  for (const Packet& packet : packets_)
    bytes.insert(bytes.end(), packet.bytes.begin(), packet.bytes.end());
  packets_.clear();
  bytes.insert(bytes.end(), stream_.begin(), stream_.end());
  stream_.clear();
  const ByteVector came = link_->take();
  bytes.insert(bytes.end(), came.begin(), came.end());
  return bytes;
}

std::optional<Packet> Client::next(Where where) {
  receive(where);
  if (packets_.empty()) return {};
  Packet first = std::move(packets_.front());
  packets_.pop_front();
  return first;
}

std::vector<Packet> Client::all(Where where) {
  receive(where);
  std::vector<Packet> packets(packets_.begin(), packets_.end());
  packets_.clear();
  return packets;
}

Packet Client::take(PacketType type, Where where) {
  receive(where);
  const auto found = std::find_if(packets_.begin(), packets_.end(),
                                  [type](const Packet& packet) { return packet.type == type; });
  if (found == packets_.end())
    fail(where, std::string("no ") + std::string(wire::packet_name(type)) + ": " + state_text());
  Packet packet = std::move(*found);
  packets_.erase(found);
  return packet;
}

Packet Client::expect(PacketType type, Where where) {
  receive(where);
  if (packets_.empty() || packets_.front().type != type) {
    fail(where, "expected " + std::string(wire::packet_name(type)) + ": " + state_text());
  }
  return *next(where);
}

Packet Client::expect_connack(ReasonCode reason, Where where) {
  Packet connack = expect(PacketType::Connack, where);
  if (connack.reason != reason)
    fail(where, "expected CONNACK " + std::string(wire::reason_name(reason)) + ", got " +
                    describe(connack));
  return connack;
}

Packet Client::expect_publish(Where where) {
  return expect(PacketType::Publish, where);
}

Packet Client::expect_publish(std::string_view topic, std::string_view payload, Where where) {
  Packet publish = expect(PacketType::Publish, where);
  if (publish.topic != topic || publish.payload != payload) {
    fail(where, "expected topic \"" + std::string(topic) + "\" payload \"" +
                    std::string(payload.substr(0, 60)) + "\", got " + describe(publish));
  }
  return publish;
}

void Client::expect_bytes(std::string_view hex_text, Where where) {
  const ByteVector bytes = received();
  if (bytes == hex(hex_text)) return;
  fail(where, "expected " + to_hex(hex(hex_text)) + ", got " + to_hex(bytes));
}

void Client::expect_nothing(Where where) {
  receive(where);
  if (!packets_.empty() || !stream_.empty() || link_->end() != End::Open)
    fail(where, "expected nothing on an open connection: " + state_text());
}

void Client::expect_closed(Where where) {
  receive(where);
  if (!packets_.empty() || !stream_.empty() || link_->end() == End::Open)
    fail(where, "expected a closed connection: " + state_text());
}

Packet Client::expect_disconnect(ReasonCode reason, Where where) {
  Packet disconnect;
  if (version_ == Version::V5) {
    disconnect = expect(PacketType::Disconnect, where);
    if (disconnect.reason != reason)
      fail(where, "expected DISCONNECT " + std::string(wire::reason_name(reason)) + ", got " +
                      describe(disconnect));
  }
  expect_closed(where);
  return disconnect;
}

void Client::expect_refused(ReasonCode reason, std::optional<ReturnCode> return_code, Where where) {
  if (version_ == Version::V5 || return_code) {
    const Packet connack = expect(PacketType::Connack, where);
    const bool as_expected =
        version_ == Version::V5 ? connack.reason == reason : connack.return_code == *return_code;
    if (!as_expected || connack.session_present)
      fail(where, "expected a refusal (" + std::string(wire::reason_name(reason)) + "), got " +
                      to_hex(connack.bytes) + ": " + describe(connack));
  }
  expect_closed(where);
}

bool Client::closed() {
  broker_.settle();
  return link_->end() != End::Open;
}

std::string Client::state_text() const {
  std::string text;
  for (const Packet& packet : packets_) text += (text.empty() ? "got " : ", ") + describe(packet);
  if (!stream_.empty())
    text +=
        (text.empty() ? "got " : ", ") + std::string("the start of a packet ") + to_hex(stream_);
  if (text.empty()) text = "nothing came";
  switch (link_->end()) {
    case End::Open:
      return text + "; the connection is open";
    case End::Finished:
      return text + "; the connection is closed";
    case End::Reset:
      return text + "; the connection is reset";
  }
  return text;
}

void Client::fail(Where where, const std::string& text) const {
  const std::string who = "client \"" + client_id_ + "\" (" + version_name(version_) + "): ";
  ADD_FAIL_AT(where.file, where.line, (who + text));
  throw doctest::detail::TestFailureException();  // not reached: ADD_FAIL_AT throws
}

}  // namespace midge::test
