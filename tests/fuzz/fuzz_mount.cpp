// Mounts whatever lies on a device, decodes every record of it, and goes on from there: nothing may
// crash or be read past its end, and what is committed afterwards is there at the next mount,
// behind what was there at the first.
//
// Input: a byte of choices, then the device, segment by segment; what is missing are zeros.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "broker/base/arena.hpp"
#include "broker/persist/contents.hpp"
#include "broker/persist/crc32c.hpp"
#include "broker/persist/inspect.hpp"
#include "platform/sim/storage.hpp"

namespace {

using namespace midge;
using persist::FrameHeader;
using persist::Log;
using persist::Mounted;
using persist::Record;
using persist::RecordType;
using persist::SegmentHeader;

constexpr std::uint32_t kSegmentBytes = 256;
constexpr std::uint32_t kSegments = 6;

void require(bool condition) {
  if (!condition) std::abort();
}

// --- the device ----------------------------------------------------------------------------------

// A CRC is not guessed: they are made right, so that what they protect is looked at.
void put_crc(std::uint8_t* out, std::uint32_t crc) {
  for (unsigned i = 0; i < 4; ++i) out[i] = static_cast<std::uint8_t>(crc >> 8 * i);
}

// Nobody comes to the end of the numbers of segments and frames.
void make_small(std::uint8_t* number) {
  number[3] &= 0x3F;
}

void make_right(MutableBytes segment, std::uint32_t unit) {
  for (const std::size_t number : {12U, 16U, 20U}) make_small(&segment[number]);
  put_crc(&segment[28], persist::crc32c(segment.first(28)));
  const auto header = persist::decode_segment_header(segment);
  if (!header) return;
  for (std::size_t at = SegmentHeader::kBytes; at + FrameHeader::kBytes < segment.size();) {
    const auto frame = persist::decode_frame_header(segment.subspan(at));
    if (!frame || frame->frame_bytes() > segment.size() - at) return;
    make_small(&segment[at + 4]);
    const std::size_t sealed = FrameHeader::kBytes + frame->records_bytes;
    put_crc(&segment[at + sealed], persist::crc32c(segment.subspan(at, sealed), header->crc));
    at = (at + frame->frame_bytes() + unit - 1) / unit * unit;
  }
}

// --- who looks at it -----------------------------------------------------------------------------

// Counts, and remembers the last record.
class Visitor final : public persist::RecordVisitor {
 public:
  explicit Visitor(Arena& arena) : contents_(arena) {}
  void on_record(const Record& record, persist::Position) override {
    contents_.add(record);
    last = record.type == RecordType::Retained ? record.message : 0;
    ++records;
  }
  void on_unknown(Bytes, persist::Position) override { ++records; }
  void on_damaged(Bytes, persist::Position) override { ++records; }

  std::uint64_t last = 0;
  std::size_t records = 0;

 private:
  persist::Contents contents_;
};

class Handler final : public persist::LogHandler {
 public:
  void on_committed(std::uint64_t count) override { committed = count; }
  void on_log_failed() override {}

  std::uint64_t committed = 0;
};

// One at a time.
alignas(4'096) std::uint8_t memory[64 * 1'024];

class Life {
 public:
  explicit Life(sim::Storage& device)
      : device_(device),
        arena_(memory, 4'096, 0, backing_),
        visitor(arena_),
        buffer_(2 * (SegmentHeader::kBytes + 160)),
        log(device_, handler, buffer_) {}

  [[nodiscard]] Mounted mount() {
    persist::RecordSplitter splitter(visitor);
    persist::Findings findings;
    return log.mount(1, splitter, findings);
  }
  // Whether it is safe then.
  [[nodiscard]] bool commit(std::uint64_t number) {
    std::uint8_t bytes[16];
    const Record record{.type = RecordType::Retained, .message = number};
    persist::encode(record, bytes);
    const std::uint64_t before = handler.committed;
    if (!log.append(Bytes(bytes).first(persist::encoded_bytes(record)))) return false;
    log.commit();
    return handler.committed > before;
  }
  // Frees the oldest segment, of which nothing is wanted.
  void make_room() {
    std::vector<std::uint8_t> place(log.longest_record() + Log::kAroundRecords);
    persist::RecordSplitter splitter(visitor);
    persist::Cursor cursor{.segment = log.oldest()};
    while (log.read_on(cursor, log.oldest(), place, splitter) == persist::ReadOn::Frame) {
    }
    log.release_oldest();
  }

 private:
  sim::Storage& device_;
  NoBacking backing_;
  Arena arena_;

 public:
  Visitor visitor;
  Handler handler;

 private:
  std::vector<std::uint8_t> buffer_;

 public:
  Log log;
};

void run(Bytes input) {
  const std::uint8_t choices = input.empty() ? 0 : input[0];
  if (!input.empty()) input = input.subspan(1);
  const std::uint32_t unit = (choices & 1) != 0 ? 16 : 1;
  sim::Storage device(
      sim::Storage::Kind::Disk,
      {.segment_bytes = kSegmentBytes, .segments = kSegments, .program_unit_bytes = unit}, 1);
  std::vector<std::uint8_t>& medium = device.medium();
  std::fill(medium.begin(), medium.end(), std::uint8_t{0});
  std::copy_n(input.begin(), std::min(input.size(), medium.size()), medium.begin());
  if ((choices & 2) != 0) {
    for (std::uint32_t i = 0; i < kSegments; ++i)
      make_right(MutableBytes(medium).subspan(std::size_t{i} * kSegmentBytes, kSegmentBytes), unit);
  }

  std::size_t records = 0;
  {
    Life life(device);
    if (life.mount() != Mounted::Ok) return;
    records = life.visitor.records;
  }
  std::uint64_t wanted = 0;
  {
    Life life(device);
    require(life.mount() == Mounted::Ok);
    require(life.visitor.records == records);  // a mount changes nothing
    for (std::uint64_t number = 1; number <= 20; ++number) {
      if (life.log.free_segments() < 2) life.make_room();
      if (life.commit(number)) wanted = number;
    }
    require(wanted == 20);
  }
  Life life(device);
  require(life.mount() == Mounted::Ok);
  require(life.visitor.last == wanted);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  run({data, size});
  return 0;
}
