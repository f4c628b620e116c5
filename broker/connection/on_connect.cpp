// Connection: CONNECT and CONNACK (MQTT 5.0 sections 3.1 and 3.2).
#include <algorithm>

#include "broker/base/text.hpp"
#include "broker/connection/incoming.hpp"
#include "broker/topic/topic.hpp"
#include "broker/wire/connack.hpp"

namespace midge::connection {

using metrics::Cause;
using session::Session;
using wire::ReasonCode;
using wire::Version;

namespace {

// The longest generated client id: a prefix of up to 128 bytes and a UUID.
constexpr std::size_t kPrefixBytes = 128;
constexpr std::size_t kUuidBytes = 36;

// Writes `random` as a version 4 UUID (RFC 9562).
void add_uuid(TextWriter& out, MutableBytes random) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  random[6] = static_cast<std::uint8_t>((random[6] & 0x0F) | 0x40);
  random[8] = static_cast<std::uint8_t>((random[8] & 0x3F) | 0x80);
  for (std::size_t i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out.add("-");
    out.add(kDigits.substr(random[i] >> 4, 1)).add(kDigits.substr(random[i] & 0x0F, 1));
  }
}

Cause cause_of(ReasonCode reason) {
  switch (reason) {
    case ReasonCode::ProtocolError:
      return Cause::ProtocolError;
    case ReasonCode::UnsupportedProtocolVersion:
      return Cause::ProtocolVersion;
    default:
      return Cause::MalformedPacket;
  }
}

}  // namespace

void Connection::on_connect(const wire::FixedHeader& header, Bytes body) {
  auto decoded = wire::decode_connect(header.flags, body);
  if (!decoded) {
    const wire::ConnectError& error = decoded.error();
    if (error.unsupported_level) {
      // Older clients understand return code 1 [MQTT-3.1.2-2@3.1.1] [MQTT-3.1.2-2].
      version_ = Version::V311;
      return refuse_connect(ReasonCode::UnsupportedProtocolVersion, Cause::ProtocolVersion);
    }
    context_.metrics.count(cause_of(error.reason));
    if (error.version != Version::V5) return close_silently();  // [MQTT-3.1.4-1@3.1.1]
    version_ = Version::V5;
    return refuse_connect(error.reason, Cause::Count);
  }
  wire::Connect& connect = *decoded;
  version_ = connect.version;
  is_bridge_ = connect.bridge;
  if (is_v5()) {
    const wire::Properties& properties = connect.properties;
    maximum_packet_size_ = properties.maximum_packet_size.value_or(0);
    receive_maximum_ = properties.receive_maximum.value_or(wire::kDefaultReceiveMaximum);
    wants_problem_information_ = properties.request_problem_information.value_or(1) != 0;
    alias_maximum_in_ = listener().max_topic_alias;
    alias_maximum_out_ =
        std::min(properties.topic_alias_maximum.value_or(0), listener().max_topic_alias_broker);
  }
  if (const auto refusal = refusal_of(connect)) {
    return refuse_connect(refusal->reason, refusal->cause);
  }
  const auth::Ticket ticket = ++context_.last_ticket;
  const auth::Verdict verdict = context_.authorizer.connect({.listener = listener(),
                                                             .client_id = client_id_of(connect),
                                                             .user_name = connect.user_name,
                                                             .password = connect.password,
                                                             .peer = transport_->peer()},
                                                            ticket, context_.decisions);
  switch (verdict.decision) {
    case auth::Decision::Allowed:
      return open(connect);
    case auth::Decision::Denied:
      return refuse_connect(verdict.reason, Cause::NotAuthorized);
    case auth::Decision::Pending:
      break;
  }
  // The packet is kept until the answer comes; nothing more is read before.
  if (incoming_ == nullptr) {
    if (!make_incoming(header.type)) return;
    incoming_->header = header;
    if (!grow_incoming(header.remaining_length)) return;
    copy(incoming_->buffer, body);
    incoming_->filled = header.remaining_length;
    incoming_->stage = Incoming::Stage::Complete;
  }
  incoming_->ticket = ticket;
  phase_ = Phase::AwaitDecision;
  pause(kDecision);
}

bool Connection::on_decision(auth::Ticket ticket, auth::Verdict verdict) {
  if (phase_ != Phase::AwaitDecision || incoming_->ticket != ticket) return false;
  phase_ = Phase::AwaitConnect;
  auto connect = wire::decode_connect(incoming_->header.flags, incoming_->body());
  if (verdict.decision == auth::Decision::Allowed) {
    open(*connect);
  } else {
    refuse_connect(verdict.reason, Cause::NotAuthorized);
  }
  drop_incoming();
  resume(kDecision);
  return true;
}

