// The broker on any system with BSD sockets, as one function for a task of an RTOS or for main().
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "broker/base/bytes.hpp"

namespace midge::sockets {

struct Options {
  // All of the broker's memory, everything included but the stack; its until run() returns.
  MutableBytes memory;

  // A mosquitto.conf as text; lives until run() returns.
  std::string_view configuration;

  // Sockets that the system has for clients, listeners not counted: with lwIP, MEMP_NUM_NETCONN
  // less one for each listener and one to accept with. Of these, kSpareSockets are not for lasting
  // connections.
  std::uint32_t client_sockets = 0;

  // Set, by another task or a signal handler, when the broker is to end in order; it looks at
  // least once a second. Null: it never ends.
  const std::atomic<bool>* stop = nullptr;
};

// For clients that are told that there are too many of them, and for those that are on their way
// out.
inline constexpr std::uint32_t kSpareSockets = 2;

enum class Ended : std::uint8_t {
  Stopped,             // as `stop` asked
  WrongConfiguration,  // the rest: an error was logged
  CannotStart,
};

// Runs the broker. One call at a time.
[[nodiscard]] Ended run(const Options& options);

}  // namespace midge::sockets
