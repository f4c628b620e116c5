// Every prefix of every packet, packets that say that they are shorter or longer, and packets in
// two pieces.
#include "tests/bad_input/report.hpp"

namespace midge::test::bad_input {
namespace {

template <class Body>
void for_every_sample(Body body) {
  for (const Version version : kAllVersions) {
    Stage stage;
    Report report;
    for (const Sample& sample : samples(version)) {
      body(stage, report, sample, bytes_of(fields_of(sample.fields)));
    }
  }
}

// All samples have a Remaining Length of one byte.
std::vector<std::uint8_t> with_length(std::vector<std::uint8_t> bytes) {
  bytes[1] = static_cast<std::uint8_t>(bytes.size() - 2);
  return bytes;
}

TEST_CASE("every packet as it is ends as it has to, and means what it means") {
  for_every_sample([](Stage& stage, Report& report, const Sample& sample,
                      const std::vector<std::uint8_t>& bytes) {
    const Expected expected = expect(Stage::peer_of(sample.scene, sample.version), bytes);
    CAPTURE(std::string(sample.name));
    CHECK(expected.fields == fields_of(sample.fields));
    CHECK(expected.outcomes.count({End::Waits, 0}) == 0);
    report.play(stage, sample, bytes, {}, [] { return "as it is"; });
    report.play(stage, sample, bytes, {.byte_by_byte = true}, [] { return "as it is"; });
  });
}

TEST_CASE("every prefix of every packet is waited for until its time ends, or refused") {
  for_every_sample([](Stage& stage, Report& report, const Sample& sample,
                      const std::vector<std::uint8_t>& bytes) {
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      for (const bool byte_by_byte : {false, true}) {
        report.play(stage, sample, Bytes(bytes).first(size), {.byte_by_byte = byte_by_byte},
                    [&] { return "the first " + std::to_string(size) + " bytes"; });
      }
    }
  });
}

TEST_CASE("every packet in two pieces is the same packet") {
  for_every_sample([](Stage& stage, Report& report, const Sample& sample,
                      const std::vector<std::uint8_t>& bytes) {
    for (std::size_t size = 1; size < bytes.size(); ++size) {
      report.play(stage, sample, bytes, {.split_at = size},
                  [&] { return "split behind byte " + std::to_string(size); });
    }
  });
}

TEST_CASE("every packet that says it ends earlier, and does, ends as it has to") {
  for_every_sample([](Stage& stage, Report& report, const Sample& sample,
                      const std::vector<std::uint8_t>& bytes) {
    for (std::size_t size = 2; size < bytes.size(); ++size) {
      const auto shorter = with_length({bytes.begin(), bytes.begin() + static_cast<long>(size)});
      report.play(stage, sample, shorter, {},
                  [&] { return "cut to " + std::to_string(size) + " bytes"; });
    }
  });
}

TEST_CASE("every packet with a byte too many ends as it has to") {
  for_every_sample([](Stage& stage, Report& report, const Sample& sample,
                      const std::vector<std::uint8_t>& bytes) {
    constexpr std::uint8_t kMore[] = {0x00, 0x01, 0x26, 0x7F, 0x80, 0xC0, 0xFF};
    for (const std::uint8_t more : kMore) {
      auto longer = bytes;
      longer.push_back(more);
      report.play(stage, sample, with_length(longer), {},
                  [&] { return "one byte longer: " + hex_text(Bytes(&more, 1)); });
    }
  });
}

}  // namespace
}  // namespace midge::test::bad_input
