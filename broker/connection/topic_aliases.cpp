#include "broker/connection/topic_aliases.hpp"

#include <algorithm>

namespace midge::connection {

std::string_view TopicAliases::topic(std::uint16_t alias) const {
  if (entries_ == nullptr) return {};
  const Entry& entry = entries_[alias - 1];
  return {entry.text, entry.bytes};
}

bool TopicAliases::define(Memory& memory, std::uint16_t alias, std::string_view topic) {
  if (entries_ == nullptr) {
    entries_ = static_cast<Entry*>(memory.allocate(table_bytes(maximum_)));
    if (entries_ == nullptr) return false;
    std::fill_n(entries_, maximum_, Entry{nullptr, 0});
  }
  Entry& entry = entries_[alias - 1];
  auto* const text = static_cast<char*>(memory.allocate(topic.size()));
  if (text == nullptr) return false;
  copy(text, topic);
  if (entry.text != nullptr) memory.release(entry.text, entry.bytes);
  entry = {text, static_cast<std::uint32_t>(topic.size())};
  count_ = std::max(count_, alias);
  return true;
}

std::uint16_t TopicAliases::find(std::string_view topic) const {
  for (std::uint16_t i = 0; i < count_; ++i) {
    if (std::string_view(entries_[i].text, entries_[i].bytes) == topic) {
      return static_cast<std::uint16_t>(i + 1);
    }
  }
  return 0;
}

void TopicAliases::truncate(Memory& memory, std::uint16_t count) {
  for (; count_ > count; --count_) {
    Entry& entry = entries_[count_ - 1];
    if (entry.text != nullptr) memory.release(entry.text, entry.bytes);
    entry = {nullptr, 0};
  }
}

void TopicAliases::clear(Memory& memory) {
  if (entries_ == nullptr) return;
  truncate(memory, 0);
  memory.release(entries_, table_bytes(maximum_));
  entries_ = nullptr;
}

}  // namespace midge::connection
