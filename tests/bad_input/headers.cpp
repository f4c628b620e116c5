// Fixed headers that lie: every first byte, with lengths that are too long, not minimal, or more
// than the broker takes.
#include "tests/bad_input/report.hpp"
#include "tests/support/hex.hpp"

namespace midge::test::bad_input {
namespace {

struct Length {
  const char* name;
  const char* bytes;
};

void try_with_every_first_byte(std::span<const Length> lengths, std::size_t body_bytes) {
  for (const Version version : kAllVersions) {
    Stage stage;
    Report report;
    for (const Length& length : lengths) {
      for (unsigned first_byte = 0; first_byte < 256; ++first_byte) {
        std::vector<std::uint8_t> bytes = {static_cast<std::uint8_t>(first_byte)};
        const auto rest = hex(length.bytes);
        bytes.insert(bytes.end(), rest.begin(), rest.end());
        bytes.resize(bytes.size() + body_bytes, 0x01);
        for (const Scene scene : {Scene::Fresh, Scene::Connected}) {
          for (const bool byte_by_byte : {false, true}) {
            report.play(stage, {"a header", version, scene, ""}, bytes,
                        {.byte_by_byte = byte_by_byte}, [&] { return std::string(length.name); });
          }
        }
      }
    }
  }
}

TEST_CASE("a Remaining Length of five bytes, or of more than it needs, ends the connection") {
  constexpr Length kLengths[] = {
      {"five bytes for 0", "80 80 80 80 00"},
      {"five bytes for 268,435,456", "80 80 80 80 01"},
      {"a length that never ends", "ff ff ff ff ff ff ff ff"},
      {"two bytes for 0", "80 00"},
      {"two bytes for 127", "ff 00"},
      {"three bytes for 1", "81 80 00"},
      {"four bytes for 16,384", "80 80 81 00"},
  };
  try_with_every_first_byte(kLengths, 0);
  // What follows makes no difference.
  try_with_every_first_byte(std::span(kLengths).first(2), 40);
}

TEST_CASE("a packet above the Maximum Packet Size is refused by its header") {
  // Behind three bytes of header.
  static_assert(kPacketBytes == 3 + 0x1F * 128 + 0x1D);
  constexpr Length kLengths[] = {
      {"as much as it may have", "9d 1f"}, {"one byte more", "9e 1f"},
      {"16,383 bytes", "ff 7f"},           {"16,384 bytes", "80 80 01"},
      {"2,097,152 bytes", "80 80 80 01"},  {"268,435,455 bytes", "ff ff ff 7f"},
  };
  try_with_every_first_byte(kLengths, 0);
  try_with_every_first_byte(kLengths, 40);
}

TEST_CASE("lengths that go on but do not come are waited for") {
  constexpr Length kLengths[] = {
      {"nothing", ""}, {"one byte", "80"}, {"two bytes", "ff 80"}, {"three bytes", "80 ff ff"}};
  try_with_every_first_byte(kLengths, 0);
}

}  // namespace
}  // namespace midge::test::bad_input
