// Topic Aliases of one connection and direction (MQTT 5.0 section 3.3.2.3.4). The table is made
// when the first alias is defined, and dies with the connection [MQTT-3.3.2-7].
#pragma once

#include <cstdint>
#include <string_view>

#include "broker/base/memory.hpp"

namespace midge::connection {

class TopicAliases {
 public:
  explicit TopicAliases(std::uint16_t maximum = 0) : maximum_(maximum) {}
  // The table, besides the topics in it.
  [[nodiscard]] static constexpr std::size_t table_bytes(std::uint16_t maximum) {
    return maximum * sizeof(Entry);
  }

  [[nodiscard]] std::uint16_t maximum() const { return maximum_; }
  void set_maximum(std::uint16_t maximum) { maximum_ = maximum; }

  // The topic of `alias` (1 to maximum), empty when it has none.
  [[nodiscard]] std::string_view topic(std::uint16_t alias) const;
  // Defines or redefines it; false when memory is full.
  [[nodiscard]] bool define(Memory& memory, std::uint16_t alias, std::string_view topic);

  // For outgoing ones, which are given in order and kept: the alias of `topic`, 0 when it has none.
  [[nodiscard]] std::uint16_t find(std::string_view topic) const;
  [[nodiscard]] std::uint16_t count() const { return count_; }
  // Forgets the latest ones until `count` are left: the packets that define them did not go out.
  void truncate(Memory& memory, std::uint16_t count);

  void clear(Memory& memory);
  // Whether none has been defined.
  [[nodiscard]] bool empty() const { return entries_ == nullptr; }

 private:
  struct Entry {
    char* text;
    std::uint32_t bytes;
  };

  Entry* entries_ = nullptr;
  std::uint16_t maximum_;
  std::uint16_t count_ = 0;  // outgoing: 1 to count_ are defined
};

}  // namespace midge::connection
