// Names to addresses, for platforms whose connector needs it apart. NoResolver knows none.
#pragma once

#include <string_view>

namespace midge::hal {

class ResolveHandler {
 public:
  // `address` in text form ("192.0.2.1", "2001:db8::1"), empty when the name is unknown; valid
  // during the call only.
  virtual void on_resolved(std::string_view address) = 0;

 protected:
  ~ResolveHandler() = default;
};

class Resolver {
 public:
  // `name` is copied; exactly one on_resolved() follows, perhaps from inside.
  virtual void resolve(std::string_view name, ResolveHandler& handler) = 0;

 protected:
  ~Resolver() = default;
};

class NoResolver final : public Resolver {
 public:
  void resolve(std::string_view, ResolveHandler& handler) override { handler.on_resolved({}); }
};

}  // namespace midge::hal
