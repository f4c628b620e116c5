// Functions that read a statement themselves, or take its checked value.
#pragma once

#include "broker/config/key.hpp"
#include "broker/config/literal.hpp"

namespace midge::config {

// Keys of every broker.
bool read_accept_protocol_versions(Statement& statement, const Value&);
bool read_client_expiration(Statement& statement, const Value& value);
bool read_durability(Statement& statement, const Value&);
bool read_listener(Statement& statement, const Value&);
bool read_log_type(Statement& statement, const Value&);
bool read_per_listener_settings(Statement& statement, const Value&);
bool read_persistence(Statement& statement, const Value& value);
bool read_port(Statement& statement, const Value& value);
bool read_protocol(Statement& statement, const Value&);

// Keys of a broker under an operating system.
bool read_bind_address(Statement& statement, const Value&);
bool read_include_dir(Statement& statement, const Value&);  // not in the main file
bool read_log_dest(Statement& statement, const Value&);
bool read_log_facility(Statement& statement, const Value& value);
bool read_memory_limit(Statement& statement, const Value& value);
bool read_storage_limit(Statement& statement, const Value& value);

// Keys of Mosquitto's that midge does not have.
bool ignore(Statement& statement, const Value&);  // the key's note says why
bool ignore_packet_buffer_size(Statement& statement, const Value&);
bool ignore_retain_expiry(Statement& statement, const Value&);
bool refuse(Statement& statement, const Value&);  // the key's note says why
bool refuse_if_true(Statement& statement, const Value& value);
bool ask_for_a_bridge(Statement& statement, const Value&);

inline constexpr Literal kOneBuffer = "one buffer serves all connections.";
inline constexpr Literal kOwnExpiry = "retained messages expire only as their publisher asked.";

}  // namespace midge::config