// The id that counts; empty when one is still to be made. refusal_of() has seen the user name.
std::string_view Connection::client_id_of(const wire::Connect& connect) const {
  return listener().use_username_as_clientid ? *connect.user_name : connect.client_id;
}

// What can be told from the CONNECT and the settings alone.
std::optional<Connection::Refusal> Connection::refusal_of(const wire::Connect& connect) const {
  const settings::Listener& here = listener();
  const bool accepted = version_ == Version::V31    ? here.accept_v31
                        : version_ == Version::V311 ? here.accept_v311
                                                    : here.accept_v5;
  if (!accepted) return Refusal{ReasonCode::UnsupportedProtocolVersion, Cause::ProtocolVersion};
  if (connect.client_id.empty()) {
    // 3.1 asks for an id; 3.1.1 for Clean Session with an empty one [MQTT-3.1.3-8@3.1.1].
    if (version_ == Version::V31 || !here.allow_zero_length_clientid ||
        (version_ == Version::V311 && !connect.clean_start)) {
      return Refusal{ReasonCode::ClientIdentifierNotValid, Cause::ClientIdentifier};
    }
  }
  if (here.use_username_as_clientid && (!connect.user_name || connect.user_name->empty())) {
    return Refusal{ReasonCode::NotAuthorized, Cause::NotAuthorized};
  }
  if (connect.properties.authentication_method &&
      !context_.authenticator.knows(*connect.properties.authentication_method)) {
    return Refusal{ReasonCode::BadAuthenticationMethod, Cause::NotAuthorized};  // [MQTT-4.12.0-1]
  }
  if (connect.will) {
    if (connect.will->qos > here.max_qos)
      return Refusal{ReasonCode::QoSNotSupported, Cause::QoSNotSupported};  // [MQTT-3.2.2-12]
    if (connect.will->retain && !context_.settings.retains()) {
      return Refusal{ReasonCode::RetainNotSupported, Cause::RetainNotSupported};  // [MQTT-3.2.2-13]
    }
    if (connect.will->payload.size() > context_.settings.limits.payload_bytes) {
      return Refusal{ReasonCode::PacketTooLarge, Cause::PayloadTooLarge};
    }
    if (topic::has_more_levels(connect.will->topic_name, context_.settings.limits.topic_levels)) {
      return Refusal{ReasonCode::TopicNameInvalid, Cause::TopicInvalid};
    }
  }
  return std::nullopt;
}

void Connection::refuse_connect(ReasonCode reason, Cause cause, std::string_view reason_string) {
  if (cause != Cause::Count) context_.metrics.count(cause);
  log_closed(wire::reason_name(reason));
  wire::Connack connack{.reason = reason};
  if (is_v5() && wants_problem_information_ && !reason_string.empty()) {
    connack.properties.reason_string = reason_string;
  }
  // Where no return code fits, the connection is just closed [MQTT-3.2.2-6@3.1.1].
  if (is_v5() || wire::return_code_of(reason)) {
    std::uint8_t buffer[192];
    wire::Writer out(buffer);
    wire::encode_connack(out, version_, connack);
    if (!fits_client(out.size())) {  // [MQTT-3.2.2-19]
      connack.properties.reason_string.reset();
      out = wire::Writer(buffer);
      wire::encode_connack(out, version_, connack);
    }
    if (fits_client(out.size())) {
      static_cast<void>(acknowledgements_.push_packet(context_.memory, wire::PacketType::Connack,
                                                      reason, out.written(), 0));
    }
  }
  enter_closing();
}

// Settles the Keep Alive; false when a client before 5.0 asks for more than is allowed: it can't be
// told another value.
bool Connection::prepare_keep_alive(const wire::Connect& connect) {
  const std::uint16_t most = context_.settings.max_keepalive;
  keep_alive_seconds_ = connect.keep_alive;
  if (most == 0 || (connect.keep_alive != 0 && connect.keep_alive <= most)) return true;
  if (!is_v5()) return false;
  keep_alive_seconds_ = most;
  return true;
}

message::Message* Connection::make_will(const wire::Connect& connect) {
  const wire::Will& will = *connect.will;
  const auto payload_bytes = static_cast<std::uint32_t>(will.payload.size());
  message::Message* const message =
      context_.messages.create({.topic_name = will.topic_name,
                                .properties_bytes = will.properties.forwarded_bytes,
                                .payload_bytes = payload_bytes,
                                .qos = will.qos,
                                .retain = will.retain});
  if (message == nullptr) return nullptr;
  wire::copy_forwarded(will.properties.section, message::Messages::properties_of(*message));
  if (context_.messages.append(*message, will.payload)) return message;
  context_.messages.release(*message);
  return nullptr;
}

