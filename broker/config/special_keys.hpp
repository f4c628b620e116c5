// The statements that are more than a key and one value.
#pragma once

#include "broker/config/config_key.hpp"

namespace midge::config {

bool read_listener(Statement& statement);
bool read_port(Statement& statement);
bool read_bind_address(Statement& statement);
bool read_protocol(Statement& statement);
bool read_accept_protocol_versions(Statement& statement);
bool read_per_listener_settings(Statement& statement);
bool read_log_dest(Statement& statement);
bool read_log_type(Statement& statement);

}  // namespace midge::config
