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
using namespace std::string_view_literals;

namespace {

// The longest generated client id: a prefix of up to 128 bytes and a UUID.
constexpr std::size_t kPrefixBytes = 128;
constexpr std::size_t kUuidBytes = 36;

// Writes `random` as a version 4 UUID (RFC 9562).
void add_uuid(TextWriter& out, std::uint8_t (&random)[16]) {
  static constexpr char kDigits[] = "0123456789abcdef";
  constexpr unsigned kGroups = 1U << 4U | 1U << 6U | 1U << 8U | 1U << 10U;  // begin at these bytes
  random[6] = static_cast<std::uint8_t>((random[6] & 0x0F) | 0x40);
  random[8] = static_cast<std::uint8_t>((random[8] & 0x3F) | 0x80);
  char uuid[kUuidBytes];
  char* end = uuid;
  for (unsigned i = 0; i < 16; ++i) {
    if ((kGroups >> i & 1U) != 0) *end++ = '-';
    *end++ = kDigits[random[i] >> 4];
    *end++ = kDigits[random[i] & 0x0F];
  }
  out.add({uuid, sizeof uuid});
}

void tell_if_off(std::optional<std::uint8_t>& property, bool available) {
  if (!available) property = std::uint8_t{0};
}

}  // namespace

void Connection::on_connect(const wire::FixedHeader& header, Bytes body) {
  wire::Connect connect;
  const wire::ConnectError error = wire::decode_connect(header.flags, body, connect);
  if (wire::is_error(error.reason)) return on_bad_connect(error);
  const Refusal refusal = take_terms(connect) ? refusal_of(connect) : Refusal::NoMemory;
  if (refusal != Refusal::None) return refuse_connect(refusal);
  const auth::Ticket ticket = ++context_.last_ticket;
  const auth::Verdict verdict = context_.authorizer.connect({.listener = listener(),
                                                             .client_id = client_id_of(connect),
                                                             .user_name = connect.user_name,
                                                             .password = connect.password,
                                                             .peer = transport_->peer()},
                                                            ticket, context_.decisions);
  if (verdict.decision != auth::Decision::Pending) return on_verdict(connect, verdict);
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

void Connection::on_bad_connect(const wire::ConnectError& error) {
  if (error.unsupported_level) {
    // Older clients understand return code 1 [MQTT-3.1.2-2@3.1.1] [MQTT-3.1.2-2].
    version_ = Version::V311;
    return refuse_connect(Refusal::ProtocolVersion);
  }
  count(cause_of(error.reason));
  if (error.version != Version::V5) return close_silently();  // [MQTT-3.1.4-1@3.1.1]
  version_ = Version::V5;
  send_refusal(error.reason, {});
}

// What the client says of itself; nothing but the version before 5.0. False when memory is full.
bool Connection::take_terms(const wire::Connect& connect) {
  const wire::Properties& properties = connect.properties;
  version_ = connect.version;
  is_bridge_ = connect.bridge;
  receive_maximum_ = properties.receive_maximum.value_or(wire::kDefaultReceiveMaximum);
  wants_problem_information_ = properties.request_problem_information.value_or(1) != 0;
  const std::uint16_t aliases =
      std::min(properties.topic_alias_maximum.value_or(0), listener().max_topic_alias_broker);
  if (!properties.maximum_packet_size && aliases == 0) return true;
  Extras* const extras = make_extras(Reserve::Enter);
  if (extras == nullptr) return false;
  extras->maximum_packet_size = properties.maximum_packet_size.value_or(settings::kUnlimited);
  extras->outgoing_aliases.set_maximum(aliases);
  return true;
}

bool Connection::on_decision(auth::Ticket ticket, auth::Verdict verdict) {
  if (phase_ != Phase::AwaitDecision || incoming_->ticket != ticket) return false;
  phase_ = Phase::AwaitConnect;
  wire::Connect connect;
  static_cast<void>(wire::decode_connect(incoming_->header.flags, incoming_->body(), connect));
  on_verdict(connect, verdict);
  drop_incoming();
  resume(kDecision);
  return true;
}

void Connection::on_verdict(const wire::Connect& connect, auth::Verdict verdict) {
  if (verdict.decision != auth::Decision::Allowed) {
    count(Cause::NotAuthorized);
    return send_refusal(verdict.reason, {});
  }
  const Refusal refusal = open(connect);
  if (refusal != Refusal::None) refuse_connect(refusal);
}

// The id that counts; empty when one is still to be made. refusal_of() has seen the user name.
std::string_view Connection::client_id_of(const wire::Connect& connect) const {
  return listener().use_username_as_clientid ? *connect.user_name : connect.client_id;
}

// What can be told from the CONNECT and the settings alone.
Refusal Connection::refusal_of(const wire::Connect& connect) const {
  const settings::Listener& here = listener();
  const bool accepted = version_ == Version::V31    ? here.accept_v31
                        : version_ == Version::V311 ? here.accept_v311
                                                    : here.accept_v5;
  if (!accepted) return Refusal::ProtocolVersion;
  // 3.1 asks for an id; 3.1.1 for Clean Session with an empty one [MQTT-3.1.3-8@3.1.1].
  if (connect.client_id.empty() && (version_ == Version::V31 || !here.allow_zero_length_clientid ||
                                    (version_ == Version::V311 && !connect.clean_start))) {
    return Refusal::ClientIdentifier;
  }
  if (here.use_username_as_clientid && connect.user_name.value_or(""sv).empty()) {
    return Refusal::UserName;
  }
  if (connect.properties.authentication_method &&
      !context_.authenticator.knows(*connect.properties.authentication_method)) {
    return Refusal::AuthenticationMethod;
  }
  if (connect.will) {
    const wire::Will& will = *connect.will;
    const settings::Limits& limits = context_.settings.limits;
    if (will.qos > here.max_qos) return Refusal::WillQoS;
    if (will.retain && !context_.settings.retains()) return Refusal::WillRetain;
    if (will.payload.size() > limits.payload_bytes) return Refusal::WillPayload;
    if (has_too_many_levels(will.topic_name)) return Refusal::WillTopic;
  }
  return Refusal::None;
}

void Connection::refuse_connect(Refusal refusal) {
  const RefusalRow& row = count(refusal);
  send_refusal(row.reason, row.reason_string());
}

void Connection::send_refusal(ReasonCode reason, std::string_view reason_string) {
  log_closed(wire::reason_name(reason));
  // Where no return code fits, the connection is just closed [MQTT-3.2.2-6@3.1.1].
  if (is_v5() || wire::return_code_of(reason)) {
    wire::Connack connack;
    connack.reason = reason;
    wire::set_reason_string(connack.properties, reason_string);
    static_cast<void>(queue_connack(connack, 0, reason_string.size()));
  }
  enter_closing();
}

Connection::Queued Connection::queue_connack(wire::Connack& connack, session::CommitNumber commit,
                                             std::size_t text_bytes) {
  return queue_packet(
      {.commit = commit, .type = wire::PacketType::Connack, .reason = connack.reason},
      connack.properties, text_bytes,
      [&](wire::Writer& out) { wire::encode_connack(out, version_, connack); });
}

// Settles the Keep Alive; false when a client before 5.0 asks for more than is allowed: it can't be
// told another value.
bool Connection::prepare_keep_alive(std::uint16_t asked) {
  const std::uint16_t most = context_.settings.max_keepalive;
  const bool is_allowed = most == 0 || (asked != 0 && asked <= most);
  keep_alive_seconds_ = is_allowed ? asked : most;
  return is_allowed || is_v5();
}

message::Message* Connection::make_will(const wire::Will& will) {
  message::Message* const message =
      create_message({.topic_name = will.topic_name,
                      .properties_bytes = will.properties.forwarded_bytes,
                      .payload_bytes = static_cast<std::uint32_t>(will.payload.size()),
                      .qos = will.qos,
                      .retain = will.retain,
                      // Settled when the will is published.
                      .expires = will.properties.message_expiry_interval ? Instant{} : kNever},
                     will.properties);
  if (message == nullptr || context_.messages.append(*message, will.payload)) return message;
  release(*message);
  return nullptr;
}

// A client id that no other session has [MQTT-3.2.2-16]; false without entropy.
bool Connection::make_client_id(TextWriter& id) {
  const std::string_view prefix = listener().auto_id_prefix;
  do {
    std::uint8_t random[16];
    if (!context_.entropy.fill(random)) return false;
    id.clear();
    id.add({prefix.data(), std::min(prefix.size(), kPrefixBytes)});
    add_uuid(id, random);
  } while (context_.sessions.find(id.view()) != nullptr);
  return true;
}

// The session for this client becomes this connection's: the stored one, which is then `present`,
// or a new one. Takes it from the connection that has it.
Refusal Connection::take_session(const auth::Identity& who, bool clean_start, bool& present) {
  Session* session = context_.sessions.find(who.client_id);
  if (session != nullptr) {
    // Only the user that made a session may have it.
    if (context_.settings.session_owner_check && session->user_name() != who.user_name) {
      return Refusal::OtherUser;
    }
    const bool was_online = session->is_online();
    const bool ends_with_connection = was_online && session->expiry_seconds == 0;
    const bool undelayed =
        was_online && session->will != nullptr && session->will->delay_seconds == 0;
    if (was_online) {
      auto& other = static_cast<Connection&>(*session->attachment);
      context_.lifecycle.leave(*session);
      other.on_taken_over();  // [MQTT-3.1.4-3]
    }
    if (clean_start || ends_with_connection) {
      context_.lifecycle.end(*session);  // its will goes out
      session = nullptr;
    } else if (undelayed) {
      context_.lifecycle.publish_will(*session);
    } else {
      context_.lifecycle.drop_will(*session);  // back within the delay [MQTT-3.1.3-9]
    }
  }
  present = session != nullptr;
  if (session == nullptr) session = context_.sessions.create(who.client_id, who.user_name);
  session_ = session;
  return session != nullptr ? Refusal::None : Refusal::NoSession;
}

// Keeps the session for so long after its connection, or for as long as the operator allows.
void Connection::set_expiry(std::uint32_t seconds) {
  const auto& most = context_.settings.persistent_client_expiration;
  const bool is_too_long = most && most->count() < std::int64_t{seconds};
  session_->expiry_seconds = is_too_long ? static_cast<std::uint32_t>(most->count()) : seconds;
}

// Whether there is a place for one client more. One that takes its own session over makes no
// connection more; for the listener, if that is where it was.
Refusal Connection::limit_reached(std::string_view client_id) const {
  const Session* const own = context_.sessions.find(client_id);
  const auto* const replaced =
      own != nullptr ? static_cast<const Connection*>(own->attachment) : nullptr;
  if (context_.clients[listener_] >= listener().max_connections &&
      (replaced == nullptr || replaced->listener_ != listener_)) {
    return Refusal::ListenerFull;
  }
  const bool is_full = context_.metrics.clients_connected >= context_.settings.limits.connections;
  return is_full && replaced == nullptr ? Refusal::BrokerFull : Refusal::None;
}

Refusal Connection::open(const wire::Connect& connect) {
  if (context_.shutting_down) return Refusal::ShuttingDown;
  if (!prepare_keep_alive(connect.keep_alive)) return Refusal::KeepAlive;
  auth::Identity who{client_id_of(connect), connect.user_name.value_or(""sv)};
  const Refusal full = limit_reached(who.client_id);
  if (full != Refusal::None) return full;
  // Permission for the will is asked now and again when it is published.
  if (connect.will && (!topic::is_publishable(connect.will->topic_name) ||
                       !context_.authorizer.may_publish(who, connect.will->topic_name))) {
    return Refusal::WillDenied;
  }
  Text<kPrefixBytes + kUuidBytes> assigned;
  if (who.client_id.empty()) {
    if (!make_client_id(assigned)) return Refusal::NoEntropy;
    who.client_id = assigned.view();
  }
  message::Message* will = nullptr;
  if (connect.will) {
    will = make_will(*connect.will);
    if (will == nullptr) return Refusal::NoMemory;
  }
  // That an old session has ended is waited for too.
  const std::uint32_t before = changes();
  bool present = false;
  const Refusal taken = take_session(who, connect.clean_start, present);
  if (taken != Refusal::None) {
    if (will != nullptr) release(*will);
    return taken;
  }
  Session& session = *session_;
  // Before 5.0 a session without Clean Session has no end of its own.
  const std::uint32_t expiry = is_v5() || connect.clean_start
                                   ? connect.properties.session_expiry_interval.value_or(0)
                                   : wire::kSessionNeverExpires;
  asked_expiry_ = expiry != 0;
  set_expiry(expiry);
  ++context_.clients[listener_];
  context_.lifecycle.attach(session, *this);
  context_.commits.record({.kind = session::RecordKind::SessionOpened,
                           .session = session_,
                           .number = std::uint32_t{keep_alive_seconds_} * 3 / 2});
  if (will != nullptr) {
    const wire::Properties& properties = connect.will->properties;
    if (!context_.sessions.set_will(session, *will, properties.will_delay_interval.value_or(0),
                                    properties.message_expiry_interval)) {
      end_session(false);
      return Refusal::NoMemory;
    }
    record(session::RecordKind::WillChanged);
  }
  enter(Phase::Open);
  if (!send_connack(connect, present, connect.client_id.empty() ? who.client_id : ""sv,
                    commit_since(before))) {
    return Refusal::None;
  }
  ++context_.metrics.connections;
  last_packet_ms_ = now_ms();
  arm_keep_alive();
  context_.router.on_online(session);
  mark_ready();
  log_connected(connect);
  return Refusal::None;
}

// Tells the client its session's terms. False when it can't be told them: then it can't have one.
bool Connection::send_connack(const wire::Connect& connect, bool session_present,
                              std::string_view assigned_id, session::CommitNumber commit) {
  const settings::Settings& settings = context_.settings;
  wire::Connack connack;
  connack.session_present = session_present;
  wire::Properties& properties = connack.properties;
  if (session_->expiry_seconds != connect.properties.session_expiry_interval.value_or(0)) {
    properties.session_expiry_interval = session_->expiry_seconds;
  }
  if (keep_alive_seconds_ != connect.keep_alive) properties.server_keep_alive = keep_alive_seconds_;
  if (const std::uint16_t most = listener().max_topic_alias; most > 0) {
    properties.topic_alias_maximum = most;
  }
  if (!assigned_id.empty()) properties.assigned_client_identifier = std::make_optional(assigned_id);
  tell_if_off(properties.retain_available, settings.retains());
  if (settings.limits.packet_bytes < wire::kMaximumRemainingLength) {
    properties.maximum_packet_size = settings.limits.packet_bytes;
  }
  const std::uint16_t receives = receive_limit();
  if (receives < wire::kDefaultReceiveMaximum) properties.receive_maximum = receives;
  const wire::QoS max_qos = listener().max_qos;
  if (max_qos != wire::kMaximumQoS) {
    properties.maximum_qos = static_cast<std::uint8_t>(max_qos);  // [MQTT-3.2.2-9]
  }
  // Only to who asked [MQTT-3.1.2-28].
  if (!settings.response_information.empty() &&
      connect.properties.request_response_information.value_or(0) != 0) {
    properties.response_information = std::make_optional(settings.response_information);
  }
  tell_if_off(properties.wildcard_subscription_available,
              settings.wildcard_subscriptions_available);
  tell_if_off(properties.subscription_identifier_available,
              settings.subscription_identifiers_available);
  tell_if_off(properties.shared_subscription_available, settings.shared_subscriptions_available);
  const std::size_t text_bytes = assigned_id.size() + settings.response_information.size();
  if (queue_connack(connack, commit, text_bytes) == Queued::Yes) return true;
  count(Cause::TooLargeForClient);
  end_session(false);
  enter_closing();
  return false;
}

}  // namespace midge::connection
