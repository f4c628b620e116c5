// A peer or a listener as people write it: "192.0.2.1:51234", "[2001:db8::1]:51234", "unix".
#pragma once

#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <string_view>

namespace midge::platform {

class AddressText {
 public:
  AddressText() = default;
  explicit AddressText(const sockaddr* address);

  [[nodiscard]] std::string_view view() const { return {text_.data(), size_}; }

 private:
  std::array<char, 56> text_{};  // 45 of the longest IPv6, 8 of brackets, colon and port
  std::size_t size_ = 0;
};

}  // namespace midge::platform
