#include <doctest/doctest.h>

#include "broker/wire/ack.hpp"
#include "tests/support/hex.hpp"

using namespace midge;
using namespace midge::wire;
using midge::test::hex;

TEST_CASE("an acknowledgement has its identifier") {
  const auto got = decode_ack(Version::V5, PacketType::Puback, hex("12 34"));
  REQUIRE(got);
  CHECK(got->packet_id == 0x1234);
  CHECK(got->reason == ReasonCode::Success);
}
