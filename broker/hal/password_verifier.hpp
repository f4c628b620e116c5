// Checks a password against its stored hash in steps of bounded work, so that a slow hash never
// holds up the loop. NoPasswordVerifier refuses every password.
#pragma once

#include <cstdint>
#include <string_view>

#include "broker/base/bytes.hpp"

namespace midge::hal {

enum class Verdict : std::uint8_t { Match, Mismatch, Working, Unsupported };

class PasswordVerifier {
 public:
  // Starts a check of `password` against a password_file hash ("$7$101$salt$hash"). One check at a
  // time; both are copied or consumed before the call returns.
  [[nodiscard]] virtual Verdict start(std::string_view stored_hash, Bytes password) = 0;

  // Does a bounded piece of the work that answered Working.
  [[nodiscard]] virtual Verdict step() = 0;

 protected:
  ~PasswordVerifier() = default;
};

class NoPasswordVerifier final : public PasswordVerifier {
 public:
  [[nodiscard]] Verdict start(std::string_view, Bytes) override { return Verdict::Unsupported; }
  [[nodiscard]] Verdict step() override { return Verdict::Unsupported; }
};

}  // namespace midge::hal
