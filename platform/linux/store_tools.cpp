#include "platform/linux/store_tools.hpp"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <initializer_list>
#include <string_view>

#include "broker/base/arena.hpp"
#include "broker/base/text.hpp"
#include "broker/persist/contents.hpp"
#include "broker/persist/describe.hpp"
#include "broker/persist/inspect.hpp"
#include "platform/linux/address_space.hpp"
#include "platform/linux/descriptor.hpp"
#include "platform/linux/file_storage.hpp"
#include "platform/linux/json_lines.hpp"
#include "platform/linux/memory_limit.hpp"

namespace midge::platform {

namespace {

using persist::Findings;
using persist::Mounted;
using persist::Position;
using persist::Record;

enum ExitCode : int { kIntact = 0, kDamaged = 1, kUnreadable = 3 };

constexpr std::size_t kPageBytes = 4'096;
// Longer than any frame in a segment, twice.
constexpr std::size_t kBufferBytes = 2 * (std::size_t{kStoreGeometry.segment_bytes} + kPageBytes);

void say(LogSink& log, LogLevel level, std::initializer_list<std::string_view> parts) {
  Text<512> text;
  for (const std::string_view part : parts) text.add_untrusted(part);
  log.write(level, text.view());
}

// A line of a check: "damaged frames         3".
class Lines {
 public:
  Lines& add(std::string_view name, std::uint64_t value) {
    constexpr std::string_view kBlanks = "                        ";
    text_.add(name).add(kBlanks.substr(name.size())).add(value).add("\n");
    return *this;
  }
  // Zero is not worth a line.
  Lines& add_if_any(std::string_view name, std::uint64_t value) {
    return value != 0 ? add(name, value) : *this;
  }
  Lines& add(std::string_view line) {
    text_.add(line).add("\n");
    return *this;
  }
  void print() const {
    const std::string_view all = text_.view();
    [[maybe_unused]] const ssize_t lost = write(STDOUT_FILENO, all.data(), all.size());
  }

 private:
  Text<2'048> text_;
};

// The store's files, for reading alone.
class StoreFiles final : public hal::Storage {
 public:
  // False, and said so, when there are none or a broker uses them. As long as this lives, none can.
  [[nodiscard]] bool open(const char* directory, LogSink& log) {
    directory_.reset(::open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory_ || !reader_.open(directory_.get(), kStoreGeometry)) {
      say(log, LogLevel::Error,
          {"Error: Unable to open the store ", directory, ": ", strerror(errno), "."});
      return false;
    }
    // A copy may be without it.
    lock_.reset(openat(directory_.get(), "lock", O_RDONLY | O_CLOEXEC));
    if (!lock_ || flock(lock_.get(), LOCK_SH | LOCK_NB) == 0) return true;
    say(log, LogLevel::Error, {"Error: The store ", directory, " is in use."});
    return false;
  }

  [[nodiscard]] hal::StorageGeometry geometry() const override { return kStoreGeometry; }
  [[nodiscard]] hal::StorageStatus read(std::uint32_t segment, std::uint32_t offset,
                                        MutableBytes out, hal::StorageHandler&) override {
    return reader_.read(segment, offset, out) == 0 ? hal::StorageStatus::Ok
                                                   : hal::StorageStatus::Failed;
  }
  [[nodiscard]] hal::StorageStatus program(std::uint32_t, std::uint32_t, Bytes,
                                           hal::StorageHandler&) override {
    return hal::StorageStatus::Failed;
  }
  [[nodiscard]] hal::StorageStatus erase(std::uint32_t, hal::StorageHandler&) override {
    return hal::StorageStatus::Failed;
  }

 private:
  Descriptor directory_;
  Descriptor lock_;
  SegmentReader reader_;
};

// Counts records, and hands them on to what the tool makes of them.
class Visitor : public persist::RecordVisitor {
 public:
  void on_record(const Record&, Position) override { ++records; }
  void on_unknown(Bytes, Position) override { ++unknown_records; }
  void on_damaged(Bytes, Position) override { ++damaged_records; }

  std::uint64_t records = 0;
  std::uint64_t unknown_records = 0;
  std::uint64_t damaged_records = 0;

 protected:
  ~Visitor() = default;
};

class Counter final : public Visitor {
 public:
  explicit Counter(Arena& arena) : contents(arena) {}
  void on_record(const Record& record, Position position) override {
    Visitor::on_record(record, position);
    contents.add(record);
  }

