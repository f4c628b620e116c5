// The seam to enhanced authentication (MQTT 5.0 section 4.12). NoAuthenticator knows no method.
#pragma once

#include <cstdint>
#include <string_view>

#include "broker/base/bytes.hpp"
#include "broker/wire/protocol.hpp"

namespace midge::auth {

class Authenticator {
 public:
  // True when CONNECT may name `method`; otherwise it is refused with 0x8C [MQTT-4.12.0-1].
  [[nodiscard]] virtual bool knows(std::string_view method) const = 0;

 protected:
  ~Authenticator() = default;
};

class NoAuthenticator final : public Authenticator {
 public:
  [[nodiscard]] bool knows(std::string_view) const override { return false; }
};

}  // namespace midge::auth