// The session for this client: the stored one or a new one. Takes it from the connection that has
// it. Null when there is no room; the refusal has been sent then.
Session* Connection::take_session(const wire::Connect& connect, std::string_view client_id,
                                  bool& present) {
  Session* existing = context_.sessions.find(client_id);
  const std::string_view user_name = connect.user_name.value_or(std::string_view{});
  if (existing != nullptr) {
    // Only the user that made a session may have it.
    if (context_.settings.session_owner_check && existing->user_name() != user_name) {
      refuse_connect(ReasonCode::NotAuthorized, Cause::NotAuthorized,
                     "the client identifier belongs to another user");
      return nullptr;
    }
    const bool was_online = existing->is_online();
    const bool ends_with_connection = was_online && existing->expiry_seconds == 0;
    const bool undelayed =
        was_online && existing->will != nullptr && existing->will->delay_seconds == 0;
    if (was_online) {
      auto& other = static_cast<Connection&>(*existing->attachment);
      context_.lifecycle.leave(*existing);
      other.on_taken_over();  // [MQTT-3.1.4-3]
    }
    if (connect.clean_start || ends_with_connection) {
      context_.lifecycle.end(*existing);  // its will goes out
      existing = nullptr;
    } else if (undelayed) {
      context_.lifecycle.publish_will(*existing);
    } else {
      context_.sessions.drop_will(*existing);  // back within the delay [MQTT-3.1.3-9]
    }
  }
  present = existing != nullptr;
  if (existing != nullptr) return existing;
  Session* const created = context_.sessions.create(client_id, user_name);
  if (created == nullptr) refuse_connect(ReasonCode::QuotaExceeded, Cause::Count);
  return created;
}

void Connection::open(const wire::Connect& connect) {
  if (context_.shutting_down) {
    return refuse_connect(ReasonCode::ServerShuttingDown, Cause::ConnectionLimit);
  }
  if (!prepare_keep_alive(connect)) {
    return refuse_connect(ReasonCode::ClientIdentifierNotValid, Cause::ClientIdentifier);
  }
  std::string_view client_id = client_id_of(connect);
  // A client that takes its own session over makes no connection more; for the listener, if that is
  // where it was.
  const Session* const own = context_.sessions.find(client_id);
  const auto* const replaced =
      own != nullptr ? static_cast<const Connection*>(own->attachment) : nullptr;
  const bool listener_full = context_.clients[listener_] >= listener().max_connections &&
                             (replaced == nullptr || replaced->listener_ != listener_);
  const bool broker_full =
      context_.metrics.clients_connected >= context_.settings.limits.connections &&
      replaced == nullptr;
  if (listener_full || broker_full) {
    return refuse_connect(ReasonCode::QuotaExceeded,
                          listener_full ? Cause::ListenerLimit : Cause::ConnectionLimit);
  }
  // Permission for the will is asked now and again when it is published.
  const std::string_view user_name = connect.user_name.value_or(std::string_view{});
  if (connect.will &&
      (!topic::is_publishable(connect.will->topic_name) ||
       !context_.authorizer.may_publish({client_id, user_name}, connect.will->topic_name))) {
    return refuse_connect(ReasonCode::NotAuthorized, Cause::PublishDenied,
                          "publishing to the will topic is not allowed");
  }
  Text<kPrefixBytes + kUuidBytes> assigned;
  while (client_id.empty()) {
    std::uint8_t random[16];
    if (!context_.entropy.fill(random)) {
      return refuse_connect(ReasonCode::ServerUnavailable, Cause::ClientIdentifier);
    }
    assigned.clear();
    assigned.add(listener().auto_id_prefix.substr(0, kPrefixBytes));
    add_uuid(assigned, random);
    // Used by no other session [MQTT-3.2.2-16].
    if (context_.sessions.find(assigned.view()) == nullptr) client_id = assigned.view();
  }
  message::Message* will = nullptr;
  if (connect.will) {
    will = make_will(connect);
    if (will == nullptr) return refuse_connect(ReasonCode::QuotaExceeded, Cause::MemoryFull);
  }
  bool present = false;
  Session* const session = take_session(connect, client_id, present);
  if (session == nullptr) {
    if (will != nullptr) context_.messages.release(*will);
    return;
  }
  const std::uint64_t before = context_.commits.records();
  // Before 5.0 a session without Clean Session has no end of its own.
  session->expiry_seconds = is_v5() ? connect.properties.session_expiry_interval.value_or(0)
                            : connect.clean_start ? 0
                                                  : wire::kSessionNeverExpires;
  asked_expiry_ = session->expiry_seconds != 0;
  if (const auto& most = context_.settings.persistent_client_expiration) {
    session->expiry_seconds =
        static_cast<std::uint32_t>(std::min<std::int64_t>(session->expiry_seconds, most->count()));
  }
  session_ = session;
  ++context_.clients[listener_];
  context_.lifecycle.attach(*session, *this);
  if (will != nullptr) {
    const std::uint32_t delay = connect.will->properties.will_delay_interval.value_or(0);
    if (!context_.sessions.set_will(*session, *will, delay,
                                    connect.will->properties.message_expiry_interval)) {
      end_session(false);
      return refuse_connect(ReasonCode::QuotaExceeded, Cause::MemoryFull);
    }
    context_.commits.record(
        {.kind = session::RecordKind::WillChanged, .session = session, .message = will});
  }
  context_.commits.record({.kind = session::RecordKind::SessionOpened, .session = session});
  release_arrival();
  phase_ = Phase::Open;
  was_connected_ = true;
  if (!send_connack(connect, present, connect.client_id.empty() ? client_id : std::string_view{},
                    context_.commits.since(before))) {
    return;
  }
  ++context_.metrics.connections;
  last_packet_ms_ = now_ms();
  arm_keep_alive();
  context_.router.on_online(*session);
  mark_ready();
  if (context_.settings.log.connection_messages && context_.log.wants(LogLevel::Notice)) {
    Text<512> line;
    const int protocol = is_v5() ? 5 : version_ == Version::V311 ? 2 : 1;
    line.add(is_bridge_ ? "New bridge connected from " : "New client connected from ");
    line.add(transport_->peer()).add(" as ").add_untrusted(client_id).add(" (p").add(protocol);
    line.add(", c").add(connect.clean_start ? 1 : 0).add(", k").add(keep_alive_seconds_);
    if (!user_name.empty()) line.add(", u'").add_untrusted(user_name).add("'");
    line.add(").");
    context_.log.write(LogLevel::Notice, line.view());
  }
}

