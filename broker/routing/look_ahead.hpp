// The seam for PUBLISHes that came together: what is found out about them before the first is
// handled. NoLookAhead finds out nothing.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "broker/base/bytes.hpp"
#include "broker/routing/subscription_tree.hpp"

namespace midge::routing {

class LookAhead {
 public:
  static constexpr std::size_t kNodes = 4;  // a topic that matches more is left out

  // What a topic name matches, as SubscriptionTree::for_each_match() tells it.
  struct Matches {
    std::array<TreeNode*, kNodes> nodes;
    std::size_t count = 0;
    std::size_t subscribers = 0;
  };

  // Looks at the PUBLISHes that lie in `received` one behind the other, which stay there until
  // forget(). The bytes that need not be looked at again, at least 1.
  [[nodiscard]] virtual std::size_t look(const SubscriptionTree& tree, Bytes received) = 0;
  // What is known of `topic_name`, which those before it will not be asked after; or null.
  [[nodiscard]] virtual const Matches* take(std::string_view topic_name) = 0;
  // The tree is going to change, or the bytes go away.
  virtual void forget() = 0;

 protected:
  ~LookAhead() = default;
};

class NoLookAhead final : public LookAhead {
 public:
  [[nodiscard]] std::size_t look(const SubscriptionTree&, Bytes received) override {
    return received.size();
  }
  [[nodiscard]] const Matches* take(std::string_view) override { return nullptr; }
  void forget() override {}
};

}  // namespace midge::routing
