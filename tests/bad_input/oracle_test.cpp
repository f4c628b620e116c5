// The oracle itself: what it says of bytes whose fate is plain from the spec, and how often it
// leaves a choice.
#include <doctest/doctest.h>

#include "tests/bad_input/samples.hpp"
#include "tests/bad_input/stage.hpp"
#include "tests/support/hex.hpp"

namespace midge::test::bad_input {
namespace {

using enum Scene;
using enum Version;

TEST_CASE("the oracle tells what the spec tells") {
  struct Vector {
    const char* name;
    Version version;
    Scene scene;
    const char* bytes;
    const char* fate;
  };
  constexpr Vector kVectors[] = {
      {"nothing", V5, Fresh, "", "waits for more"},
      {"half a CONNECT", V5, Fresh, "10 0e 00 04 4d 51", "waits for more"},
      {"a CONNECT", V311, Fresh, "10 0d 00 04 4d 51 54 54 04 02 00 3c 00 01 63",
       "answers 20 [00 00]; works"},
      {"a PINGREQ before CONNECT", V5, Fresh, "c0 00", "closed without a word"},
      {"another protocol", V5, Fresh, "10 0d 00 04 4d 51 54 53 04 02 00 3c 00 01 63",
       "closed without a word"},
      {"a level of the future", V5, Fresh, "10 0d 00 04 4d 51 54 54 06 02 00 3c 00 01 63",
       "refused with 01"},
      {"a reserved CONNECT flag", V311, Fresh, "10 0d 00 04 4d 51 54 54 04 03 00 3c 00 01 63",
       "closed without a word"},
      {"a reserved CONNECT flag", V5, Fresh, "10 0e 00 04 4d 51 54 54 05 03 00 3c 00 00 01 63",
       "refused with 81"},
      {"Receive Maximum 0", V5, Fresh, "10 11 00 04 4d 51 54 54 05 02 00 3c 03 21 00 00 00 01 63",
       "refused with 82"},
      {"no client id for a session that stays", V311, Fresh,
       "10 0c 00 04 4d 51 54 54 04 00 00 3c 00 00", "refused with 02"},
      {"an authentication method", V5, Fresh,
       "10 12 00 04 4d 51 54 54 05 02 00 3c 04 15 00 01 6d 00 01 63", "refused with 8c"},
      {"no room for CONNACK", V5, Fresh,
       "10 13 00 04 4d 51 54 54 05 02 00 3c 05 27 00 00 00 0f 00 01 63", "closed without a word"},
      {"packet type 0", V5, Connected, "00 00", "refused with 81"},
      {"packet type 15 of 3.1.1", V311, Connected, "f0 00", "closed without a word"},
      {"AUTH", V5, Connected, "f0 00", "refused with 82"},
      {"a length of five bytes", V5, Connected, "c0 80 80 80 80 01", "refused with 81"},
      {"a length that is not minimal", V5, Connected, "c0 80 00", "refused with 81"},
      {"too large a packet", V5, Connected, "30 9e 1f", "refused with 95"},
      {"the largest packet", V5, Connected, "30 9d 1f", "waits for more"},
      {"PINGREQ with a flag", V5, Connected, "c1 00", "refused with 81"},
      {"SUBSCRIBE without its flag", V5, Connected, "80 07 00 01 00 00 01 74 00",
       "refused with 81"},
      {"SUBSCRIBE without its flag in 3.1", V31, Connected, "80 06 00 01 00 01 74 00",
       "answers 90 id 1 [00]; works"},
      {"DUP at QoS 0", V5, Connected, "38 05 00 01 61 00 78", "refused with 81"},
      {"PUBLISH to a wildcard", V5, Connected, "30 05 00 01 23 00 78", "refused with 81"},
      {"an alias of 11", V5, Connected, "30 08 00 01 61 03 23 00 0b 78", "refused with 94"},
      {"an unknown alias", V5, Connected, "30 07 00 00 03 23 00 01 78", "refused with 82"},
      {"an alias learned and used", V5, Connected,
       "30 08 00 01 61 03 23 00 01 78 32 09 00 00 00 07 03 23 00 01 78",
       "answers 40 id 7 [10]; works"},
      {"Packet Identifier 0", V5, Connected, "32 07 00 01 61 00 00 00 78", "refused with 82"},
      {"the broker's topic", V5, Connected, "32 0b 00 05 24 53 59 53 2f 00 07 00 78",
       "answers 40 id 7 [87]; works"},
      {"a surrogate", V5, Connected, "30 07 00 03 ed a0 80 00 78", "refused with 81"},
      {"five levels", V5, Connected, "82 0a 00 01 00 00 04 2f 2f 2f 2f 01",
       "answers 90 id 1 [8f]; works"},
      {"five levels", V311, Connected, "82 09 00 01 00 04 2f 2f 2f 2f 01",
       "answers 90 id 1 [80]; works"},
      {"five levels", V31, Connected, "82 09 00 01 00 04 2f 2f 2f 2f 01",
       "answers 90 id 1 [01]; works"},
      {"Retain Handling 3", V5, Connected, "82 07 00 01 00 00 01 74 30", "refused with 82"},
      {"No Local in a group", V5, Connected,
       "82 10 00 01 00 00 0a 24 73 68 61 72 65 2f 67 2f 74 04", "refused with 82"},
      {"a shared filter without a filter", V5, Connected,
       "82 0f 00 01 00 00 09 24 73 68 61 72 65 2f 67 2f 00", "refused with 81"},
      {"no filter", V5, Connected, "82 03 00 01 00", "refused with 82"},
      {"PUBREC where PUBACK is awaited", V5, Deliveries, "50 02 00 01", "refused with 82"},
      {"PUBREC and PUBCOMP", V5, Deliveries, "50 02 00 02 70 02 00 02",
       "answers 62 id 2 [00]; works"},
      {"an unknown PUBREL", V5, Connected, "62 02 00 09", "answers 70 id 9 [92]; works"},
      {"a CONNACK", V5, Connected, "20 03 00 00 00", "refused with 82"},
      {"DISCONNECT and more", V5, Connected, "e0 00 00 00", "ended by the client"},
      {"DISCONNECT with an expiry", V5, Connected, "e0 07 00 05 11 00 00 00 01", "refused with 82"},
      {"DISCONNECT with an expiry", V5, Lasting, "e0 07 00 05 11 00 00 00 01",
       "ended by the client"},
      {"two faults", V5, Connected, "32 0a 00 01 61 00 00 03 23 00 0b 78",
       "refused with 82, or refused with 94"},
      {"a fault before the end", V5, Connected, "30 08 00 01 23 00 78",
       "refused with 81, or waits for more"},
  };
  for (const Vector& v : kVectors) {
    CAPTURE(v.version);
    CAPTURE(v.name);
    const auto bytes = hex(v.bytes);
    const Expected expected = expect(Stage::peer_of(v.scene, v.version), bytes);
    CHECK(describe(expected) == v.fate);
  }
}

TEST_CASE("the oracle leaves a choice where two rules are broken, and seldom") {
  for (const Version version : kAllVersions) {
    CAPTURE(version);
    std::size_t changes = 0;
    std::size_t choices = 0;
    std::map<Outcome, std::size_t> fates;
    for (const Sample& sample : samples(version)) {
      const Peer peer = Stage::peer_of(sample.scene, sample.version);
      std::vector<std::uint8_t> bytes = bytes_of(fields_of(sample.fields));
      for (std::uint8_t& byte : bytes) {
        for (unsigned i = 0; i < 255; ++i) {
          ++byte;
          const Expected expected = expect(peer, bytes);
          for (const Outcome& outcome : expected.outcomes) ++fates[outcome];
          ++changes;
          choices += expected.outcomes.size() > 1 ? 1U : 0U;
        }
        ++byte;  // as it was
      }
    }
    CHECK(choices * 100 < changes * 11);
    CHECK(fates.count({End::Works, 0}) == 1);
    CHECK(fates.count({End::Waits, 0}) == 1);
    CHECK(fates.count({End::Refused, 0}) == 1);
    CHECK(fates.count({End::Refused, 1}) == 1);
    constexpr std::uint8_t kCodes[] = {0x81, 0x82, 0x8C, 0x90, 0x94, 0x95};
    for (const std::uint8_t code : kCodes) {
      CAPTURE(code);
      CHECK((fates.count({End::Refused, code}) == 1 || version != V5));
    }
  }
}

}  // namespace
}  // namespace midge::test::bad_input
