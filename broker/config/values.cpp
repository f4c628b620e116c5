#include "broker/config/values.hpp"

#include <limits>

namespace midge::config {
namespace {

constexpr std::uint32_t kDay = 86'400;

struct Unit {
  std::uint32_t factor;
  Type type;
  char letter;
};

constexpr Unit kUnits[] = {
    {1 << 10, Type::Size, 'k'},        {1 << 10, Type::Size, 'K'},
    {1 << 20, Type::Size, 'm'},        {1 << 20, Type::Size, 'M'},
    {1 << 30, Type::Size, 'g'},        {1 << 30, Type::Size, 'G'},
    {1'000, Type::Wait, 's'},          {1, Type::Duration, 's'},
    {3'600, Type::Duration, 'h'},      {kDay, Type::Duration, 'd'},
    {7 * kDay, Type::Duration, 'w'},   {30 * kDay, Type::Duration, 'm'},
    {365 * kDay, Type::Duration, 'y'},
};

// 0: the unit that must be there is not. Takes it off `text`.
std::uint32_t take_unit(Type type, std::string_view& text) {
  if (type == Type::Wait && text.ends_with("ms")) {
    text.remove_suffix(2);
    return 1;
  }
  for (const Unit& unit : kUnits) {
    if (unit.type != type || !text.ends_with(unit.letter)) continue;
    text.remove_suffix(1);
    return unit.factor;
  }
  return type == Type::Wait ? 1'000 : type == Type::Duration ? 0 : 1;
}

}  // namespace

std::optional<std::int64_t> parse_number(Type type, std::string_view text) {
  constexpr std::int64_t kLargest = std::numeric_limits<std::int64_t>::max();
  const std::uint32_t factor = take_unit(type, text);
  const bool is_negative = text.starts_with('-');
  if (is_negative) text.remove_prefix(1);
  if (text.empty() || factor == 0) return {};

  std::int64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return {};
    // Eighteen digits always fit.
    value = text.size() > 18 ? kLargest : value * 10 + (c - '0');
  }
  value = value > kLargest / factor ? kLargest : value * factor;
  return is_negative ? -value : value;
}

}  // namespace midge::config
