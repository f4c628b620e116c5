// Everything an operator can choose, as plain structs. Texts are views into the configuration
// text, which its TextSource keeps.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "broker/base/log.hpp"
#include "broker/settings/limits.hpp"
#include "broker/wire/protocol.hpp"

namespace midge::settings {

// Of the program or the board; 16 but where memory is short.
inline constexpr std::size_t kMaximumListeners = MIDGE_LISTENERS;

// What an operator writes as a number of 32 bits.
using Milliseconds = std::chrono::duration<std::uint32_t, std::milli>;
using Seconds = std::chrono::duration<std::uint32_t>;

enum class SocketDomain : std::uint8_t { IPv4, IPv6, Any };

struct Listener {
  std::uint16_t port = 1883;      // 0: a Unix socket at unix_path
  std::string_view bind_address;  // name or address; empty: all interfaces
  std::string_view unix_path;
  std::string_view bind_interface;
  SocketDomain domain = SocketDomain::Any;

  std::uint32_t max_connections = kUnlimited;
  bool allow_anonymous = true;
  wire::QoS max_qos = wire::QoS::ExactlyOnce;
  std::uint16_t max_topic_alias = 10;         // incoming
  std::uint16_t max_topic_alias_broker = 10;  // outgoing
  bool use_username_as_clientid = false;
  bool allow_zero_length_clientid = true;
  std::string_view auto_id_prefix = "auto-";
  bool accept_v31 = true;
  bool accept_v311 = true;
  bool accept_v5 = true;
};

enum class QueueFull : std::uint8_t {
  DropNew,  // as Mosquitto
  DropOld,
  Refuse,  // the publisher gets 0x97
};

// The bit of a log level in Log::levels.
[[nodiscard]] constexpr std::uint16_t level_bit(LogLevel level) {
  return static_cast<std::uint16_t>(1U << static_cast<unsigned>(level));
}

struct Log {
  std::uint16_t levels = level_bit(LogLevel::Error) | level_bit(LogLevel::Warning) |
                         level_bit(LogLevel::Notice) | level_bit(LogLevel::Information);
  bool to_stderr = true;
  bool to_stdout = false;
  bool to_syslog = false;
  std::string_view file;  // empty: none
  std::string_view facility;
  bool timestamp = true;
  std::string_view timestamp_format;  // strftime; empty: ISO 8601
  bool connection_messages = true;
};

// What outlives the broker's process, and where.
struct Persistence {
  bool on = false;
  std::string_view location;  // a folder; empty: the current one
  // 0: what is acknowledged is safe; else a crash loses what was in the last of so much time.
  Milliseconds interval{0};
  std::uint64_t storage_bytes = std::uint64_t{1} << 30;  // the store's, at most
};

struct Settings {
  std::uint16_t listener_count = 0;
  // Nobody configured a listener: these are 127.0.0.1 and ::1, of which one may be missing.
  bool local_only = false;

  Limits limits;
  bool memory_limit_given = false;  // false: the platform chooses Limits::memory_bytes
  Log log;
  Persistence persistence;

  std::uint16_t max_keepalive = 0;  // seconds; 0: no limit. 5.0: Server Keep Alive
  bool retain_available = true;     // see retains()
  bool wildcard_subscriptions_available = true;
  bool subscription_identifiers_available = true;
  bool shared_subscriptions_available = true;
  bool upgrade_outgoing_qos = false;
  bool queue_qos0_messages = false;
  bool allow_duplicate_messages = false;  // one copy for each overlapping subscription
  bool strict_receive_maximum = false;
  bool session_owner_check = true;
  bool set_tcp_nodelay = false;
  QueueFull queue_full = QueueFull::DropNew;
  Milliseconds backpressure_time{5'000};

  // Sessions end this long after their connection at the latest; none: as the client asked.
  std::optional<Seconds> persistent_client_expiration;
  // A client that connects and sends no complete CONNECT is closed after this time.
  Seconds connect_timeout{30};
  Seconds sys_interval{10};  // 0: no $SYS topics
  // The base of Response Information, sent to clients that ask for it; empty: none is sent.
  std::string_view response_information;

  // Whether retained messages are available: allowed, and with room for any.
  [[nodiscard]] bool retains() const { return retain_available && limits.retained_messages > 0; }

  // Process
  std::string_view pid_file;
  std::string_view user;
  bool daemon = false;

  // Last: what lies far from the front takes longer instructions on a small machine.
  std::array<Listener, kMaximumListeners> listeners{};
};

}  // namespace midge::settings
