#include "tests/bench/load/options.hpp"

#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace midge::bench {
namespace {

constexpr const char* kUsage =
    R"(usage: midge-bench <scenario> [options]
  fanout          1 publisher, --subs subscribers on one topic
  fanin           --pubs publishers, 1 subscriber with a wildcard
  pairs           --pairs publisher and subscriber pairs, a topic each
  routes          --filters subscriptions over --clients; each message matches one
  retained        stores --retained messages; --subs subscribers in turn get them all with '#'
  connect         opens --conns connections and keeps them; --sub-each: a subscription each
  latency         --pairs pairs at --rate messages a second in all
  durable         1 publisher, 1 subscriber whose session is kept; --away: it has left
  fill            --conns sessions that are kept, with a subscription each, and --retained messages
  churn           --clients at once: connect, subscribe, publish, receive, disconnect, again
  fair-fanout     a quiet pair's QoS 1 round trip, alone and beside a publisher at full speed with
                  --subs subscribers
  fair-replay     ... beside clients that get --retained messages with '#'
  fair-subscribe  ... beside a client that sends --filters SUBSCRIBEs
options: --host 127.x.y.z --port N --v5 --qos 0|1|2 --payload BYTES --secs S --count N --window N
         --pubs N --subs N --pairs N --clients N --filters N --retained N --conns N --sub-each
         --away --hold S --rate R --limit S --broker-pid PID
)";

[[noreturn]] void refuse(const std::string& why) {
  std::fprintf(stderr, "midge-bench: %s\n", why.c_str());
  std::exit(2);
}

// One option's value, and what may be made of it.
class Arguments {
 public:
  Arguments(int count, char** texts) : count_(count), texts_(texts) {}

  [[nodiscard]] bool next() { return ++at_ < count_; }
  [[nodiscard]] std::string_view name() const { return texts_[at_]; }

  // Take the argument behind.
  const char* text() {
    if (at_ + 1 >= count_) refuse(std::string(name()) + " needs a value");
    return texts_[++at_];
  }
  template <class Number>
  void to(Number& number) {
    const std::string option(name());
    const char* const begin = text();
    char* end = nullptr;
    if constexpr (std::is_floating_point_v<Number>) {
      number = std::strtod(begin, &end);
    } else {
      const unsigned long long value = std::strtoull(begin, &end, 10);
      number = static_cast<Number>(value);
      if (static_cast<unsigned long long>(number) != value) end = nullptr;
    }
    if (end == nullptr || end == begin || *end != '\0') refuse(option + " takes a number");
  }

 private:
  int count_;
  char** texts_;
  int at_ = 1;  // the scenario comes first
};

}  // namespace

void end_with_usage() {
  std::fputs(kUsage, stderr);
  std::exit(2);
}

Options parse_options(int argc, char** argv) {
  if (argc < 2) end_with_usage();
  Options options;
  options.scenario = argv[1];
  Arguments arguments(argc, argv);
  while (arguments.next()) {
    const std::string_view name = arguments.name();
    if (name == "--host") {
      options.host = arguments.text();
    } else if (name == "--port") {
      arguments.to(options.port);
    } else if (name == "--v5") {
      options.v5 = true;
    } else if (name == "--qos") {
      arguments.to(options.qos);
    } else if (name == "--payload") {
      arguments.to(options.payload_bytes);
    } else if (name == "--secs") {
      arguments.to(options.seconds);
    } else if (name == "--count") {
      arguments.to(options.count);
    } else if (name == "--window") {
      arguments.to(options.window);
    } else if (name == "--pubs") {
      arguments.to(options.publishers);
    } else if (name == "--subs") {
      arguments.to(options.subscribers);
    } else if (name == "--pairs") {
      arguments.to(options.pairs);
    } else if (name == "--clients") {
      arguments.to(options.clients);
    } else if (name == "--filters") {
      arguments.to(options.filters);
    } else if (name == "--retained") {
      arguments.to(options.retained);
    } else if (name == "--conns") {
      arguments.to(options.connections);
    } else if (name == "--sub-each") {
      options.subscribe_each = true;
    } else if (name == "--away") {
      options.away = true;
    } else if (name == "--hold") {
      arguments.to(options.hold_seconds);
    } else if (name == "--rate") {
      arguments.to(options.messages_per_second);
    } else if (name == "--limit") {
      arguments.to(options.limit_seconds);
    } else if (name == "--broker-pid") {
      arguments.to(options.broker_pid);
    } else {
      refuse("unknown option " + std::string(name));
    }
  }
  if (options.qos > 2) refuse("--qos is 0, 1 or 2");
  if (options.host.rfind("127.", 0) != 0) refuse("only loopback addresses (127.x.y.z) are loaded");
  return options;
}

}  // namespace midge::bench
