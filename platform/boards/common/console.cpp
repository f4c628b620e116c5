#include "platform/boards/common/console.hpp"

#include "broker/base/text.hpp"
#include "platform/boards/common/hardware.hpp"
#include "platform/boards/common/tick.hpp"

namespace midge::board {

namespace {

void send(std::string_view text) {
  for (const char c : text) put(c);
}

}  // namespace

bool Console::wants(LogLevel level) const {
  if (settings_ == nullptr) return level <= LogLevel::Information;
  return (settings_->levels & settings::level_bit(level)) != 0;
}

void Console::write(LogLevel level, std::string_view line) {
  if (!wants(level)) return;
  if (settings_ != nullptr && settings_->timestamp) {
    const auto ms = static_cast<std::uint64_t>(now().time_since_epoch().count());
    Text<32> stamp;
    stamp.add(ms / 1'000).add(".");
    if (ms % 1'000 < 100) stamp.add("0");
    if (ms % 1'000 < 10) stamp.add("0");
    send(stamp.add(ms % 1'000).add(": ").view());
  }
  // What reports an error says so itself; Mosquitto's people search for "Error: ".
  if (level > LogLevel::Warning) {
    send(log_level_name(level));
    send(": ");
  }
  send(line);
  send("\r\n");
}

}  // namespace midge::board
