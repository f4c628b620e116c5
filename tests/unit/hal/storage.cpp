// The storage part of the suite: on the host its subject is a device in memory, which also shows
// that each check can fail.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/unit/hal/storage_checks.hpp"

namespace midge::test {

namespace {

using hal::StorageStatus;

class MemoryStorage final : public hal::Storage {
 public:
  explicit MemoryStorage(const hal::StorageGeometry& geometry) : geometry_(geometry) {
    bytes_.resize(std::size_t{geometry.segment_bytes} * geometry.segments);
  }

  // What is wrong with the device.
  bool answers_late = false;
  bool answers_twice = false;
  bool programs_anywhere = false;
  bool erases_neighbour = false;
  bool moves = false;
  bool reads_too_much = false;
  std::size_t worn_at = std::string::npos;  // this byte does not change any more

  [[nodiscard]] hal::StorageGeometry geometry() const override { return geometry_; }

  [[nodiscard]] StorageStatus read(std::uint32_t segment, std::uint32_t offset, MutableBytes out,
                                   hal::StorageHandler& handler) override {
    const bool fits = is_inside(segment, offset, out.size());
    if (fits) copy(out.data(), {place(segment, offset), out.size()});
    if (fits && reads_too_much) out.data()[out.size()] = 0;
    return answer(fits, handler);
  }
  [[nodiscard]] StorageStatus program(std::uint32_t segment, std::uint32_t offset, Bytes bytes,
                                      hal::StorageHandler& handler) override {
    const std::uint32_t unit = geometry_.program_unit_bytes;
    const bool fits = is_inside(segment, offset, bytes.size()) &&
                      (programs_anywhere || (offset % unit == 0 && bytes.size() % unit == 0));
    if (fits) change(segment, offset, bytes);
    return answer(fits, handler);
  }
  [[nodiscard]] StorageStatus erase(std::uint32_t segment, hal::StorageHandler& handler) override {
    const bool fits = segment < geometry_.segments;
    const std::vector<std::uint8_t> ones(geometry_.segment_bytes, 0xFF);
    if (fits) change(segment, 0, ones);
    if (fits && erases_neighbour && segment + 1 < geometry_.segments) change(segment + 1, 0, ones);
    return answer(fits, handler);
  }

  void work() {
    if (waiting_ == nullptr) return;
    hal::StorageHandler* const handler = waiting_;
    waiting_ = nullptr;
    handler->on_storage_done(status_);
    if (answers_twice) handler->on_storage_done(status_);
  }

 private:
  [[nodiscard]] bool is_inside(std::uint32_t segment, std::uint32_t offset,
                               std::size_t count) const {
    return segment < geometry_.segments && offset <= geometry_.segment_bytes &&
           count <= geometry_.segment_bytes - offset;
  }
  [[nodiscard]] std::uint8_t* place(std::uint32_t segment, std::uint32_t offset) {
    return bytes_.data() + std::size_t{segment} * geometry_.segment_bytes + offset;
  }
  void change(std::uint32_t segment, std::uint32_t offset, Bytes bytes) {
    const std::uint8_t worn = worn_at < bytes_.size() ? bytes_[worn_at] : std::uint8_t{0};
    std::size_t shift = moves && offset > 0 ? 1 : 0;
    if (std::size_t{offset} + bytes.size() + shift > geometry_.segment_bytes) shift = 0;
    copy(place(segment, offset) + shift, bytes);
    if (worn_at < bytes_.size()) bytes_[worn_at] = worn;
  }
  [[nodiscard]] StorageStatus answer(bool fits, hal::StorageHandler& handler) {
    status_ = fits ? StorageStatus::Ok : StorageStatus::Failed;
    if (!answers_late) return status_;
    waiting_ = &handler;
    return StorageStatus::Pending;
  }

  hal::StorageGeometry geometry_;
  std::vector<std::uint8_t> bytes_;
  hal::StorageHandler* waiting_ = nullptr;
  StorageStatus status_{};
};

class Host final : public StorageHost {
 public:
  explicit Host(MemoryStorage& storage) : storage_(storage) {}
  void on_broken(const char* what) override { broken.emplace_back(what); }
  void work() override { storage_.work(); }

  std::vector<std::string> broken;

 private:
  MemoryStorage& storage_;
};

std::vector<std::string> broken_checks(MemoryStorage& storage) {
  Host host(storage);
  std::vector<std::uint8_t> buffer(
      std::max<std::size_t>(64, std::size_t{4} * storage.geometry().program_unit_bytes));
  StorageChecks checks(storage, host, buffer);
  checks.run();
  CHECK(static_cast<std::size_t>(checks.broken()) == host.broken.size());
  return host.broken;
}

constexpr hal::StorageGeometry kFlash{
    .segment_bytes = 4'096, .segments = 8, .program_unit_bytes = 16};

}  // namespace

TEST_CASE("a device in memory keeps what hal/storage.hpp promises") {
  constexpr hal::StorageGeometry kGeometries[] = {
      {.segment_bytes = 64, .segments = 3, .program_unit_bytes = 1},
      {.segment_bytes = 1'024, .segments = 3, .program_unit_bytes = 512},
      {.segment_bytes = 1'000, .segments = 4, .program_unit_bytes = 8},
      kFlash,
  };
  for (const hal::StorageGeometry& geometry : kGeometries) {
    for (const bool late : {false, true}) {
      MemoryStorage storage(geometry);
      storage.answers_late = late;
      CHECK(broken_checks(storage).empty());
    }
  }
}

TEST_CASE("a device that breaks one promise is found out") {
  MemoryStorage storage(kFlash);
  SUBCASE("it programs what is not a whole unit") {
    storage.programs_anywhere = true;
  }
  SUBCASE("it erases more than a segment") {
    storage.erases_neighbour = true;
  }
  SUBCASE("it programs a byte further on") {
    storage.moves = true;
  }
  SUBCASE("it writes behind what was to be read") {
    storage.reads_too_much = true;
  }
  SUBCASE("a byte is worn out") {
    storage.worn_at = 5'000;
  }
  SUBCASE("it reports an end twice") {
    storage.answers_late = storage.answers_twice = true;
  }
  CHECK_FALSE(broken_checks(storage).empty());
}

TEST_CASE("no storage has no segments") {
  CHECK(hal::NoStorage().geometry().segment_bytes == 0);
}

}  // namespace midge::test
