// The program `midge`: what the broker consists of on Linux, from the command line to the end.
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <algorithm>

#include "broker/auth/authenticator.hpp"
#include "broker/auth/authorizer.hpp"
#include "broker/base/arena.hpp"
#include "broker/base/text.hpp"
#include "broker/config/config.hpp"
#include "broker/core/core.hpp"
#include "broker/metrics/metrics.hpp"
#include "broker/routing/match_ahead.hpp"
#include "broker/sys/sys_topics.hpp"
#include "platform/linux/accepting.hpp"
#include "platform/linux/address_space.hpp"
#include "platform/linux/clock.hpp"
#include "platform/linux/connections.hpp"
#include "platform/linux/entropy.hpp"
#include "platform/linux/event_loop.hpp"
#include "platform/linux/keeping.hpp"
#include "platform/linux/listen_sockets.hpp"
#include "platform/linux/log.hpp"
#include "platform/linux/memory_limit.hpp"
#include "platform/linux/process.hpp"
#include "platform/linux/signals.hpp"
#include "platform/linux/store_tools.hpp"
#include "platform/linux/text_files.hpp"

namespace midge::platform {

namespace {

constexpr std::string_view kVersion = "midge version " MIDGE_VERSION;

enum ExitCode : int { kDone = 0, kCannotStart = 1, kWrongConfiguration = 3 };

constexpr std::size_t kPageBytes = 4096;
// How long clients may take to read their DISCONNECT at the end.
constexpr Duration kStopTime{5'000};

void say(LogSink& log, std::initializer_list<std::string_view> parts) {
  char line[512];
  TextWriter text(line, sizeof line);
  for (const std::string_view part : parts) text.add_untrusted(part);
  log.write(LogLevel::Information, text.view());
}

// What was asked for on the command line goes to stdout.
void print(std::string_view text) {
  [[maybe_unused]] const ssize_t lost = write(STDOUT_FILENO, text.data(), text.size());
}

// Complaints about the configuration go where log lines go before there is one: stderr.
class ConfigurationLog final : public config::Diagnostics {
 public:
  explicit ConfigurationLog(LogSink& log) : log_(log) {}
  void report(LogLevel level, std::string_view text) override { log_.write(level, text); }

 private:
  LogSink& log_;
};

void say_configuration(const config::CommandLine& line, const settings::Settings& settings,
                       LogSink& log) {
  say(log, {kVersion, " starting"});
  if (line.config_file.empty()) {
    say(log, {"Using default config."});
  } else {
    say(log, {"Config loaded from ", line.config_file, "."});
  }
  if (settings.local_only) {
    say(log, {"Starting in local only mode. Connections will only be possible from clients running "
              "on this machine."});
    say(log, {"Create a configuration file which defines a listener to allow remote access."});
  }
}

// Reserves what `settings` allow; without a limit in the configuration it is set here.
bool reserve_memory(settings::Settings& settings, AddressSpace& memory, LogSink& log) {
  std::size_t& bytes = settings.limits.memory_bytes;
  if (!settings.memory_limit_given) bytes = default_memory_limit();
  char line[128];
  TextWriter text(line, sizeof line);
  if (!memory.reserve(bytes)) {
    text.add("Error: Unable to reserve ").add(bytes).add(" bytes of memory: ");
    log.write(LogLevel::Error, text.add(std::string_view(strerror(errno))).add(".").view());
    return false;
  }
  text.add("Memory limit: ").add(bytes >> 20).add(" MiB");
  if (!settings.memory_limit_given) text.add(" (a quarter of what there is)");
  say(log, {text.view(), "."});
  return true;
}

// A small part is kept for what must not fail.
std::size_t reserve_pages(std::size_t memory_bytes) {
  return std::clamp<std::size_t>(memory_bytes / kPageBytes / 64, 8, 256);
}

// Turns until a signal asks for the end, then until every client has been told.
void turn_until_stopped(EventLoop& loop, core::Core& core, Keeping& keeping,
                        const Connections& connections, const Signals& signals,
                        std::span<SocketListener> listeners) {
  const SystemWallClock wall;
  Instant give_up = kNever;  // set when stopping
  Instant now = monotonic_now();
  while (now < give_up) {
    loop.wait(std::min({core.next_deadline(), keeping.next_deadline(), give_up}));
    now = monotonic_now();
    keeping.begin(now, wall.now());
    core.begin(now, wall.now());
    loop.dispatch(now);
    if (signals.stop_requested() && give_up == kNever) {
      for (SocketListener& listener : listeners) listener.close();
      core.shut_down();
      give_up = now + kStopTime;
    }
    core.turn();
    keeping.turn();
    if (give_up == kNever || !core.drained() || connections.count() != 0) continue;
    // The last words of all clients are to be kept too.
    keeping.finish();
    if (keeping.is_idle()) return;
  }
}

// The broker proper, once the process is what it is to be.
ExitCode serve(const settings::Settings& settings, AddressSpace& memory, ListenSockets& sockets,
               Background& background, Log& log) {
  Arena arena(memory.range(), kPageBytes, reserve_pages(memory.range().size()), memory);
  KernelEntropy entropy;
  metrics::Metrics metrics;
  auth::AllowAll authorizer;
  auth::NoAuthenticator authenticator;
  sys::SysTopics sys_topics(metrics, arena, kVersion, monotonic_now());
  static routing::MatchAhead match_ahead;  // untouched while there are few filters
  EventLoop loop;
  Connections connections(loop, arena);
  Signals signals(log);
  Keeping keeping(settings.persistence, log);
  bool started = loop.open() && signals.start(loop);
  if (!started) {
    log.write(LogLevel::Error, "Error: Unable to wait for events.");
    return kCannotStart;
  }
  if (!keeping.open(loop, arena)) return kCannotStart;

  core::Core* const core =
      core::Core::create(settings, {.arena = arena,
                                    .entropy = entropy,
                                    .log = log,
                                    .metrics = metrics,
                                    .journal = keeping.journal(),
                                    .authorizer = authorizer,
                                    .authenticator = authenticator,
                                    .virtual_topics = keeping.topics(sys_topics),
                                    .look_ahead = match_ahead});
  if (core == nullptr) {
    log.write(LogLevel::Error, "Error: No random numbers, or too little memory for a broker.");
    return kCannotStart;
  }
  const SystemWallClock wall;
  if (!keeping.bring_back(*core, entropy, monotonic_now(), wall.now())) return kCannotStart;
  DescriptorReserve reserve(log);
  Entrance entrance{loop, connections, *core, metrics, reserve};
  std::array<SocketListener, ListenSockets::kMaximumSockets> listeners;
  std::size_t listening = 0;
  for (ListenSocket& socket : sockets.sockets())
    started = started && listeners[listening++].start(socket, entrance);
  if (started) {
    say(log, {kVersion, " running"});
    log.started();
    background.running();
    turn_until_stopped(loop, *core, keeping, connections, signals, {listeners.data(), listening});
    say(log, {kVersion, " terminating"});
  } else {
    log.write(LogLevel::Error, "Error: Unable to wait for events.");
  }
  core::Core::destroy(core);
  return started ? kDone : kCannotStart;
}

int run(std::span<const char* const> arguments) {
  const SystemWallClock wall;
  Log log(wall);
  ConfigurationLog diagnostics(log);
  const std::optional<config::CommandLine> line =
      config::parse_command_line(arguments, diagnostics);
  if (!line) return kWrongConfiguration;
  if (line->help) {
    print(config::help_text());
    return kDone;
  }
  if (line->version) {
    print(kVersion);
    print("\n");
    return kDone;
  }
  if (!line->check_store.empty())
    return look_at_store(StoreTool::Check, line->check_store.data(), log);
  if (!line->dump_store.empty())
    return look_at_store(StoreTool::Dump, line->dump_store.data(), log);
  TextFiles texts;
  settings::Settings settings;
  if (!config::load_settings(*line, texts, settings, diagnostics, config::Storage::Available))
    return kWrongConfiguration;
  if (line->test_config) {
    print("Configuration file is OK.\n");
    return kDone;
  }

  // As long as there is a terminal and root's rights, if there are.
  if (!log.configure(settings.log, settings.daemon)) return kCannotStart;
  say_configuration(*line, settings, log);
  raise_descriptor_limit();
  AddressSpace memory;
  ListenSockets sockets;
  Background background;
  PidFile pid_file;
  ServiceUser user;
  if (!user.look_up(settings.user, log) || !reserve_memory(settings, memory, log) ||
      !sockets.open(settings, log) || (settings.daemon && !background.enter(log)) ||
      !pid_file.write(settings.pid_file, log))
    return kCannotStart;
  user.take_over(settings.log.file, log);
  for (std::size_t i = 0; i < settings.listener_count; ++i)
    user.take_over(settings.listeners[i].unix_path, log);
  if (!user.become(log)) return kCannotStart;
  return serve(settings, memory, sockets, background, log);
}

}  // namespace

}  // namespace midge::platform

int main(int argc, char** argv) {
  const auto count = static_cast<std::size_t>(std::max(argc - 1, 0));
  return midge::platform::run({argv + (argc > 0 ? 1 : 0), count});
}