bool Connection::send_connack(const wire::Connect& connect, bool session_present,
                              std::string_view assigned_id, session::CommitNumber commit) {
  const settings::Settings& settings = context_.settings;
  wire::Connack connack{.session_present = session_present};
  wire::Properties& properties = connack.properties;
  if (is_v5()) {
    const auto off = [](bool available) {
      return available ? std::optional<std::uint8_t>{} : std::optional<std::uint8_t>{0};
    };
    if (session_->expiry_seconds != connect.properties.session_expiry_interval.value_or(0)) {
      properties.session_expiry_interval = session_->expiry_seconds;
    }
    if (keep_alive_seconds_ != connect.keep_alive) {
      properties.server_keep_alive = keep_alive_seconds_;
    }
    if (alias_maximum_in_ > 0) properties.topic_alias_maximum = alias_maximum_in_;
    if (!assigned_id.empty()) properties.assigned_client_identifier = assigned_id;
    properties.retain_available = off(settings.retains());
    if (settings.limits.packet_bytes < wire::kMaximumRemainingLength) {
      properties.maximum_packet_size = settings.limits.packet_bytes;
    }
    if (receive_limit() < wire::kDefaultReceiveMaximum) {
      properties.receive_maximum = receive_limit();
    }
    if (listener().max_qos != wire::kMaximumQoS) {
      properties.maximum_qos = static_cast<std::uint8_t>(listener().max_qos);  // [MQTT-3.2.2-9]
    }
    // Only to who asked [MQTT-3.1.2-28].
    if (!settings.response_information.empty() &&
        connect.properties.request_response_information.value_or(0) != 0) {
      properties.response_information = settings.response_information;
    }
    properties.wildcard_subscription_available = off(settings.wildcard_subscriptions_available);
    properties.subscription_identifier_available = off(settings.subscription_identifiers_available);
    properties.shared_subscription_available = off(settings.shared_subscriptions_available);
  }
  std::uint8_t buffer[1'024];
  wire::Writer out(buffer);
  wire::encode_connack(out, version_, connack);
  if (!out.ok() || !fits_client(out.size()) ||
      !acknowledgements_.push_packet(context_.memory, wire::PacketType::Connack,
                                     ReasonCode::Success, out.written(), commit)) {
    // A client that can't be told its session's terms can't have one.
    was_connected_ = false;
    context_.metrics.count(Cause::TooLargeForClient);
    end_session(false);
    enter_closing();
    return false;
  }
  return true;
}

}  // namespace midge::connection
