// How doctest prints the protocol's types when a check fails, and short names for tests.
#pragma once

#include <doctest/doctest.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "broker/metrics/metrics.hpp"
#include "broker/wire/protocol.hpp"
#include "broker/wire/subscribe.hpp"

namespace midge::test {

using namespace std::chrono_literals;  // NOLINT: advance(1500ms) is what tests are about

using metrics::Cause;
using wire::PacketIdentifier;
using wire::PacketType;
using wire::QoS;
using wire::ReasonCode;
using wire::RetainHandling;
using wire::ReturnCode;
using wire::Version;

inline constexpr QoS kQoS0 = QoS::AtMostOnce;
inline constexpr QoS kQoS1 = QoS::AtLeastOnce;
inline constexpr QoS kQoS2 = QoS::ExactlyOnce;
inline constexpr std::array kEveryQoS = {kQoS0, kQoS1, kQoS2};

// for (const Version version : kBothVersions) { CAPTURE(version); ... }
inline constexpr std::array kBothVersions = {Version::V311, Version::V5};
inline constexpr std::array kAllVersions = {Version::V31, Version::V311, Version::V5};

// "0a 1b".
[[nodiscard]] inline std::string to_hex(const std::vector<std::uint8_t>& bytes) {
  std::string text;
  for (const std::uint8_t byte : bytes) {
    constexpr const char* kDigits = "0123456789abcdef";
    if (!text.empty()) text += ' ';
    text += kDigits[byte >> 4];
    text += kDigits[byte & 0x0F];
  }
  return text;
}

[[nodiscard]] inline std::string version_name(Version version) {
  return version == Version::V31 ? "3.1" : version == Version::V311 ? "3.1.1" : "5.0";
}

// Where a test called, so that a failed expectation shows the test's line.
struct Where {
  const char* file;
  int line;

  // As a default argument it is evaluated where the function is called.
  [[nodiscard]] static constexpr Where here(const char* file = __builtin_FILE(),
                                            int line = __builtin_LINE()) {
    return {file, line};
  }
};

}  // namespace midge::test

namespace midge::wire {

// doctest finds these by argument; StringMaker is not asked about enumerations.
inline doctest::String toString(Version version) {
  return test::version_name(version).c_str();
}
inline doctest::String toString(PacketType type) {
  return std::string(packet_name(type)).c_str();
}
inline doctest::String toString(ReasonCode reason) {
  return (test::to_hex({static_cast<std::uint8_t>(reason)}) + " (" +
          std::string(reason_name(reason)) + ")")
      .c_str();
}
inline doctest::String toString(QoS qos) {
  return ("QoS " + std::to_string(static_cast<unsigned>(qos))).c_str();
}
inline doctest::String toString(ReturnCode code) {
  return ("return code " + std::to_string(static_cast<unsigned>(code))).c_str();
}

}  // namespace midge::wire

namespace doctest {

// CAPTURE(v.name) shows the text, not its address. (doctest 2.4.9 does not compile with the option
// that it has for this.)
template <>
struct StringMaker<const char*> {
  static String convert(const char* text) { return text; }
};

template <>
struct StringMaker<std::vector<std::uint8_t>> {
  static String convert(const std::vector<std::uint8_t>& bytes) {
    return ("\"" + midge::test::to_hex(bytes) + "\"").c_str();
  }
};

template <class T>
struct StringMaker<std::optional<T>> {
  static String convert(const std::optional<T>& value) {
    if (!value) return "nothing";
    return toString(*value);
  }
};

}  // namespace doctest
