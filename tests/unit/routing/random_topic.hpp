// Short topics and filters of few different levels, so that random ones meet.
#pragma once

#include <random>
#include <string>

namespace midge::test {

inline std::string random_topic(std::mt19937& random, bool filter) {
  constexpr const char* kLevels[] = {"a", "b", "", "cc", "$d"};
  std::string text;
  const auto count = random() % 5 + 1;
  for (unsigned i = 0; i < count; ++i) {
    if (i > 0) text += '/';
    const auto kind = random() % 10;
    if (filter && kind < 3) {
      text += '+';
    } else if (filter && kind < 5 && i + 1 == count) {
      text += '#';
    } else {
      text += kLevels[random() % 5];
    }
  }
  return text.empty() ? "a" : text;
}

// Long ones of two levels only, which have much in common: labels split at every place.
inline std::string random_path(std::mt19937& random, bool filter) {
  std::string text;
  const auto count = random() % 7 + 1;
  for (unsigned i = 0; i < count; ++i) {
    if (i > 0) text += '/';
    const auto kind = filter ? random() % 8 : 7;
    if (kind == 0) {
      text += '+';
    } else if (kind == 1 && i + 1 == count) {
      text += '#';
    } else {
      text += random() % 4 == 0 ? "b" : "a";
    }
  }
  return text;
}

}  // namespace midge::test
