// Keeping, of a board with storage.
#include "platform/boards/common/keeping.hpp"

#include <array>
#include <cstdint>
#include <new>

#include "broker/base/text.hpp"
#include "broker/persist/store.hpp"
#include "platform/boards/common/hardware.hpp"
#include "platform/boards/common/network.hpp"

namespace midge::board {

namespace {

// The storage answers at once: nobody waits for it.
class NoHandler final : public hal::StorageHandler {
 public:
  void on_storage_done(hal::StorageStatus) override {}
};

// Whether its first block is that of a disk with partitions or files: somebody may want them.
bool has_files(hal::Storage& storage) {
  NoHandler handler;
  std::array<std::uint8_t, persist::SegmentHeader::kBytes> begin{};
  std::array<std::uint8_t, 2> mark{};
  return storage.read(0, 510, mark, handler) == hal::StorageStatus::Ok && mark[0] == 0x55 &&
         mark[1] == 0xAA && storage.read(0, 0, begin, handler) == hal::StorageStatus::Ok &&
         !persist::decode_segment_header(begin);
}

std::string_view reason_of(persist::MountError error) {
  switch (error) {
    case persist::MountError::Unreadable:
      return "it cannot be read.";
    case persist::MountError::TooLong:
      return "it was written with longer frames than this image knows.";
    case persist::MountError::MemoryFull:
      return "it has more than this image has memory or limits for.";
    case persist::MountError::Unfit:
    case persist::MountError::None:
      break;
  }
  return "it is too small.";
}

}  // namespace

bool Keeping::start() {
  storage_ = start_storage();
  if (storage_ == nullptr || !has_files(*storage_)) return storage_ != nullptr;
  log_.write(LogLevel::Warning, "Warning: The storage has files of others and is left alone.");
  storage_ = nullptr;
  return false;
}

session::Journal* Keeping::open(const settings::Persistence& settings, Arena& arena) {
  if (!settings.on) {
    log_.write(LogLevel::Notice,
               storage_ == nullptr
                   ? "No storage: sessions and retained messages end with the power."
                   : "No persistence: sessions and retained messages end with the power.");
    return &none_;
  }
  // The buffer, and behind it the store.
  const std::size_t buffer_bytes = round_up(room_.buffer_bytes, alignof(persist::Store));
  const std::size_t bytes = buffer_bytes + sizeof(persist::Store);
  auto* const place = static_cast<std::uint8_t*>(
      arena.take(round_up(bytes, arena.page_bytes()) / arena.page_bytes()));
  if (place == nullptr) {
    log_.write(LogLevel::Error, "Error: Too little memory to keep anything.");
    return nullptr;
  }
  arena_ = &arena;
  store_ = new (place + buffer_bytes) persist::Store({.storage = *storage_,
                                                      .arena = arena,
                                                      .buffer = {place, room_.buffer_bytes},
                                                      .interval = settings.interval});
  return store_;
}

bool Keeping::bring_back(core::Core& core, hal::Entropy& entropy, Instant now) {
  if (store_ == nullptr) return true;
  std::array<std::uint8_t, 4> name{};
  if (!entropy.fill(name)) return false;
  persist::Restored restored;
  // What the network will have is free yet; the reserve is for clients, and there are none.
  const MutableBytes idle = memory_before_network();
  const std::size_t page_bytes = arena_->page_bytes();
  const auto begin = reinterpret_cast<std::uintptr_t>(idle.data());
  const std::size_t skipped = round_up(begin, page_bytes) - begin;
  NoBacking backing;
  Arena spare(idle.subspan(skipped, (idle.size() - skipped) / page_bytes * page_bytes), page_bytes,
              0, backing);
  const std::size_t reserve_pages = arena_->reserve_pages();
  arena_->keep(0);
  const persist::MountError error = store_->mount(
      core, static_cast<std::uint32_t>(name[0] | name[1] << 8 | name[2] << 16 | name[3] << 24), now,
      WallTime{0}, restored, &spare);
  Text<160> text;
  if (error != persist::MountError::None) {
    text.add("Error: Unable to bring back what was kept: ").add(reason_of(error));
    log_.write(LogLevel::Error, text.view());
    return false;
  }
  arena_->keep(reserve_pages);
  for (std::size_t i = 0; i < room_.mount_pages; ++i) static_cast<void>(arena_->take(1));
  text.add("Restored: ").add(restored.sessions).add(" sessions, ").add(restored.subscriptions);
  text.add(" subscriptions, ").add(restored.queued).add(" queued messages, ");
  text.add(restored.retained).add(" retained messages.");
  log_.write(LogLevel::Notice, text.view());
  const persist::Findings& found = restored.findings;
  if (!found.is_damaged() && restored.damaged_records + restored.unknown_records == 0) return true;
  text.clear();
  text.add("Warning: The store is damaged: ").add(found.damaged_frames).add(" frames, ");
  text.add(restored.damaged_records).add(" records; ").add(found.missing_segments);
  text.add(" segments are missing, ").add(found.failed_segments).add(" unreadable, ");
  text.add(found.other_versions).add(" of another version.");
  log_.write(LogLevel::Warning, text.view());
  return true;
}

void Keeping::begin(Instant now) {
  if (store_ != nullptr) store_->begin(now, WallTime{0});
}

void Keeping::turn() {
  if (store_ == nullptr) return;
  store_->turn();
  if (store_->is_failed() == has_failed_) return;
  has_failed_ = !has_failed_;
  if (has_failed_) {
    log_.write(LogLevel::Error, "Error: The store cannot be written.");
  } else {
    log_.write(LogLevel::Notice, "The store can be written again.");
  }
}

Instant Keeping::next_deadline() const {
  return store_ != nullptr ? store_->next_deadline() : kNever;
}

}  // namespace midge::board
