#include "broker/sys/sys_topics.hpp"

#include <chrono>

#include "broker/base/text_list.hpp"

namespace midge::sys {

namespace {

using metrics::Cause;
using metrics::Metrics;

// The rows of counters exist while compiling only; a program has their names in one text and the
// places of the counters.
template <class Number>
struct Counter {
  const char* name;
  Number Metrics::*place;
};

template <const auto& kRows>
constexpr auto places_of() {
  std::array<decltype(kRows[0].place), std::size(kRows)> places{};
  for (std::size_t i = 0; i < places.size(); ++i) places[i] = kRows[i].place;
  return places;
}

// The topics in their order: these counters, then those of 32 bits, then what is not simply a
// counter, then load/ with the averages of kAveraged, then refused/.
constexpr Counter<std::uint64_t> kLong[] = {
    {"bytes/received", &Metrics::bytes_received},
    {"bytes/sent", &Metrics::bytes_sent},
    {"clients/expired", &Metrics::clients_expired},
    {"messages/received", &Metrics::messages_received},
    {"messages/sent", &Metrics::messages_sent},
    {"publish/bytes/received", &Metrics::publish_bytes_received},
    {"publish/bytes/sent", &Metrics::publish_bytes_sent},
    {"publish/messages/dropped", &Metrics::publish_dropped},
    {"publish/messages/received", &Metrics::publish_received},
    {"publish/messages/sent", &Metrics::publish_sent},
    {"store/messages/bytes", &Metrics::stored_bytes},
};

constexpr Counter<std::uint32_t> kShort[] = {
    {"clients/active", &Metrics::clients_connected},  // the older name of the next one
    {"clients/connected", &Metrics::clients_connected},
    {"clients/maximum", &Metrics::clients_maximum},
    {"clients/total", &Metrics::clients_total},
    {"messages/stored", &Metrics::stored_messages},
    {"retained messages/count", &Metrics::retained_messages},
    {"shared_subscriptions/count", &Metrics::shared_subscriptions},
    {"store/messages/count", &Metrics::stored_messages},
    {"subscriptions/count", &Metrics::subscriptions},
};

enum class Other : std::uint8_t {
  Version,
  Uptime,
  Inactive,
  Disconnected,
  HeapNow,
  HeapMost,
  Count
};
constexpr const char* kOtherNames =
    "version|uptime|"
    "clients/inactive|"  // the older name of the next one
    "clients/disconnected|heap/current|heap/maximum";

constexpr Counter<std::uint64_t> kAveraged[] = {
    {"bytes/received", &Metrics::bytes_received},
    {"bytes/sent", &Metrics::bytes_sent},
    {"connections", &Metrics::connections},
    {"messages/received", &Metrics::messages_received},
    {"messages/sent", &Metrics::messages_sent},
    {"publish/dropped", &Metrics::publish_dropped},
    {"publish/received", &Metrics::publish_received},
    {"publish/sent", &Metrics::publish_sent},
    {"sockets", &Metrics::sockets},
};
static_assert(std::size(kAveraged) == SysTopics::kSeries);

constexpr const char* kWindowNames = "1min|5min|15min";
constexpr std::uint8_t kWindowMinutes[SysTopics::kWindows] = {1, 5, 15};

constexpr auto kLongNames = names_of<kLong>();
constexpr auto kLongPlaces = places_of<kLong>();
constexpr auto kShortNames = names_of<kShort>();
constexpr auto kShortPlaces = places_of<kShort>();
constexpr auto kAveragedNames = names_of<kAveraged>();
constexpr auto kAveragedPlaces = places_of<kAveraged>();

constexpr auto kOthers = static_cast<std::size_t>(Other::Count);
constexpr std::size_t kLoads = SysTopics::kSeries * SysTopics::kWindows;
constexpr auto kCauses = static_cast<std::size_t>(Cause::Count);

constexpr std::size_t kFirstOther = std::size(kLong) + std::size(kShort);
constexpr std::size_t kVersion = kFirstOther + static_cast<std::size_t>(Other::Version);
constexpr std::size_t kUptime = kFirstOther + static_cast<std::size_t>(Other::Uptime);
constexpr std::size_t kFirstLoad = kFirstOther + kOthers;
constexpr std::size_t kFirstRefused = kFirstLoad + kLoads;

// Whether `index` is one of the next `count`; if not, it is counted from behind them.
bool is_within(std::size_t& index, std::size_t count) {
  if (index < count) return true;
  index -= count;
  return false;
}

// Two decimals, as Mosquitto.
void add_fixed(TextWriter& out, Fixed value) {
  const std::uint64_t hundredths =
      (value * 100 + (std::uint64_t{1} << (kFractionBits - 1))) >> kFractionBits;
  const std::uint64_t fraction = hundredths % 100;
  out.add(hundredths / 100).add(fraction < 10 ? ".0" : ".").add(fraction);
}

}  // namespace

SysTopics::SysTopics(const Metrics& metrics, const Arena& arena, std::string_view version,
                     Instant started)
    : metrics_(metrics), arena_(arena), version_(version), started_(started), sampled_(started) {}

std::size_t SysTopics::count() const {
  return kFirstRefused + kCauses;
}

std::string_view SysTopics::name(std::size_t index) const {
  name_.clear();
  name_.add("$SYS/broker/");
  if (is_within(index, std::size(kLong))) {
    name_.add(text_at(kLongNames.data(), index));
  } else if (is_within(index, std::size(kShort))) {
    name_.add(text_at(kShortNames.data(), index));
  } else if (is_within(index, kOthers)) {
    name_.add(text_at(kOtherNames, index));
  } else if (is_within(index, kLoads)) {
    name_.add("load/").add(text_at(kAveragedNames.data(), index / kWindows));
    name_.add("/").add(text_at(kWindowNames, index % kWindows));
  } else {
    name_.add("refused/").add(metrics::cause_name(static_cast<Cause>(index)));
  }
  return name_.view();
}

void SysTopics::render(std::size_t index, TextWriter& out) const {
  if (index == kVersion) {
    out.add(version_);
  } else if (index >= kFirstLoad && index < kFirstRefused) {
    add_fixed(out, averages_[(index - kFirstLoad) / kWindows][(index - kFirstLoad) % kWindows]);
  } else {
    out.add(number(index)).add(index == kUptime ? " seconds" : "");
  }
}

std::uint64_t SysTopics::number(std::size_t index) const {
  if (is_within(index, std::size(kLong))) return metrics_.*kLongPlaces[index];
  if (is_within(index, std::size(kShort))) return metrics_.*kShortPlaces[index];
  if (!is_within(index, kOthers)) return metrics_.refused[index - kLoads];
  switch (static_cast<Other>(index)) {
    case Other::Uptime:
      return static_cast<std::uint64_t>((sampled_ - started_) / std::chrono::seconds(1));
    case Other::Inactive:
    case Other::Disconnected:
      return metrics_.clients_total - metrics_.clients_connected;
    case Other::HeapNow:
      return arena_.used_pages() * arena_.page_bytes();
    case Other::HeapMost:
      return arena_.most_used_pages() * arena_.page_bytes();
    case Other::Version:
    case Other::Count:
      break;  // no number
  }
  return 0;
}

void SysTopics::sample(Instant now) {
  if (now <= sampled_) return;
  const Duration elapsed = now - sampled_;
  sampled_ = now;
  for (std::size_t window = 0; window < kWindows; ++window) {
    const Step step{elapsed, decay(elapsed, std::chrono::minutes(kWindowMinutes[window]))};
    for (std::size_t series = 0; series < kSeries; ++series) {
      Fixed& average = averages_[series][window];
      const std::uint64_t events = metrics_.*kAveragedPlaces[series] - totals_[series];
      average = next_average(average, events, step);
    }
  }
  for (std::size_t series = 0; series < kSeries; ++series)
    totals_[series] = metrics_.*kAveragedPlaces[series];
}

}  // namespace midge::sys
