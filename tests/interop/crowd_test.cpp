// A thousand clients at the same time, by raw sockets: Paho keeps threads and buffers per process
// that would measure Paho.
#include <doctest/doctest.h>

#include <sys/resource.h>

#include <deque>

#include "tests/interop/broker.hpp"
#include "tests/interop/raw_client.hpp"

namespace midge::interop {

namespace {

constexpr int kClients = 1000;

// The broker inherits the limit, as it would from a service file that allows a thousand clients.
void raise_open_files() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  constexpr rlim_t kNeeded = 2 * kClients + 100;
  REQUIRE_MESSAGE((limit.rlim_max == RLIM_INFINITY || limit.rlim_max >= kNeeded),
                  "this machine does not allow enough open files");
  if (limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur < kNeeded) limit.rlim_cur = kNeeded;
  setrlimit(RLIMIT_NOFILE, &limit);
}

int level_of(int number) {
  return number % 2 == 0 ? 4 : 5;
}

std::string own_topic(int number) {
  return "client/" + std::to_string(number);
}

}  // namespace

TEST_CASE("a thousand clients are connected at once and each gets its messages") {
  raise_open_files();
  Broker broker;
  std::deque<RawClient> clients;
  for (int i = 0; i < kClients; ++i) {
    clients.emplace_back(broker.port());
    REQUIRE(clients.back().send(connect_packet(level_of(i), "crowd-" + std::to_string(i)) +
                                subscribe_packet(level_of(i), 1, "all", 1) +
                                subscribe_packet(level_of(i), 2, own_topic(i), 0)));
  }
  for (RawClient& client : clients) {
    for (const int type : {2, 9, 9}) {
      const auto answer = client.must_read();
      REQUIRE(answer.type() == type);
    }
  }

  RawClient publisher(broker.port());
  publisher.connect(5, "publisher");
  publisher.send(publish_packet(5, "all", "to everybody", 1, 1));
  CHECK(publisher.must_read().type() == 4);
  for (int i = 0; i < kClients; ++i)
    REQUIRE(publisher.send(publish_packet(5, own_topic(i), std::to_string(i))));

  for (int i = 0; i < kClients; ++i) {
    CAPTURE(i);
    auto& client = clients[static_cast<std::size_t>(i)];
    const auto common = client.must_read();
    CHECK(common.first_byte == 0x32);
    CHECK(common.body.ends_with("to everybody"));
    // Topic "all" is five bytes with its length; the packet identifier follows.
    client.send(packet(0x40, common.body.substr(5, 2)));
    const auto own = client.must_read();
    CHECK(own.first_byte == 0x30);
    CHECK(own.body.starts_with(text_field(own_topic(i))));
    CHECK(own.body.ends_with(std::to_string(i)));
  }

  // All of them still there, and all of them leaving at once does no harm.
  for (RawClient& client : clients) REQUIRE(client.send(hex("c0 00")));
  for (RawClient& client : clients) CHECK(client.must_read().first_byte == 0xd0);
  clients.clear();
  RawClient after(broker.port());
  CHECK_NOTHROW(after.connect(5, "after"));
}

TEST_CASE("a thousand clients publish at once and one subscriber gets every message") {
  raise_open_files();
  Broker broker;
  RawClient subscriber(broker.port());
  subscriber.connect(4, "subscriber");
  subscriber.subscribe(4, "in/+", 0);
  std::deque<RawClient> clients;
  for (int i = 0; i < kClients; ++i) {
    clients.emplace_back(broker.port());
    REQUIRE(clients.back().send(connect_packet(level_of(i), "crowd-" + std::to_string(i)) +
                                publish_packet(level_of(i), "in/" + std::to_string(i), "hello")));
  }
  std::vector<bool> seen(kClients);
  for (int i = 0; i < kClients; ++i) {
    const auto arrived = subscriber.must_read();
    const auto topic_end = arrived.body.size() - std::string_view("hello").size();
    seen.at(std::stoul(arrived.body.substr(5, topic_end - 5))) = true;
  }
  CHECK(seen == std::vector<bool>(kClients, true));
}

}  // namespace midge::interop
