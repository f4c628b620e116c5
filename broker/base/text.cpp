#include "broker/base/text.hpp"

namespace midge {

TextWriter& TextWriter::add(std::string_view text) {
  for (const char c : text) put(c);
  return *this;
}

// Calls with a literal, which are many, are smaller so.
TextWriter& TextWriter::add(const char* text) {
  return add(std::string_view(text));
}

TextWriter& TextWriter::add_untrusted(std::string_view text) {
  for (const char c : text) put(static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? '?' : c);
  return *this;
}

TextWriter& TextWriter::add_number(std::uint64_t number) {
  char digits[20];  // the longest has twenty
  std::size_t first = sizeof digits;
  do {
    digits[--first] = static_cast<char>('0' + number % 10);
    number /= 10;
  } while (number != 0);
  return add(std::string_view(digits + first, sizeof digits - first));
}

}  // namespace midge
