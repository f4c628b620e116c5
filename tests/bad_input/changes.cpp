// Every single-byte change of every packet: all 255 other values of every byte.
#include "tests/bad_input/report.hpp"

namespace midge::test::bad_input {
namespace {

const Field& field_at(const std::vector<Field>& fields, std::size_t offset) {
  std::size_t i = 0;
  while (i + 1 < fields.size() && fields[i + 1].offset <= offset) ++i;
  return fields[i];
}

void try_every_change(Version version) {
  Stage stage;
  Report report;
  for (const Sample& sample : samples(version)) {
    const std::vector<Field> fields = fields_of(sample.fields);
    std::vector<std::uint8_t> bytes = bytes_of(fields);
    for (std::size_t at = 0; at < bytes.size(); ++at) {
      const std::uint8_t right = bytes[at];
      for (unsigned value = 0; value < 256; ++value) {
        if (value == right) continue;
        bytes[at] = static_cast<std::uint8_t>(value);
        // Now and then in pieces, which must make no difference.
        const Travel travel{.byte_by_byte = value % 16 == at % 16};
        report.play(stage, sample, bytes, travel, [&] {
          return "byte " + std::to_string(at) + " (" +
                 std::string(kind_name(field_at(fields, at).kind)) + ") changed from " +
                 hex_text(Bytes(&right, 1)) + " to " + hex_text(Bytes(&bytes[at], 1));
        });
      }
      bytes[at] = right;
    }
  }
}

TEST_CASE("every single-byte change of every 3.1 packet ends as it has to") {
  try_every_change(Version::V31);
}

TEST_CASE("every single-byte change of every 3.1.1 packet ends as it has to") {
  try_every_change(Version::V311);
}

TEST_CASE("every single-byte change of every 5.0 packet ends as it has to") {
  try_every_change(Version::V5);
}

}  // namespace
}  // namespace midge::test::bad_input
