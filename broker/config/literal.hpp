// A constant text that knows its end by the NUL: half the size of a string_view on a board, where a
// table of hundreds lies in flash.
#pragma once

#include <string_view>

namespace midge::config {

class Literal {
 public:
  constexpr Literal() = default;
  // A string literal, or what lives as long.
  constexpr Literal(const char* text) : text_(text) {}  // NOLINT(google-explicit-constructor)

  [[nodiscard]] constexpr const char* text() const { return text_; }
  [[nodiscard]] constexpr std::string_view view() const { return text_; }
  [[nodiscard]] constexpr bool empty() const { return *text_ == 0; }
  constexpr operator std::string_view() const { return view(); }  // NOLINT(*-explicit-constructor)

  friend constexpr bool operator==(const Literal& a, const Literal& b) {
    return a.view() == b.view();
  }

 private:
  const char* text_ = "";
};

}  // namespace midge::config
