// The storage part of the HAL suite on the board's SD card; then a count of the starts, to see that
// the card keeps it without power. The exit code is the number of checks that did not hold.
#include <array>
#include <cstring>

#include "broker/base/text.hpp"
#include "platform/boards/common/console.hpp"
#include "platform/boards/common/hardware.hpp"
#include "platform/boards/lm3s6965evb/sd_card.hpp"
#include "tests/unit/hal/storage_checks.hpp"

namespace {

using namespace midge;

constinit board::Console console;
constinit board::SdCard card;
constinit std::array<std::uint8_t, 4 * board::SdCard::kBlockBytes> buffer{};

class Host final : public test::StorageHost {
 public:
  void on_broken(const char* what) override {
    Text<120> line;
    console.write(LogLevel::Notice, line.add("broken: ").add(std::string_view(what)).view());
  }
  void work() override {}
};

// Nothing of the card ever ends later.
class NoHandler final : public hal::StorageHandler {
 public:
  void on_storage_done(hal::StorageStatus) override {}
};

// Behind the segments that the checks use. 0: the card failed.
std::uint32_t count_start() {
  constexpr std::uint32_t kSegment = 5;
  constexpr std::uint32_t kMark = 0x4D494447;
  struct Record {
    std::uint32_t mark;
    std::uint32_t starts;
  } record{};
  NoHandler handler;
  const MutableBytes block(buffer.data(), board::SdCard::kBlockBytes);
  if (card.read(kSegment, 0, block, handler) != hal::StorageStatus::Ok) return 0;
  std::memcpy(&record, block.data(), sizeof record);
  if (record.mark != kMark) record = {.mark = kMark, .starts = 0};
  ++record.starts;
  std::memcpy(block.data(), &record, sizeof record);
  return card.program(kSegment, 0, block, handler) == hal::StorageStatus::Ok ? record.starts : 0;
}

}  // namespace

int main() {
  board::start_hardware();
  if (!card.start()) {
    console.write(LogLevel::Notice, "no card");
    return 100;
  }
  Host host;
  test::StorageChecks checks(card, host, buffer);
  checks.run();
  const hal::StorageGeometry geometry = card.geometry();
  Text<120> line;
  line.add("start ").add(count_start()).add(": ").add(geometry.segments).add(" segments of ");
  console.write(LogLevel::Notice, line.add(geometry.segment_bytes).add(" bytes").view());
  return checks.broken();
}
