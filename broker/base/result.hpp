// Result<T, E>: a value or the reason why there is none. No exceptions, no allocation.
#pragma once

#include <optional>
#include <utility>

#include "broker/base/assert.hpp"

namespace midge {

// Wraps an error so that a Result<T, E> with T == E stays unambiguous.
template <class E>
struct Failure {
  E error;
};
template <class E>
Failure(E) -> Failure<E>;

template <class T, class E>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}                     // NOLINT: implicit on purpose
  Result(Failure<E> failure) : error_(std::move(failure.error)) {}  // NOLINT: implicit on purpose

  [[nodiscard]] bool ok() const { return value_.has_value(); }
  explicit operator bool() const { return ok(); }

  [[nodiscard]] T& value() {
    MIDGE_ASSERT(ok());
    return *value_;
  }
  [[nodiscard]] const T& value() const {
    MIDGE_ASSERT(ok());
    return *value_;
  }
  T& operator*() { return value(); }
  const T& operator*() const { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  // Only when !ok().
  [[nodiscard]] const E& error() const {
    MIDGE_ASSERT(!ok());
    return error_;
  }

 private:
  std::optional<T> value_;
  E error_{};
};

}  // namespace midge
