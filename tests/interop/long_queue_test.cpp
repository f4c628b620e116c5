// A queue that is far longer than the memory of the real program, over a SIGKILL: all of it comes,
// in order. MIDGE_LONG_QUEUE is how many messages wait.
#include <doctest/doctest.h>

#include <cstdlib>

#include "tests/interop/broker.hpp"
#include "tests/interop/raw_client.hpp"

namespace midge::interop {

namespace {

int messages() {
  const char* const wanted = std::getenv("MIDGE_LONG_QUEUE");
  return wanted != nullptr ? std::atoi(wanted) : 30'000;
}

// With a fifth of what the messages take, or 16 MiB for a million.
std::string settings() {
  const std::string limit = messages() > 100'000 ? "16M" : "2M";
  return "persistence true\npersistence_location {folder}/store\nmax_queued_messages 0\n"
         "memory_limit " +
         limit + "\n";
}

std::string payload_of(int number) {
  std::string payload = std::to_string(number);
  payload.resize(200, '.');
  return payload;
}

}  // namespace

TEST_CASE("a queue longer than the memory is all there after SIGKILL, in order") {
  constexpr int kWindow = 500;
  const int count = messages() / kWindow * kWindow;
  REQUIRE(count > 0);
  Broker broker(settings());
  {
    RawClient subscriber(broker.port());
    subscriber.connect(4, "subscriber", 60, "", /*clean=*/false);
    subscriber.subscribe(4, "t", 1);
    subscriber.send(std::string("\xe0\x00", 2));
    CHECK(subscriber.closed());
  }
  RawClient publisher(broker.port());
  publisher.connect(4, "publisher", 0);
  for (int number = 0; number < count;) {
    std::string packets;
    for (int i = 1; i <= kWindow; ++i) {
      packets += publish_packet(4, "t", payload_of(number++), 1, i);
    }
    publisher.send(packets);
    for (int i = 0; i < kWindow; ++i) REQUIRE(publisher.must_read().type() == 4);
  }

  broker.kill();
  broker.start_again();
  RawClient reader(broker.port());
  reader.connect(4, "reader");
  reader.subscribe(4, "$SYS/broker/persistence/restored/queued messages", 0);
  CHECK(reader.must_read().body.ends_with("messages" + std::to_string(count)));
  RawClient subscriber(broker.port());
  subscriber.connect(4, "subscriber", 0, "", /*clean=*/false);
  for (int number = 0; number < count; ++number) {
    CAPTURE(number);
    const RawPacket packet = subscriber.must_read();
    REQUIRE(packet.type() == 3);
    REQUIRE(packet.body.ends_with(payload_of(number)));
    // Topic `t`: its length and itself, then the packet identifier.
    subscriber.send(std::string("\x40\x02", 2) + packet.body.substr(3, 2));
  }
}

}  // namespace midge::interop
