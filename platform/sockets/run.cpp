#include "platform/sockets/run.hpp"

#include <algorithm>
#include <new>

#include "broker/auth/authenticator.hpp"
#include "broker/auth/authorizer.hpp"
#include "broker/base/arena.hpp"
#include "broker/base/text.hpp"
#include "broker/config/config.hpp"
#include "broker/core/core.hpp"
#include "broker/hal/entropy.hpp"
#include "broker/hal/text_source.hpp"
#include "broker/hal/wall_clock.hpp"
#include "broker/metrics/metrics.hpp"
#include "broker/session/journal.hpp"
#include "broker/sys/sys_topics.hpp"
#include "platform/sockets/loop.hpp"
#include "platform/sockets/port.hpp"

namespace midge::sockets {

namespace {

constexpr std::string_view kVersion = "midge version " MIDGE_VERSION;
constexpr std::string_view kConfigurationName = "midge.conf";

// How long clients may take to read their DISCONNECT at the end.
constexpr Duration kStopTime{5'000};
// `stop` is looked at this often.
constexpr Duration kLookAgain{1'000};

class PortEntropy final : public hal::Entropy {
 public:
  [[nodiscard]] bool fill(MutableBytes out) override { return port::entropy(out); }
};

// The port's log, without the levels that the settings leave out.
class PortLog final : public LogSink, public config::Diagnostics {
 public:
  void set_levels(std::uint16_t levels) { levels_ = levels; }
  [[nodiscard]] bool wants(LogLevel level) const override {
    return (levels_ & settings::level_bit(level)) != 0;
  }
  void write(LogLevel level, std::string_view line) override {
    if (wants(level)) port::log(level, line);
  }
  void report(LogLevel level, std::string_view text) override { port::log(level, text); }

 private:
  std::uint16_t levels_ = settings::Log{}.levels;
};

// The one text there is.
class ConstantText final : public hal::TextSource {
 public:
  explicit ConstantText(std::string_view text) : text_(text) {}
  [[nodiscard]] std::optional<std::string_view> text(std::string_view name) override {
    if (name != kConfigurationName) return {};
    return text_;
  }
  [[nodiscard]] std::optional<std::string_view> entry(std::string_view, std::size_t) override {
    return {};
  }
  [[nodiscard]] bool has_folder(std::string_view) override { return false; }

 private:
  std::string_view text_;
};

// Small pages waste less where there are few of them.
std::size_t page_bytes_for(std::size_t memory_bytes) {
  return memory_bytes >= std::size_t{1} << 20 ? 4'096 : 1'024;
}

// A small part is kept for what must not fail.
std::size_t reserve_pages_for(std::size_t memory_bytes) {
  return std::clamp<std::size_t>(memory_bytes / page_bytes_for(memory_bytes) / 32, 4, 256);
}

// What is known before there is an arena. It stands at the front of the broker's memory, because
// it is too large for the stack of a task.
struct Front {
  explicit Front(std::string_view configuration) : texts(configuration) {}

  PortLog log;
  PortEntropy entropy;
  ConstantText texts;
  settings::Settings settings;
  Listeners listeners;
  metrics::Metrics metrics;
  NoBacking backing;
  session::NoJournal journal;
  auth::AllowAll authorizer;
  auth::NoAuthenticator authenticator;
  routing::NoLookAhead look_ahead;
};

// What lives in the arena's neighbourhood: behind Front, in front of the arena's own range.
struct Body {
  Body(Front& front, MutableBytes range, std::size_t client_sockets, Instant now)
      : arena(range, page_bytes_for(range.size()), reserve_pages_for(range.size()), front.backing),
        sys_topics(front.metrics, arena, kVersion, now),
        connections(arena, client_sockets, now) {}

  Arena arena;
  sys::SysTopics sys_topics;
  Connections connections;
};

void say(LogSink& log, std::string_view what) {
  Text<64> text;
  log.write(LogLevel::Information, text.add(kVersion).add(what).view());
}

// Brings the limits down to what the system and the memory can hold. False, and said so, when that
// is less than was asked for: an operator who set a limit counts on it.
bool settle_limits(settings::Settings& settings, const Options& options, std::size_t arena_bytes,
                   LogSink& log) {
  settings::Limits& limits = settings.limits;
  if (options.client_sockets <= kSpareSockets) {
    log.write(LogLevel::Error, "Error: The system has too few sockets.");
    return false;
  }
  limits.connections = std::min(limits.connections, options.client_sockets - kSpareSockets);
  if (settings.memory_limit_given && limits.memory_bytes > arena_bytes) {
    log.write(LogLevel::Error, "Error: memory_limit is more than this program was given.");
    return false;
  }
  if (!settings.memory_limit_given) limits.memory_bytes = arena_bytes;
  Text<96> text;
  text.add("Memory limit: ").add(limits.memory_bytes >> 10).add(" KiB, connections: ");
  log.write(LogLevel::Information, text.add(limits.connections).add(".").view());
  return true;
}

// Turns until `stop` asks for the end, then until every client has been told.
void turn_until_stopped(Loop& loop, core::Core& core, Front& front, const Connections& connections,
                        const std::atomic<bool>* stop) {
  const hal::NoWallClock wall;
  Instant give_up = kNever;  // set when stopping
  Instant now = monotonic_now();
  while (now < give_up) {
    Instant until = std::min(core.next_deadline(), give_up);
    if (stop != nullptr) until = std::min(until, now + kLookAgain);
    loop.wait(until);
    now = monotonic_now();
    core.begin(now, wall.now());
    loop.dispatch(now);
    if (give_up == kNever && stop != nullptr && *stop) {
      front.listeners.close();
      core.shut_down();
      give_up = now + kStopTime;
    }
    core.turn();
    if (give_up != kNever && core.drained() && connections.count() == 0) return;
  }
}

Ended serve(Front& front, Body& body, const std::atomic<bool>* stop) {
  core::Core* const core =
      body.connections.is_ready()
          ? core::Core::create(front.settings, {.arena = body.arena,
                                                .entropy = front.entropy,
                                                .log = front.log,
                                                .metrics = front.metrics,
                                                .journal = front.journal,
                                                .authorizer = front.authorizer,
                                                .authenticator = front.authenticator,
                                                .virtual_topics = body.sys_topics,
                                                .look_ahead = front.look_ahead})
          : nullptr;
  if (core == nullptr) {
    front.log.write(LogLevel::Error,
                    "Error: No random numbers, or too little memory for a broker.");
    return Ended::CannotStart;
  }
  Entrance entrance{body.connections, *core, front.metrics};
  Loop loop(body.arena, front.listeners, entrance);
  if (loop.is_ready()) {
    say(front.log, " running");
    turn_until_stopped(loop, *core, front, body.connections, stop);
    say(front.log, " terminating");
  } else {
    front.log.write(LogLevel::Error, "Error: Too little memory for a broker.");
  }
  core::Core::destroy(core);
  return loop.is_ready() ? Ended::Stopped : Ended::CannotStart;
}

// Cuts what a T needs from the front of `memory`; null when that is too short.
template <class T>
void* cut(MutableBytes& memory) {
  constexpr std::size_t kAlignment = alignof(std::max_align_t);
  const auto address = reinterpret_cast<std::uintptr_t>(memory.data());
  const std::size_t unaligned = (kAlignment - address % kAlignment) % kAlignment;
  constexpr std::size_t kBytes = (sizeof(T) + kAlignment - 1) / kAlignment * kAlignment;
  if (memory.size() < unaligned + kBytes) return nullptr;
  void* const place = memory.data() + unaligned;
  memory = memory.subspan(unaligned + kBytes);
  return place;
}

Ended run_in(Front& front, MutableBytes memory, const Options& options) {
  config::CommandLine line;
  line.config_file = kConfigurationName;
  settings::Settings& settings = front.settings;
  if (!config::load_settings(line, front.texts, settings, front.log))
    return Ended::WrongConfiguration;
  front.log.set_levels(settings.log.levels);
  say(front.log, " starting");
  void* const place = cut<Body>(memory);
  if (!settle_limits(settings, options, memory.size(), front.log) ||
      !front.listeners.open(settings, front.log))
    return Ended::CannotStart;
  if (place == nullptr || memory.size() < 4 * page_bytes_for(0)) {
    front.log.write(LogLevel::Error, "Error: Too little memory for a broker.");
    return Ended::CannotStart;
  }
  auto* const body = new (place) Body(front, memory.first(settings.limits.memory_bytes),
                                      options.client_sockets, monotonic_now());
  const Ended ended = serve(front, *body, options.stop);
  body->~Body();
  return ended;
}

}  // namespace

Ended run(const Options& options) {
  MutableBytes memory = options.memory;
  void* const place = cut<Front>(memory);
  if (place == nullptr) {
    port::log(LogLevel::Error, "Error: Too little memory for a broker.");
    return Ended::CannotStart;
  }
  auto* const front = new (place) Front(options.configuration);
  const Ended ended = run_in(*front, memory, options);
  front->~Front();
  return ended;
}

}  // namespace midge::sockets
