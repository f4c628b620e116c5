// $SYS/broker/...: what the broker counts, under the names that Mosquitto's dashboards read. Names
// and values are made when they are asked for; nothing is stored.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "broker/base/arena.hpp"
#include "broker/base/text.hpp"
#include "broker/base/time.hpp"
#include "broker/metrics/metrics.hpp"
#include "broker/routing/virtual_topics.hpp"
#include "broker/sys/load.hpp"

namespace midge::sys {

class SysTopics final : public routing::VirtualTopics {
 public:
  static constexpr std::size_t kSeries = 9;   // what is averaged, each over every window
  static constexpr std::size_t kWindows = 3;  // 1, 5 and 15 minutes

  // All outlive it. `version` is the whole text: "midge version 0.1.0".
  SysTopics(const metrics::Metrics& metrics, const Arena& arena, std::string_view version,
            Instant started);

  [[nodiscard]] std::string_view root() const override { return "$SYS"; }
  [[nodiscard]] std::size_t count() const override;
  [[nodiscard]] std::string_view name(std::size_t index) const override;
  // Uptime and averages are those of the last sample(), counters those of this moment.
  void render(std::size_t index, TextWriter& out) const override;
  void sample(Instant now) override;

 private:
  // Of a topic whose value is one.
  [[nodiscard]] std::uint64_t number(std::size_t index) const;

  const metrics::Metrics& metrics_;
  const Arena& arena_;
  std::string_view version_;
  Instant started_;
  Instant sampled_;
  std::array<std::uint64_t, kSeries> totals_{};  // at the last sample
  std::array<std::array<Fixed, kWindows>, kSeries> averages_{};
  mutable Text<48> name_;  // the one that was asked for last
};

}  // namespace midge::sys