  persist::Contents contents;
};

class Dumper final : public Visitor {
 public:
  void on_record(const Record& record, Position position) override {
    Visitor::on_record(record, position);
    const persist::RecordNames names = persist::names_of(record.type);
    begin(position).text("type", names.type);
    if (!names.owner.empty()) lines_.number(names.owner, record.owner);
    if (!names.message.empty()) lines_.number(names.message, record.message);
    for (std::size_t i = 0; i < names.numbers.size(); ++i)
      if (!names.numbers[i].empty()) lines_.number(names.numbers[i], record.numbers[i]);
    for (std::size_t i = 0; i < names.texts.size(); ++i) {
      const std::string_view name = names.texts[i];
      if (name.ends_with(persist::kBase64)) {
        lines_.base64(name, as_bytes(record.texts[i]));
      } else if (!name.empty()) {
        lines_.text(name, record.texts[i]);
      }
    }
    lines_.end();
  }
  void on_unknown(Bytes bytes, Position position) override {
    Visitor::on_unknown(bytes, position);
    begin(position).base64("unknown_base64", bytes).end();
  }
  void on_damaged(Bytes bytes, Position position) override {
    Visitor::on_damaged(bytes, position);
    begin(position).base64("damaged_base64", bytes).end();
  }

 private:
  JsonLines& begin(Position position) {
    return lines_.begin().number("segment", position.segment).number("offset", position.offset);
  }

  JsonLines lines_{STDOUT_FILENO};
};

// What was lost, line by line; what a crash leaves is no damage.
void report(const Findings& findings, const Visitor& visitor, Lines& lines) {
  lines.add_if_any("torn frames", findings.torn_frames)
      .add_if_any("unfinished commits", findings.unfinished_commits)
      .add_if_any("records of the future", visitor.unknown_records)
      .add_if_any("missing segments", findings.missing_segments)
      .add_if_any("unreadable segments", findings.failed_segments)
      .add_if_any("segments of the future", findings.other_versions)
      .add_if_any("damaged frames", findings.damaged_frames)
      .add_if_any("damaged records", visitor.damaged_records);
}

void print_contents(const Findings& findings, const Counter& counter) {
  const persist::Contents::Counts& counts = counter.contents.counts();
  Lines lines;
  lines.add("format", persist::kFormatVersion)
      .add("segments", findings.segments)
      .add("frames", findings.frames)
      .add("records", counter.records)
      .add("bytes of records", findings.records_bytes)
      .add("sessions", counts.sessions)
      .add("subscriptions", counts.subscriptions)
      .add("shared groups", counts.groups)
      .add("messages", counts.messages)
      .add("retained", counts.retained)
      .add("queued", counts.queued)
      .add("in flight", counts.launched)
      .add("open incoming QoS 2", counts.inbound)
      .add("wills", counts.wills);
  if (!counter.contents.is_complete()) lines.add("There are more: memory was too short to count.");
  report(findings, counter, lines);
  lines.print();
}

std::string_view why(Mounted mounted) {
  switch (mounted) {
    case Mounted::Ok:
      break;
    case Mounted::Unfit:
    case Mounted::Unreadable:
      return "no file can be read";
    case Mounted::TooLong:
      return "its frames are longer than any of this midge's";
  }
  return "";
}

// The exit code, after what is wrong was said.
ExitCode judge(const char* directory, Mounted mounted, const Findings& findings,
               const Visitor& visitor, LogSink& log) {
  if (mounted != Mounted::Ok) {
    say(log, LogLevel::Error,
        {"Error: Unable to read the store ", directory, ": ", why(mounted), "."});
    return kUnreadable;
  }
  if (findings.segments == 0 && !findings.is_damaged()) {
    say(log, LogLevel::Error, {"Error: There is no store in ", directory, "."});
    return kUnreadable;
  }
  if (!findings.is_damaged() && visitor.damaged_records == 0) return kIntact;
  say(log, LogLevel::Error, {"Error: The store ", directory, " is damaged."});
  return kDamaged;
}

}  // namespace

int look_at_store(StoreTool tool, const char* directory, LogSink& log) {
  StoreFiles files;
  AddressSpace memory;
  AddressSpace buffer;
  if (!files.open(directory, log)) return kUnreadable;
  if (!memory.reserve(default_memory_limit()) || !buffer.reserve(kBufferBytes) ||
      !buffer.open(buffer.range())) {
    say(log, LogLevel::Error, {"Error: Out of memory."});
    return kUnreadable;
  }
  Findings findings;
  if (tool == StoreTool::Dump) {
    Dumper dumper;
    const Mounted mounted = persist::inspect(files, buffer.range(), dumper, findings);
    return judge(directory, mounted, findings, dumper, log);
  }
  Arena arena(memory.range(), kPageBytes, 0, memory);
  Counter counter(arena);
  const Mounted mounted = persist::inspect(files, buffer.range(), counter, findings);
  counter.contents.finish();
  const ExitCode code = judge(directory, mounted, findings, counter, log);
  if (code != kUnreadable) print_contents(findings, counter);
  return code;
}

}  // namespace midge::platform
