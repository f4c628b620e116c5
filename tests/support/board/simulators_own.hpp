// What the simulator has and a board has not, so that tests compile: each use ends the case.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "broker/base/arena.hpp"
#include "broker/base/time.hpp"
#include "broker/core/core.hpp"
#include "broker/routing/virtual_topics.hpp"
#include "broker/session/journal.hpp"
#include "broker/wire/protocol.hpp"
#include "platform/sim/link.hpp"
#include "platform/sim/random.hpp"
#include "tests/support/board/left_out.hpp"

namespace midge::test {

// Something that a test sets or looks at.
template <class T>
class Absent {
 public:
  explicit constexpr Absent(const char* what) : what_(what) {}
  Absent& operator=(const T&) { needs_simulator(what_); }
  operator T() const { needs_simulator(what_); }  // NOLINT: as if it were a T

 private:
  const char* what_;
};

struct SimulatorsOwn {
  static constexpr const char* kJournal = "a journal that waits or fails";
  static constexpr const char* kAuthorizer = "an authorizer";
  static constexpr const char* kLog = "the log";
  static constexpr const char* kInside = "a look inside";
  static constexpr const char* kTurns = "turns and time of its own";

  struct Journal {
    Absent<bool> durable{kJournal};
    Absent<bool> active{kJournal};
    Absent<bool (*)(const session::Record&)> is_durable{kJournal};
    Absent<bool> hold{kJournal};
    Absent<std::uint32_t> inside_percent{kJournal};
    Absent<sim::Range> delay_ms{kJournal};
    Absent<bool> fail_next{kJournal};
    Absent<std::uint32_t> fail_percent{kJournal};
    [[noreturn]] static void release() { needs_simulator(kJournal); }
    [[noreturn]] static std::size_t open_commits() { needs_simulator(kJournal); }
  };

  struct Authorizer {
    Absent<bool> pending{kAuthorizer};
    [[noreturn]] static void user(std::string_view, std::string_view) {
      needs_simulator(kAuthorizer);
    }
    [[noreturn]] static void deny_publish(std::string_view) { needs_simulator(kAuthorizer); }
    [[noreturn]] static void deny_subscribe(std::string_view) { needs_simulator(kAuthorizer); }
    [[noreturn]] static void deny_connect(std::string_view, wire::ReasonCode = {}) {
      needs_simulator(kAuthorizer);
    }
    [[noreturn]] static void decide() { needs_simulator(kAuthorizer); }
    [[noreturn]] static std::size_t waiting() { needs_simulator(kAuthorizer); }
    [[noreturn]] static std::size_t asked() { needs_simulator(kAuthorizer); }
  };

  struct Log {
    [[noreturn]] static std::size_t count(std::string_view) { needs_simulator(kLog); }
    [[noreturn]] static bool has(std::string_view) { needs_simulator(kLog); }
  };

  struct LinkOptions {
    Absent<std::uint32_t> largest_segment{kNetwork};
    Absent<std::size_t> client_window{kNetwork};
    Absent<std::size_t> send_buffer{kNetwork};
    Absent<std::uint32_t> read_bytes{kNetwork};
    Absent<std::uint32_t> short_write_percent{kNetwork};
    Absent<bool> sent_late{kNetwork};
    Absent<sim::Range> close_delay_ms{kNetwork};
    template <class T>  // so that {} is none of them
    LinkOptions& operator=(const T&) {
      needs_simulator(kNetwork);
    }
  };

  struct World {
    [[noreturn]] static sim::Random& random() { needs_simulator(kTurns); }
    [[noreturn]] static bool step(Instant) { needs_simulator(kTurns); }
    [[noreturn]] static void jump_wall(Duration) { needs_simulator(kTurns); }
  };

  struct Broker {
    [[noreturn]] static Arena& arena() { needs_simulator(kInside); }
    [[noreturn]] static core::Core& core() { needs_simulator(kInside); }
    [[noreturn]] static void use(routing::VirtualTopics&) { needs_simulator(kInside); }
  };
};

}  // namespace midge::test
