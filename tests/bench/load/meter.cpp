#include "tests/bench/load/meter.hpp"

namespace midge::bench {

Meter::Meter(const Engine& engine)
    : engine_(engine),
      before_(engine.probe.read()),
      started_ns_(now_ns()),
      own_cpu_ns_(clock_ns(CLOCK_PROCESS_CPUTIME_ID)),
      published_(engine.published),
      expected_(engine.expected),
      delivered_(engine.delivered) {}

void Meter::finish() {
  seconds_ = static_cast<double>(now_ns() - started_ns_) * 1e-9;
  after_ = engine_.probe.read();
  own_cpu_seconds_ = static_cast<double>(clock_ns(CLOCK_PROCESS_CPUTIME_ID) - own_cpu_ns_) * 1e-9;
  published_ = engine_.published - published_;
  expected_ = engine_.expected - expected_;
  delivered_ = engine_.delivered - delivered_;
}

double Meter::rss_bytes_each(std::uint64_t count) const {
  if (count == 0) return 0;
  return static_cast<double>(after_.rss_kb - before_.rss_kb) * 1024 / static_cast<double>(count);
}

void Meter::report(Json& json, const std::string& unit, std::uint64_t count) const {
  const auto times = static_cast<double>(count);
  json.add("secs", seconds_);
  json.add(unit + "_per_s", times / seconds_);
  json.add("gen_cpu_frac", own_cpu_seconds_ / seconds_);
  if (!engine_.probe.is_on()) return;
  json.add("cpu_us_per_" + unit, count != 0 ? broker_cpu_us() / times : 0.0);
  json.add("broker_cpu_s", after_.cpu_s - before_.cpu_s);
  json.add("broker_user_s", after_.user_s - before_.user_s);
  json.add("broker_sys_s", after_.system_s - before_.system_s);
  json.add("broker_cpu_frac", broker_cpu_us() * 1e-6 / seconds_);
  json.add("rss_kb", after_.rss_kb);
  json.add("pss_kb", after_.pss_kb);
  json.add("peak_rss_kb", after_.peak_rss_kb);
}

void Meter::report_deliveries(Json& json) const {
  json.add("published", published_);
  json.add("expected", expected_);
  json.add("delivered", delivered_);
  json.add("delivered_in_all", engine_.delivered);  // before the measured part too
  json.add("out_of_order", engine_.out_of_order);
  report(json, "delivery", delivered_);
}

}  // namespace midge::bench
