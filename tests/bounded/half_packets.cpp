// Connections that begin a packet and say no more.
#include <memory>

#include "tests/bounded/bombed.hpp"

namespace midge::test {
namespace {

constexpr int kClients = 10'000;

TEST_CASE("10,000 connections that send half a CONNECT are closed in time, and others go on") {
  struct Vector {
    const char* name;
    const char* bytes;
    std::size_t more;
  };
  constexpr Vector kVectors[] = {
      {"only the packet's type", "10", 0},
      {"a Remaining Length that is not whole", "10 ff", 0},
      {"the fixed header", "10 2d", 0},
      {"the beginning of the body", "10 2d 00 04 4d 51 54 54 05 02", 0},
      {"600 bytes of a long one", "10 90 4e", 600},
  };
  for (const Vector& v : kVectors) {
    CAPTURE(v.name);
    Bombed broker(std::size_t{16} << 20);
    broker.settings.connect_timeout = std::chrono::seconds(30);
    Pair pair(broker);
    Pair old_pair(broker, Version::V311);
    pair.must_work();
    old_pair.must_work();
    broker.note_rest();
    ByteVector bytes = hex(v.bytes);
    bytes.insert(bytes.end(), v.more, 'x');
    std::vector<std::unique_ptr<Client>> clients;
    for (int i = 0; i < kClients; ++i) {
      clients.push_back(std::make_unique<Client>(broker, Version::V5));
      clients.back()->send(bytes);
      if (i % 500 != 0) continue;
      pair.must_work();
      old_pair.must_work();
      broker.check_bounds();
    }
    Client newcomer(broker, Version::V5, "newcomer");
    newcomer.disconnect();
    const std::uint64_t refused = broker.metrics[Cause::MemoryFull];
    CHECK(broker.metrics.open_connections + refused == kClients + 4);
    if (v.more == 0) CHECK(refused == 0);
    broker.advance(31s);
    CHECK(broker.metrics[Cause::ConnectTimeout] + refused == kClients);
    for (const auto& client : clients) client->expect_closed();
    pair.must_work();
    broker.check_given_back();
  }
}

TEST_CASE(
    "10,000 clients that send half a packet after CONNECT: others go on, keep alive ends it") {
  struct Vector {
    const char* name;
    const char* bytes;
    std::size_t more;
  };
  constexpr Vector kVectors[] = {
      {"a PUBLISH of which the fixed header is half", "32 80", 0},
      {"a PUBLISH with half a topic", "32 20 00 10 61 62", 0},
      {"a PUBLISH of 2,000 bytes without its last ones", "30 d0 0f 00 01 61 00", 1'900},
      {"a large PUBLISH, the head and a little", "32 80 80 40 00 01 61 00 01 00", 10},
      {"a SUBSCRIBE", "82 80 80 40 00 01 00 00 10 61", 900},
  };
  for (const Vector& v : kVectors) {
    CAPTURE(v.name);
    Bombed broker(std::size_t{16} << 20);
    Pair pair(broker);
    Pair old_pair(broker, Version::V311);
    pair.must_work();
    old_pair.must_work();
    broker.note_rest();
    ByteVector bytes = hex(v.bytes);
    bytes.insert(bytes.end(), v.more, 'x');
    std::vector<std::unique_ptr<Client>> clients;
    for (int i = 0; i < kClients; ++i) {
      clients.push_back(std::make_unique<Client>(broker, Version::V5));
      clients.back()->together([&] {
        clients.back()->connect("half-" + std::to_string(i), {.keep_alive = 60});
        clients.back()->send(bytes);
      });
      if (i % 500 != 0) continue;
      pair.must_work();
      old_pair.must_work();
      broker.check_bounds();
    }
    CHECK_FALSE(broker.is_full());
    // What does not fit among the halves of packets waits, and takes the place of one that has
    // stalled for so long.
    broker.advance(3min);
    CHECK(broker.metrics[Cause::KeepAliveTimeout] + broker.metrics[Cause::MemoryFull] >= kClients);
    CHECK(broker.metrics[Cause::KeepAliveTimeout] >= 3'000);
    pair.must_work();
    old_pair.must_work();
    broker.check_given_back();
  }
}

}  // namespace
}  // namespace midge::test
