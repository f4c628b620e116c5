// One JSON object on one line: what a run found out.
#pragma once

#include <concepts>
#include <cstdio>
#include <string>
#include <string_view>

namespace midge::bench {

class Json {
 public:
  void add(std::string_view key, double value) {
    char text[64];
    std::snprintf(text, sizeof text, "%.6g", value);
    add_raw(key, text);
  }
  void add(std::string_view key, std::integral auto value) {
    if constexpr (std::same_as<decltype(value), bool>) {
      add_raw(key, value ? "true" : "false");
    } else {
      add_raw(key, std::to_string(value));
    }
  }
  void add(std::string_view key, const std::string& value) {
    std::string quoted = "\"";
    for (const char c : value) {
      if (c == '"' || c == '\\') quoted += '\\';
      quoted += c < ' ' ? ' ' : c;
    }
    add_raw(key, quoted + '"');
  }
  void print() const { std::printf("{%s}\n", members_.c_str()); }

 private:
  void add_raw(std::string_view key, const std::string& value) {
    if (!members_.empty()) members_ += ", ";
    members_ += '"';
    members_ += key;
    members_ += "\": " + value;
  }

  std::string members_;
};

}  // namespace midge::bench
