// The keys of every broker, on a board too: Mosquitto's and midge's own. A new key is a field in
// settings/settings.hpp and a row here.
#pragma once

#include <array>

#include "broker/config/key_row.hpp"

namespace midge::config::table {

using settings::Listener;
using settings::Settings;
using enum Scope;
using enum NoLimit;

inline constexpr Literal kNoStorage =
    "there is no storage here, and what was acknowledged would be lost with the power.";

// In ASCII order.
inline constexpr auto kBrokerRows = std::to_array<Row>({
    special("accept_protocol_versions", ThisListener, "3, 4, 5", "3,4,5",
            read_accept_protocol_versions,
            "The protocol levels that clients may speak: 3 is MQTT 3.1, 4 is 3.1.1, 5 is 5.0."),
    flag("allow_anonymous", Shared, "false; true without a listener",
         MIDGE_TARGET(Access, allow_anonymous), "Lets clients in that send no user name."),
    flag("allow_duplicate_messages", Global, "false",
         MIDGE_TARGET(Settings, allow_duplicate_messages),
         "A client whose subscriptions overlap gets one copy for each of them instead of one. "
         "Mosquitto's default is true."),
    flag("allow_zero_length_clientid", Shared, "true",
         MIDGE_TARGET(Access, allow_zero_length_clientid),
         "Gives a client id to clients that send an empty one."),
    prefix("auto_id_prefix", Shared, MIDGE_TARGET(Access, auto_id_prefix),
           "What assigned client ids begin with, at most 50 bytes."),
    time("backpressure_time", Type::Wait, {0, kHour * 1'000}, "5s",
         MIDGE_TARGET(Settings, backpressure_time),
         "midge: with memory full, a publisher with QoS 1 or 2 waits at most this long before it "
         "is refused."),
    number("connect_timeout", Global, {1, kHour}, Never, "30",
           MIDGE_TARGET(Settings, connect_timeout),
           "midge: a connection that has not sent its CONNECT after so many seconds is closed."),
    flag("connection_messages", Global, "true", MIDGE_TARGET(Settings, log.connection_messages),
         "Logs clients that connect and disconnect."),
    special("durability", Global, "commit, interval milliseconds", "commit", read_durability,
            "midge: with persistence, what is acknowledged is safe (commit), or safe after at most "
            "so many milliseconds (interval): a crash loses what was acknowledged in the last of "
            "them."),
    number("global_max_clients", Global, kLimit, Negative, "-1",
           MIDGE_TARGET(Settings, limits.sessions),
           "Sessions in all, connected or not; -1: no limit."),
    number("global_max_connections", Global, kLimit, Negative, "-1",
           MIDGE_TARGET(Settings, limits.connections),
           "Connections of all listeners together; -1: no limit."),
    special("listener", Global, "port [address], 0 path", "", read_listener,
            "Opens a listener: a port, and the address or host name to bind it to (all "
            "interfaces without one). Port 0 and a path: a Unix socket. At most 16."),
    flag("listener_allow_anonymous", ListenerAccess, "as allow_anonymous",
         MIDGE_TARGET(Access, allow_anonymous), "allow_anonymous of this listener alone."),
    prefix("listener_auto_id_prefix", ListenerAccess, MIDGE_TARGET(Access, auto_id_prefix),
           "auto_id_prefix of this listener alone."),
    flag("log_timestamp", Global, "true", MIDGE_TARGET(Settings, log.timestamp),
         "Puts the time before each line."),
    special("log_type", Global,
            "none, all, error, warning, notice, information, debug, subscribe, unsubscribe",
            "error, warning, notice, information", read_log_type,
            "What is logged; may be repeated. internal and websockets have no effect (a warning)."),
    number("max_connections", DefaultListener, kLimit, Negative, "-1",
           MIDGE_TARGET(Listener, max_connections), "Connections of this listener; -1: no limit."),
    number("max_group_queued_messages", Global, kLimit, Negative, "1000",
           MIDGE_TARGET(Settings, limits.group_queued_messages),
           "midge: messages that wait in a shared subscription's group while no member can take "
           "them; -1: no limit, 0: none wait."),
    number("max_inbound_qos2_messages", Global, {1, 65'535}, Never, "1000",
           MIDGE_TARGET(Settings, limits.inbound_qos2),
           "midge: QoS 2 messages that a client before 5.0 may have open at a time; more close its "
           "connection."),
    size("max_inflight_bytes", kCount, Zero, "0", MIDGE_TARGET(Settings, limits.inflight_bytes),
         "Payload bytes on their way to a client with QoS 1 or 2 at a time; 0: no limit."),
    number("max_inflight_messages", Global, kSixteenBits, Zero, "20",
           MIDGE_TARGET(Settings, limits.inflight_messages),
           "QoS 1 and 2 messages on their way at a time, per client and direction; also our "
           "Receive Maximum. 0: 65535.",
           "'$' must be <= 65535."),
    number(
        "max_keepalive", Global, kSixteenBits, Never, "0", MIDGE_TARGET(Settings, max_keepalive),
        "Seconds. 5.0 clients are told to keep to it; older ones that ask for more, or for none, "
        "are refused. 0: no limit."),
    size("max_packet_size", {20, kMaximumInt}, Zero, "2000000",
         MIDGE_TARGET(Settings, limits.packet_bytes),
         "The largest packet that clients may send; also our Maximum Packet Size. 0: no limit.",
         "'$' must be >= 20."),
    number("max_qos", DefaultListener, {0, 2}, Never, "2", MIDGE_TARGET(Listener, max_qos),
           "The highest QoS that clients may publish with; with more they are disconnected (5.0: "
           "0x9B).",
           "'$' must be between 0 and 2 inclusive."),
    size("max_queued_bytes", kCount, Zero, "0", MIDGE_TARGET(Settings, limits.queued_bytes),
         "Payload bytes that wait for one client; 0: no limit."),
    number("max_queued_messages", Global, kCount, Zero, "1000",
           MIDGE_TARGET(Settings, limits.queued_messages),
           "Messages that wait for one client beyond those in flight; 0: no limit."),
    number("max_retained_messages", Global, kLimit, Negative, "-1",
           MIDGE_TARGET(Settings, limits.retained_messages),
           "midge: retained messages in all; -1: no limit, 0: as retain_available false."),
    number("max_subscriptions", Global, kLimit, Negative, "-1",
           MIDGE_TARGET(Settings, limits.subscriptions),
           "midge: subscriptions of all sessions together; -1: no limit."),
    number("max_topic_alias", ThisListener, kSixteenBits, Never, "10",
           MIDGE_TARGET(Listener, max_topic_alias),
           "Topic aliases that a 5.0 client may use; also our Topic Alias Maximum."),
    number("max_topic_alias_broker", ThisListener, kSixteenBits, Never, "10",
           MIDGE_TARGET(Listener, max_topic_alias_broker),
           "Topic aliases that midge uses toward a 5.0 client that takes them."),
    number("max_topic_levels", Global, {1, 65'535}, Never, "200",
           MIDGE_TARGET(Settings, limits.topic_levels),
           "midge: levels of a topic name or filter; deeper ones are refused."),
    number("max_total_queued_messages", Global, kLimit, Negative, "-1",
           MIDGE_TARGET(Settings, limits.total_queued_messages),
           "midge: messages that wait for all clients and groups together; -1: no limit."),
    size("message_size_limit", {0, 268'435'455}, Zero, "0",
         MIDGE_TARGET(Settings, limits.payload_bytes),
         "The largest payload of a message; larger ones are dropped (5.0: reason 0x97). 0: no "
         "limit."),
    special("per_listener_settings", Global, "true, false", "false", read_per_listener_settings,
            "With true, allow_anonymous, allow_zero_length_clientid and auto_id_prefix belong to "
            "the listener above them. Must come before them."),
    flag(
        "persistence", Global, "false; on a board with a card true", read_persistence,
        "Keeps sessions, subscriptions, messages and wills, so that they are there after a restart "
        "or a crash. Refused where midge has no storage.",
        kNoStorage),
    time("persistent_client_expiration", Type::Duration, {1, 4'294'967'294}, "",
         read_client_expiration,
         "Sessions end at the latest so long after their connection; without it, as the client "
         "asked."),
    number("port", Global, {1, 65'535}, Never, "1883", read_port,
           "Opens the default listener on this port, on all interfaces or on bind_address; an "
           "older way to say `listener`."),
    special("protocol", DefaultListener, "mqtt", "mqtt", read_protocol,
            "What the listener speaks. websockets and http_api are refused: there are none yet."),
    choice("queue_full", Global, "drop_new|drop_old|refuse", "drop_new",
           MIDGE_TARGET(Settings, queue_full),
           "midge: what happens when a client's queue is at its limit: the new message is dropped, "
           "the oldest is, or the publisher is refused (5.0: reason 0x97)."),
    flag("queue_qos0_messages", Global, "false", MIDGE_TARGET(Settings, queue_qos0_messages),
         "QoS 0 messages wait for absent clients too."),
    text("response_information", Global, "", MIDGE_TARGET(Settings, response_information),
         "midge: the base of response topics, told to 5.0 clients that ask for it."),
    flag("retain_available", Global, "true", MIDGE_TARGET(Settings, retain_available),
         "Keeps retained messages; false: who publishes one is disconnected (5.0: 0x9A)."),
    flag("session_owner_check", Global, "true", MIDGE_TARGET(Settings, session_owner_check),
         "midge: a session belongs to the user name that made it; others are refused."),
    flag("shared_subscriptions_available", Global, "true",
         MIDGE_TARGET(Settings, shared_subscriptions_available),
         "midge: false: a 5.0 client that asks for a shared subscription is disconnected (0x9E), "
         "an older one is refused it."),
    flag("strict_receive_maximum", Global, "false", MIDGE_TARGET(Settings, strict_receive_maximum),
         "midge: a QoS 1 message beyond our Receive Maximum closes the connection (0x93) instead "
         "of waiting."),
    flag("subscription_identifiers_available", Global, "true",
         MIDGE_TARGET(Settings, subscription_identifiers_available),
         "midge: false: a client that gives a subscription an identifier is disconnected (0xA1)."),
    number("sys_interval", Global, kSixteenBits, Never, "10", MIDGE_TARGET(Settings, sys_interval),
           "Seconds between two updates of the $SYS topics; 0: there are none."),
    flag("upgrade_outgoing_qos", Global, "false", MIDGE_TARGET(Settings, upgrade_outgoing_qos),
         "Delivers with the subscription's QoS even if the message was published with a lower one. "
         "Breaks the specification.",
         "'$ true' breaks the MQTT specification."),
    flag("use_username_as_clientid", DefaultListener, "false",
         MIDGE_TARGET(Listener, use_username_as_clientid),
         "Takes the user name for the client id; clients without one are refused."),
    flag("wildcard_subscriptions_available", Global, "true",
         MIDGE_TARGET(Settings, wildcard_subscriptions_available),
         "midge: false: a 5.0 client that subscribes with a wildcard is disconnected (0xA2), an "
         "older one is refused it."),
});

inline constexpr auto kBrokerAliases = std::to_array<Alias>({
    {"max_sessions", "global_max_clients"},
    {"maximum_qos", "max_qos"},
    {"retained_persistence", "persistence"},
});

}  // namespace midge::config::table
