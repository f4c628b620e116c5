// Refers to something that can be called, for a parameter: one copy of the function that calls back
// serves all callers, where a template would be one for each. The callable must outlive the call.
#pragma once

#include <type_traits>

namespace midge {

template <class Signature>
class FunctionRef;

template <class Return, class... Arguments>
class FunctionRef<Return(Arguments...)> {
 public:
  template <class Callable>
  requires(!std::is_same_v<std::remove_cvref_t<Callable>, FunctionRef>)
      // NOLINTNEXTLINE(google-explicit-constructor,bugprone-forwarding-reference-overload)
      FunctionRef(Callable&& callable)
      : object_(const_cast<void*>(static_cast<const void*>(&callable))),
        call_([](void* object, Arguments... arguments) -> Return {
          return (*static_cast<std::remove_reference_t<Callable>*>(object))(arguments...);
        }) {}

  Return operator()(Arguments... arguments) const { return call_(object_, arguments...); }

 private:
  void* object_;
  Return (*call_)(void*, Arguments...);
};

}  // namespace midge
