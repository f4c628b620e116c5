// Many packets in a row, and garbage by seed: MIDGE_SEED chooses another one.
#include <cstdlib>

#include "platform/sim/random.hpp"
#include "tests/bad_input/report.hpp"

namespace midge::test::bad_input {
namespace {

using sim::Random;
using ByteRow = std::vector<std::uint8_t>;

void append(ByteRow& row, const ByteRow& more) {
  row.insert(row.end(), more.begin(), more.end());
}

// All samples that work on an open connection, in a row, and what is to stand before them.
ByteRow every_working_packet(Version version, ByteRow row) {
  for (const Sample& sample : samples(version)) {
    if (sample.scene != Scene::Connected && sample.scene != Scene::Deliveries) continue;
    const ByteRow bytes = bytes_of(fields_of(sample.fields));
    const auto outcomes = expect(Stage::peer_of(Scene::Deliveries, version), bytes).outcomes;
    if (outcomes == std::set<Outcome>{{End::Works, 0}}) append(row, bytes);
  }
  return row;
}

void play_in_all_pieces(Version version, Scene scene, const ByteRow& bytes) {
  Stage stage;
  Report report;
  const Sample sample{"all packets in a row", version, scene, ""};
  report.play(stage, sample, bytes, {.byte_by_byte = true}, [] { return "as they are"; });
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    report.play(stage, sample, bytes, {.split_at = at},
                [at] { return "split at byte " + std::to_string(at); });
  }
}

TEST_CASE("all packets in a row work, in one piece, in any two, and byte by byte") {
  for (const Version version : kAllVersions) {
    CAPTURE(version);
    const ByteRow row = every_working_packet(version, {});
    const Expected expected = expect(Stage::peer_of(Scene::Deliveries, version), row);
    CHECK(expected.answers.size() >= 13);
    CHECK(expected.outcomes == std::set<Outcome>{{End::Works, 0}});
    play_in_all_pieces(version, Scene::Deliveries, row);
  }
}

TEST_CASE("all packets behind a CONNECT in one piece work") {
  for (const Version version : kAllVersions) {
    CAPTURE(version);
    const std::vector<Sample> all = samples(version);
    const ByteRow row = every_working_packet(version, bytes_of(fields_of(all[0].fields)));
    CHECK(expect({}, row).answers.size() >= 13);
    play_in_all_pieces(version, Scene::Fresh, row);
  }
}

class Garbage {
 public:
  Garbage(Version version, std::uint64_t seed)
      : random_(seed), version_(version), samples_(samples(version)) {}

  ByteRow noise() {
    ByteRow bytes(random_.between(1, 64));
    for (std::uint8_t& byte : bytes) byte = any_byte();
    // A length that may fit, so that not all ends with the header.
    if (bytes.size() > 1 && random_.chance(70)) bytes[1] = short_length(bytes.size() - 2);
    return bytes;
  }
  ByteRow changed_packet(Scene& scene) {
    const Sample& sample = any_sample();
    scene = sample.scene;
    ByteRow bytes = bytes_of(fields_of(sample.fields));
    for (std::uint64_t changes = random_.between(2, 6); changes != 0; --changes) {
      bytes[any(bytes.size())] = any_byte();
    }
    return bytes;
  }
  // Packets with bytes left out, put in and copied from elsewhere.
  ByteRow spliced_packets() {
    ByteRow bytes;
    for (std::uint64_t packets = random_.between(2, 5); packets != 0; --packets) {
      append(bytes, bytes_of(fields_of(any_sample().fields)));
    }
    for (std::uint64_t edits = random_.between(1, 3); edits != 0; --edits) {
      const auto at = bytes.begin() + static_cast<long>(any(bytes.size()));
      const auto end = at + static_cast<long>(any(static_cast<std::size_t>(bytes.end() - at)));
      if (random_.chance(50)) {
        bytes.erase(at, end);
        if (bytes.empty()) bytes.push_back(any_byte());
      } else {
        const ByteRow copy(at, end);
        const auto to = bytes.begin() + static_cast<long>(any(bytes.size()));
        bytes.insert(to, copy.begin(), copy.end());
      }
    }
    return bytes;
  }
  Scene any_scene() { return static_cast<Scene>(random_.between(0, 3)); }
  Travel any_travel(std::size_t bytes) {
    return {.split_at = any(bytes), .byte_by_byte = random_.chance(20)};
  }
  [[nodiscard]] Version version() const { return version_; }

 private:
  std::size_t any(std::size_t below) {
    return static_cast<std::size_t>(random_.between(0, below - 1));
  }
  const Sample& any_sample() { return samples_[any(samples_.size())]; }
  // Small numbers and the bytes of text are more than others in packets.
  std::uint8_t any_byte() {
    const bool small = random_.chance(40);
    return static_cast<std::uint8_t>(random_.between(0, small ? 4 : 255));
  }
  std::uint8_t short_length(std::size_t most) {
    return static_cast<std::uint8_t>(random_.between(0, std::min<std::size_t>(most, 127)));
  }

  Random random_;
  Version version_;
  std::vector<Sample> samples_;
};

std::uint64_t first_seed() {
  const char* const text = std::getenv("MIDGE_SEED");
  return text != nullptr ? std::strtoull(text, nullptr, 10) : 1;
}

// `make(garbage, scene)` makes the bytes of one case.
template <class Make>
void play_garbage(const char* name, Make make) {
  constexpr std::uint64_t kCases = 4'000;
  for (const Version version : kAllVersions) {
    Stage stage;
    Report report;
    for (std::uint64_t i = 0; i < kCases; ++i) {
      const std::uint64_t seed = first_seed() * 1'000'000 + i;
      Garbage garbage(version, seed);
      Scene scene = garbage.any_scene();
      const ByteRow bytes = make(garbage, scene);
      report.play(stage, {name, version, scene, ""}, bytes, garbage.any_travel(bytes.size()), [&] {
        return "scene " + std::to_string(static_cast<int>(scene)) + ", seed " +
               std::to_string(seed);
      });
    }
  }
}

TEST_CASE("random bytes end as they have to") {
  play_garbage("random bytes", [](Garbage& garbage, Scene&) { return garbage.noise(); });
}

TEST_CASE("packets with several random bytes end as they have to") {
  play_garbage("a changed packet",
               [](Garbage& garbage, Scene& scene) { return garbage.changed_packet(scene); });
}

TEST_CASE("packets cut, repeated and mixed at random end as they have to") {
  play_garbage("mixed packets", [](Garbage& garbage, Scene&) { return garbage.spliced_packets(); });
}

}  // namespace
}  // namespace midge::test::bad_input
