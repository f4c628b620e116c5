#include "broker/base/text_list.hpp"

namespace midge {
namespace {

// Takes the first text off `rest`.
std::string_view take(std::string_view& rest) {
  const std::string_view text = rest.substr(0, rest.find('|'));
  rest.remove_prefix(text.size() < rest.size() ? text.size() + 1 : text.size());
  return text;
}

}  // namespace

std::string_view text_at(const char* list, std::size_t position) {
  std::string_view rest = list;
  std::string_view text = take(rest);
  for (; position > 0; --position) text = take(rest);
  return text;
}

int position_in(const char* list, std::string_view text) {
  std::string_view rest = list;
  for (int position = 0; !rest.empty(); ++position) {
    if (take(rest) == text) return position;
  }
  return -1;
}

}  // namespace midge
