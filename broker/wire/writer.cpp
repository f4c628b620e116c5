#include "broker/wire/writer.hpp"

#include <cstring>

namespace midge::wire {

void Writer::byte(std::uint8_t value) {
  if (!has_room(1)) return;
  out_[size_++] = value;
}

void Writer::two_byte_integer(std::uint16_t value) {
  if (!has_room(2)) return;
  out_[size_++] = static_cast<std::uint8_t>(value >> 8);
  out_[size_++] = static_cast<std::uint8_t>(value & 0xFF);
}

void Writer::four_byte_integer(std::uint32_t value) {
  if (!has_room(4)) return;
  two_byte_integer(static_cast<std::uint16_t>(value >> 16));
  two_byte_integer(static_cast<std::uint16_t>(value & 0xFFFF));
}

void Writer::variable_byte_integer(std::uint32_t value) {
  if (value > kMaximumRemainingLength) return fail();
  if (!has_room(variable_byte_integer_bytes(value))) return;
  for (; value >= 0x80; value >>= 7) byte(static_cast<std::uint8_t>(0x80 | (value & 0x7F)));
  byte(static_cast<std::uint8_t>(value));  // the shortest form [MQTT-1.5.5-1]
}

void Writer::utf8_string(std::string_view text) {
  binary_data(as_bytes(text));
}

void Writer::binary_data(Bytes data) {
  if (data.size() > kMaximumStringBytes) return fail();
  if (!has_room(2 + data.size())) return;
  two_byte_integer(static_cast<std::uint16_t>(data.size()));
  raw(data);
}

void Writer::insert_length(std::size_t start) {
  const std::size_t length = size_ - start;
  if (length > kMaximumRemainingLength) return fail();
  const auto value = static_cast<std::uint32_t>(length);
  const std::size_t prefix = variable_byte_integer_bytes(value);
  if (!has_room(prefix)) return;
  std::memmove(out_.data() + start + prefix, out_.data() + start, length);
  size_ = start;
  variable_byte_integer(value);
  size_ += length;
}

}  // namespace midge::wire
