#include "platform/linux/keeping.hpp"

#include <errno.h>
#include <string.h>

#include <algorithm>
#include <array>
#include <span>

#include "broker/base/text.hpp"

namespace midge::platform {

namespace {

// One half is written while the other one fills: a message that is kept fits in a half. What was
// never filled takes no memory.
constexpr std::size_t kBufferBytes = 2 * std::size_t{kStoreGeometry.segment_bytes};

std::string_view reason_of(persist::MountError error) {
  switch (error) {
    case persist::MountError::Unreadable:
      return "it cannot be read";
    case persist::MountError::TooLong:
      return "it was written with longer frames than this midge knows";
    case persist::MountError::MemoryFull:
      return "it has more than fits: raise memory_limit, or the limit of sessions, subscriptions "
             "or retained messages that it is beyond";
    case persist::MountError::Unfit:
    case persist::MountError::None:
      break;
  }
  return "storage_limit is too small for a store";
}

}  // namespace

bool Keeping::open(EventLoop& loop, Arena& arena) {
  if (!settings_.on) return true;
  char directory[4096] = ".";
  const std::string_view location = settings_.location;
  if (location.size() >= sizeof directory) {
    log_.write(LogLevel::Error, "Error: persistence_location is too long.");
    return false;
  }
  if (!location.empty()) *std::copy(location.begin(), location.end(), directory) = '\0';
  const FileStorage::Opened opened = storage_.open(directory, kStoreGeometry, loop);
  if (opened != FileStorage::Opened::Ok) {
    const std::string_view why = opened == FileStorage::Opened::InUse
                                     ? std::string_view("another process has it")
                                     : std::string_view(strerror(errno));
    Text<4608> text;
    text.add("Error: Unable to keep anything in ").add(directory).add(": ").add(why).add(".");
    log_.write(LogLevel::Error, text.view());
    return false;
  }
  bool is_open = true;
  for (AddressSpace* const region : {&buffer_, &reading_}) {
    is_open = is_open && region->reserve(kBufferBytes) && region->open(region->range());
  }
  if (!is_open) {
    log_.write(LogLevel::Error, "Error: Too little memory to keep anything.");
    return false;
  }
  store_.emplace(persist::Store::Parts{.storage = storage_,
                                       .arena = arena,
                                       .buffer = buffer_.range(),
                                       .reading = reading_.range(),
                                       .interval = settings_.interval,
                                       .most_bytes = settings_.storage_bytes});
  return true;
}

session::Journal& Keeping::journal() {
  return store_ ? static_cast<session::Journal&>(*store_) : none_;
}

routing::VirtualTopics& Keeping::topics(routing::VirtualTopics& others) {
  return store_ ? topics_.emplace(others, restored_, *store_) : others;
}

bool Keeping::bring_back(core::Core& core, hal::Entropy& entropy, Instant now, WallTime wall) {
  if (!store_) return true;
  std::array<std::uint8_t, 4> name{};
  if (!entropy.fill(name)) return false;
  const persist::MountError error = store_->mount(
      core, static_cast<std::uint32_t>(name[0] | name[1] << 8 | name[2] << 16 | name[3] << 24), now,
      wall, restored_);
  const std::string_view location = settings_.location.empty() ? "." : settings_.location;
  Text<512> text;
  if (error != persist::MountError::None) {
    text.add("Error: Unable to bring back what was kept in ").add_untrusted(location).add(": ");
    log_.write(LogLevel::Error, text.add(reason_of(error)).add(".").view());
    return false;
  }
  text.add("Restored from ").add_untrusted(location).add(": ");
  text.add(restored_.sessions).add(" sessions, ").add(restored_.subscriptions);
  text.add(" subscriptions, ").add(restored_.queued).add(" queued messages, ");
  text.add(restored_.retained).add(" retained messages.");
  log_.write(LogLevel::Information, text.view());
  const persist::Findings& found = restored_.findings;
  if (found.is_damaged() || restored_.damaged_records > 0 || restored_.unknown_records > 0) {
    text.clear();
    text.add("Warning: The store is damaged: ").add(found.damaged_frames).add(" frames, ");
    text.add(restored_.damaged_records).add(" records; ").add(found.missing_segments);
    text.add(" segments are missing, ").add(found.failed_segments).add(" unreadable, ");
    text.add(found.other_versions).add(" of another version; ").add(restored_.unknown_records);
    text.add(" records are unknown. What stood there is lost.");
    log_.write(LogLevel::Warning, text.view());
    copy_aside(location);
  }
  return true;
}

// For who wants to know what was lost. A store stays damaged until the damaged segment's turn to be
// freed has come: one copy is enough.
void Keeping::copy_aside(std::string_view location) {
  const int error = storage_.copy_to("damaged");
  Text<512> text;
  if (error == 0 || error == EEXIST) {
    text.add(error == 0 ? "A copy of it, as it was, is in " : "There is a copy already, in ");
    log_.write(LogLevel::Notice, text.add_untrusted(location).add("/damaged.").view());
    return;
  }
  text.add("Warning: Unable to copy it to ").add_untrusted(location).add("/damaged: ");
  log_.write(LogLevel::Warning, text.add(std::string_view(strerror(error))).add(".").view());
}

void Keeping::begin(Instant now, WallTime wall) {
  if (store_) store_->begin(now, wall);
}

void Keeping::turn() {
  if (!store_) return;
  store_->turn();
  if (store_->is_failed() != has_failed_) say_failure();
}

void Keeping::say_failure() {
  has_failed_ = store_->is_failed();
  if (!has_failed_) return log_.write(LogLevel::Notice, "The store can be written again.");
  Text<256> text;
  text.add("Error: The store cannot be written: ");
  const int error = storage_.last_error();
  text.add(error != 0 ? std::string_view(strerror(error)) : std::string_view("it is full"));
  log_.write(LogLevel::Error, text.add(".").view());
}

Instant Keeping::next_deadline() const {
  return store_ ? store_->next_deadline() : kNever;
}

void Keeping::finish() {
  if (store_) store_->finish();
}

}  // namespace midge::platform
