#include "platform/boards/common/image.hpp"

#include <algorithm>
#include <array>
#include <new>

#include "broker/auth/authenticator.hpp"
#include "broker/auth/authorizer.hpp"
#include "broker/base/arena.hpp"
#include "broker/base/text.hpp"
#include "broker/config/config.hpp"
#include "broker/core/core.hpp"
#include "broker/metrics/metrics.hpp"
#include "broker/sys/sys_topics.hpp"
#include "platform/boards/common/board_limits.hpp"
#include "platform/boards/common/configuration.hpp"
#include "platform/boards/common/console.hpp"
#include "platform/boards/common/hardware.hpp"
#include "platform/boards/common/keeping.hpp"
#include "platform/boards/common/port.hpp"
#include "platform/boards/common/stack.hpp"
#include "platform/boards/common/tick.hpp"
#include "platform/common/drbg.hpp"
#include "platform/lwip/listener.hpp"

namespace midge::board {

namespace {

constexpr std::string_view kVersion = "midge version " MIDGE_VERSION;
constexpr std::string_view kConfigurationName = "midge.conf";

enum ExitCode : int { kCannotStart = 1, kWrongConfiguration = 3 };

class PortEntropy final : public hal::Entropy {
 public:
  [[nodiscard]] bool fill(MutableBytes out) override {
    return midge_port_entropy(out.data(), out.size());
  }
};

// Not on the stack, whose size is bounded by what a turn needs. Constant at start: no constructor
// runs before main().
constinit platform::Drbg random_numbers;
constinit Console console;
constinit settings::Settings broker_settings;

void say(LogLevel level, std::initializer_list<std::string_view> parts) {
  Text<160> line;
  for (const std::string_view part : parts) line.add(part);
  console.write(level, line.view());
}

// Where there is storage, what nobody said otherwise of is kept.
bool read_configuration(const settings::Limits& limits, bool has_storage) {
  broker_settings.persistence.on = has_storage;
  if (!config::read_settings(kConfigurationName, kConfiguration, broker_settings, console,
                             has_storage ? config::Storage::Available : config::Storage::None))
    return false;
  if (broker_settings.listener_count == 0) {
    say(LogLevel::Error, {"Error: No listener in ", kConfigurationName, "."});
    return false;
  }
  if (keep_within(broker_settings, limits)) {
    say(LogLevel::Warning,
        {"Warning: ", kConfigurationName,
         " asks for more than this board has room for; the board's limits hold."});
  }
  console.configure(broker_settings.log);
  return true;
}

// Those of the configuration; they live as long as the board is on.
class Listeners {
 public:
  // False when one can't be opened, which was said then.
  [[nodiscard]] bool start(lwip::Transports& transports, core::Core& core,
                           metrics::Metrics& metrics) {
    for (std::uint16_t i = 0; i < broker_settings.listener_count; ++i) {
      if (!start(broker_settings.listeners[i], place_[i], transports, core, metrics, i))
        return false;
    }
    return true;
  }

 private:
  static_assert(settings::kMaximumListeners <= MEMP_NUM_TCP_PCB_LISTEN);
  struct Place {
    alignas(lwip::Listener) std::uint8_t bytes[sizeof(lwip::Listener)];
  };

  // On the board's one interface, so it is refused to ask for another or for a Unix socket.
  static bool start(const settings::Listener& settings, Place& place, lwip::Transports& transports,
                    core::Core& core, metrics::Metrics& metrics, std::uint16_t index) {
    Text<80> line;
    if (settings.port == 0 || !settings.bind_address.empty() || !settings.bind_interface.empty()) {
      say(LogLevel::Error, {"Error: A listener of a board has a port and no address."});
      return false;
    }
    auto* const listener = new (place.bytes) lwip::Listener(transports, core, metrics, index);
    if (!listener->start(settings.port, MIDGE_CLIENTS)) {
      line.add("Error: Unable to listen on port ").add(settings.port).add(".");
      console.write(LogLevel::Error, line.view());
      return false;
    }
    line.add("Opening ipv4 listen socket on port ").add(settings.port).add(".");
    console.write(LogLevel::Notice, line.view());
    return true;
  }

  std::array<Place, settings::kMaximumListeners> place_;
};

// Says once a second how much of the stack was used, if it was more than before.
class StackWatch {
 public:
  void look(Instant at) {
    if (at < next_) return;
    next_ = at + Duration(1'000);
    const std::size_t used = most_used_stack_bytes();
    if (used <= said_) return;
    said_ = used;
    Text<60> line;
    line.add("Stack: ").add(used).add(" of ").add(stack_bytes()).add(" bytes used at most.");
    console.write(LogLevel::Notice, line.view());
  }

 private:
  Instant next_{};
  std::size_t said_ = 0;
};

// Turns for ever: a board has nobody who would ask it to stop.
[[noreturn]] void turn(core::Core& core, Keeping& keeping, lwip::Transports& transports) {
  StackWatch stack;
  for (;;) {
    const Instant at = now();
    keeping.begin(at);
    core.begin(at, WallTime{0});
    transports.begin_turn(at);
    poll_network(console);
    transports.end_turn();
    core.turn();
    keeping.turn();
    stack.look(at);
    sleep_until(
        std::min({core.next_deadline(), keeping.next_deadline(), transports.next_deadline()}));
  }
}

}  // namespace

int run(const Image& image) {
  start_hardware();
  say(LogLevel::Information, {kVersion, " starting on ", image.name});
  Keeping keeping(image.keeping, console);
  if (!read_configuration(image.limits, keeping.start())) return kWrongConfiguration;
  PortEntropy entropy;
  if (!random_numbers.seed(entropy)) {
    say(LogLevel::Error, {"Error: No random numbers."});
    return kCannotStart;
  }

  NoBacking backing;
  Arena arena(image.arena, image.page_bytes, image.reserve_pages, backing);
  static metrics::Metrics metrics;
  session::Journal* const journal = keeping.open(broker_settings.persistence, arena);
  if (journal == nullptr) return kCannotStart;
  auth::AllowAll authorizer;
  auth::NoAuthenticator authenticator;
  static sys::SysTopics sys_topics(metrics, arena, kVersion, now());
  routing::NoLookAhead look_ahead;
  core::Core* const core = core::Core::create(broker_settings, {.arena = arena,
                                                                .entropy = random_numbers,
                                                                .log = console,
                                                                .metrics = metrics,
                                                                .journal = *journal,
                                                                .authorizer = authorizer,
                                                                .authenticator = authenticator,
                                                                .virtual_topics = sys_topics,
                                                                .look_ahead = look_ahead});
  if (core == nullptr) {
    say(LogLevel::Error, {"Error: Too little memory for a broker."});
    return kCannotStart;
  }
  if (!keeping.bring_back(*core, random_numbers, now())) return kCannotStart;
  if (!start_network(image.address)) {
    say(LogLevel::Error, {"Error: The Ethernet controller does not answer."});
    return kCannotStart;
  }
  Listeners listeners;
  if (!listeners.start(image.transports, *core, metrics)) return kCannotStart;
  say(LogLevel::Notice, {kVersion, " running"});
  turn(*core, keeping, image.transports);
}

}  // namespace midge::board

extern "C" std::uint32_t midge_random() {
  return midge::board::random_numbers.next();
}
