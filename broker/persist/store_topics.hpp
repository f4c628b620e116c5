// $SYS/broker/persistence/...: what a start brought back, and what the store does. They stand
// behind the topics of another one, whose root they share.
#pragma once

#include <cstddef>
#include <string_view>

#include "broker/base/text.hpp"
#include "broker/persist/store.hpp"
#include "broker/routing/virtual_topics.hpp"

namespace midge::persist {

class StoreTopics final : public routing::VirtualTopics {
 public:
  // All outlive it.
  StoreTopics(routing::VirtualTopics& others, const Restored& restored, const Store& store)
      : others_(others), restored_(restored), store_(store) {}

  [[nodiscard]] std::string_view root() const override { return others_.root(); }
  [[nodiscard]] std::size_t count() const override;
  [[nodiscard]] std::string_view name(std::size_t index) const override;
  void render(std::size_t index, TextWriter& out) const override;
  void sample(Instant now) override { others_.sample(now); }

 private:
  routing::VirtualTopics& others_;
  const Restored& restored_;
  const Store& store_;
  mutable Text<64> name_;  // the one that was asked for last
};

}  // namespace midge::persist
