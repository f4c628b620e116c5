// The seam for topics whose values are made when somebody asks ($SYS). NoVirtualTopics has none.
#pragma once

#include <cstddef>
#include <string_view>

#include "broker/base/text.hpp"
#include "broker/base/time.hpp"

namespace midge::routing {

class VirtualTopics {
 public:
  // All names begin with this level; only filters that do can match.
  [[nodiscard]] virtual std::string_view root() const = 0;
  [[nodiscard]] virtual std::size_t count() const = 0;
  // The name of topic `index`, up to the next call.
  [[nodiscard]] virtual std::string_view name(std::size_t index) const = 0;
  // Writes the value of topic `index` as it is now.
  virtual void render(std::size_t index, TextWriter& out) const = 0;

  // Called about every sys_interval while a subscription matches, before the values are rendered;
  // also once when the first one appears. Averages are made here.
  virtual void sample(Instant now) = 0;

 protected:
  ~VirtualTopics() = default;
};

class NoVirtualTopics final : public VirtualTopics {
 public:
  [[nodiscard]] std::string_view root() const override { return {}; }
  [[nodiscard]] std::size_t count() const override { return 0; }
  [[nodiscard]] std::string_view name(std::size_t) const override { return {}; }
  void render(std::size_t, TextWriter&) const override {}
  void sample(Instant) override {}
};

}  // namespace midge::routing
