#include "platform/linux/json_lines.hpp"

#include <errno.h>
#include <unistd.h>

#include <algorithm>

#include "broker/base/text.hpp"
#include "broker/wire/text.hpp"

namespace midge::platform {

JsonLines& JsonLines::begin() {
  is_first_ = true;
  put("{");
  return *this;
}

void JsonLines::end() {
  put("}\n");
}

void JsonLines::name(std::string_view key) {
  put(is_first_ ? "\"" : ",\"");
  is_first_ = false;
  put(key);
  put("\":");
}

JsonLines& JsonLines::number(std::string_view key, std::uint64_t value) {
  name(key);
  put(Text<24>().add(value).view());
  return *this;
}

JsonLines& JsonLines::text(std::string_view key, std::string_view value) {
  name(key);
  put("\"");
  const bool is_text = wire::is_well_formed_text(value);
  for (std::size_t i = 0; i < value.size(); ++i) {
    const auto character = static_cast<std::uint8_t>(value[i]);
    const bool is_plain = character >= 0x20 && character != 0x7F && (character < 0x80 || is_text);
    if (character == '"' || character == '\\') put("\\");
    if (is_plain) {
      put(value.substr(i, 1));
    } else {
      put_escaped(character);
    }
  }
  put("\"");
  return *this;
}

void JsonLines::put_escaped(std::uint8_t character) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  put("\\u00");
  put(kDigits.substr(character >> 4U, 1));
  put(kDigits.substr(character & 0xFU, 1));
}

JsonLines& JsonLines::base64(std::string_view key, Bytes value) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  name(key);
  put("\"");
  for (; !value.empty(); value = value.subspan(std::min<std::size_t>(3, value.size()))) {
    std::uint32_t three = 0;
    for (std::size_t i = 0; i < 3; ++i) three = three << 8U | (i < value.size() ? value[i] : 0U);
    for (std::size_t i = 0; i < 4; ++i)
      put(i <= value.size() ? kDigits.substr(three >> (18 - 6 * i) & 63U, 1) : "=");
  }
  put("\"");
  return *this;
}

void JsonLines::put(std::string_view text) {
  while (!text.empty()) {
    if (filled_ == buffer_.size()) flush();
    const std::size_t count = text.copy(buffer_.data() + filled_, buffer_.size() - filled_);
    filled_ += count;
    text.remove_prefix(count);
  }
}

// Nobody can be told when the reader has gone.
void JsonLines::flush() {
  for (std::size_t at = 0; at < filled_;) {
    const ssize_t count = write(fd_, buffer_.data() + at, filled_ - at);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    at += static_cast<std::size_t>(count);
  }
  filled_ = 0;
}

}  // namespace midge::platform
