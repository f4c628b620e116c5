// Bombs on the real program with `memory_limit 16000000`: its resident memory stays below the limit
// plus what was resident at rest, a pair of clients that behaves goes on, and afterwards the memory
// goes back to the system.
#include <doctest/doctest.h>

#include <sys/resource.h>

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <sstream>

#include "tests/interop/broker.hpp"
#include "tests/interop/raw_client.hpp"

namespace midge::interop {

namespace {

constexpr int kClients = 2'000;
constexpr int kHalves = 10'000;
constexpr std::size_t kLimitBytes = 16'000'000;
// What is not the arena's and grows under load: the kernel's page tables of the process, libc's
// buffers, a part of the stack and of the executable that was not touched before.
constexpr std::size_t kSlackBytes = 512 << 10;

// Of this process: the broker raises its own limit itself.
void raise_open_files() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  constexpr rlim_t kNeeded = kHalves + 200;
  REQUIRE_MESSAGE((limit.rlim_max == RLIM_INFINITY || limit.rlim_max >= kNeeded),
                  "this machine does not allow enough open files");
  if (limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur < kNeeded) limit.rlim_cur = kNeeded;
  setrlimit(RLIMIT_NOFILE, &limit);
}

class BombedBroker {
 public:
  explicit BombedBroker(const std::string& settings = {})
      : broker_("memory_limit " + std::to_string(kLimitBytes) +
                "\nlog_type none\nlog_type error\nconnection_messages false\n" + settings),
        subscriber_(broker_.port()),
        publisher_(broker_.port()) {
    subscriber_.connect(4, "subscriber");
    subscriber_.subscribe(4, "pair", 1);
    publisher_.connect(5, "publisher");
    // The first use of each thing is behind it.
    pair_must_work();
    rest_ = resident_bytes();
  }

  std::uint16_t port() const { return broker_.port(); }

  // VmRSS. With AddressSanitizer it tells nothing about the broker.
  std::size_t resident_bytes() {
    std::istringstream status(
        read_file("/proc/" + std::to_string(broker_.process().pid()) + "/status"));
    for (std::string word; status >> word;) {
      if (word != "VmRSS:") continue;
      std::size_t kilobytes = 0;
      status >> kilobytes;
      return kilobytes << 10;
    }
    throw std::runtime_error("the broker has gone");
  }

  void check_bounds() {
    most_ = std::max(most_, resident_bytes());
    if (is_measurable()) CHECK(most_ <= kLimitBytes + rest_ + kSlackBytes);
  }
  // When the bomb's clients have gone: within a minute, all but two megabytes.
  void check_given_back() {
    if (!is_measurable()) return;
    const bool back = eventually([&] { return resident_bytes() <= rest_ + (3 << 20); }, 60s);
    CHECK_MESSAGE(back, resident_bytes(), " bytes are resident, ", rest_, " at rest, ", most_,
                  " at most");
  }

  // A QoS 1 round trip. False when it was refused for memory, which is all else that may happen.
  bool pair_works() {
    const std::string text = std::to_string(++number_);
    publisher_.send(publish_packet(5, "pair", text, 1, 1));
    const auto puback = publisher_.must_read();
    REQUIRE(puback.type() == 4);
    if (puback.body.size() > 2 && puback.body[2] == static_cast<char>(0x97)) return false;
    const auto publish = subscriber_.must_read();
    CHECK(publish.first_byte == 0x32);
    CHECK(publish.body.ends_with(text));
    subscriber_.send(packet(0x40, publish.body.substr(6, 2)));  // behind "pair" and its length
    return true;
  }
  void pair_must_work() { REQUIRE(pair_works()); }

  // A counter of $SYS, as the broker has it now.
  std::size_t counter(const std::string& name) {
    RawClient reader(port());
    reader.connect(4, "reader");
    reader.subscribe(4, "$SYS/broker/" + name, 0);
    const auto value = reader.must_read();
    return std::stoul(value.body.substr(2 + std::string_view("$SYS/broker/").size() + name.size()));
  }

 private:
  static bool is_measurable() {
    return read_file(broker_program()).find("__asan_init") == std::string::npos;
  }

  Broker broker_;
  RawClient subscriber_;
  RawClient publisher_;
  int number_ = 0;
  std::size_t rest_ = 0;
  std::size_t most_ = 0;
};

std::string name(int number) {
  return "bomb-" + std::to_string(number);
}

}  // namespace

TEST_CASE("2,000 clients never read while a publisher floods them") {
  raise_open_files();
  BombedBroker broker;
  {
    std::deque<RawClient> deaf;
    for (int i = 0; i < kClients; ++i) {
      deaf.emplace_back(broker.port(), 4'096);
      REQUIRE(deaf.back().send(connect_packet(4, name(i)) + subscribe_packet(4, 1, "flood", 0)));
    }
    RawClient flood(broker.port());
    flood.connect(4, "flood");
    const std::string publish = publish_packet(4, "flood", std::string(20'000, 'x'));
    const auto dropped = [&] {
      return broker.counter("refused/queue messages") + broker.counter("refused/memory full");
    };
    int rounds = 0;
    int delivered = 0;
    // On, when the first was dropped: for as long again.
    for (int most = 100; rounds < most; ++rounds) {
      for (int i = 0; i < 40; ++i) REQUIRE(flood.send(publish));
      REQUIRE(flood.send(hex("c0 00")));
      REQUIRE(flood.must_read().type() == 13);
      delivered += broker.pair_works() ? 1 : 0;
      broker.check_bounds();
      if (most == 100 && dropped() > 0) most = 2 * (rounds + 1);
    }
    CHECK(delivered == rounds);
    CHECK(dropped() > 0);
  }
  broker.check_given_back();
  broker.pair_must_work();
}

TEST_CASE("10,000 connections send half a packet") {
  raise_open_files();
  BombedBroker broker;
  const std::string halves[] = {
      hex("10 2d 00 04 4d 51 54 54"),
      connect_packet(4, "") + hex("30 d0 0f 00 04 68 61 6c 66") + std::string(1'900, 'x'),
      connect_packet(4, "") + hex("32 80 80 7a 00 04 68 61 6c 66 00 01") + std::string(8'000, 'x'),
      connect_packet(5, "") + hex("82 80 80 7a 00 01 00") + std::string(8'000, 'x')};
  for (const std::string& half : halves) {
    CAPTURE(half.size());
    {
      std::deque<RawClient> clients;
      for (int i = 0; i < kHalves; ++i) {
        clients.emplace_back(broker.port());
        (void)clients.back().send_some(half);
        if (i % 1'000 != 0) continue;
        broker.pair_must_work();
        broker.check_bounds();
      }
      broker.pair_must_work();
      broker.check_bounds();
    }
    broker.pair_must_work();
  }
  broker.check_given_back();
}

TEST_CASE("publishers send payloads of 256 MB") {
  constexpr int kPublishers = 8;
  constexpr std::size_t kPayload = 268'000'000;
  for (const bool allowed : {false, true}) {
    CAPTURE(allowed);
    BombedBroker broker(allowed ? "max_packet_size 0\n" : "");
    {
      std::deque<RawClient> publishers;
      std::string head = publish_packet(5, "huge", std::string(kPayload, 'x'), 1, 1);
      head.resize(16);
      for (int i = 0; i < kPublishers; ++i) {
        publishers.emplace_back(broker.port());
        publishers.back().connect(5, name(i));
        (void)publishers.back().send(head);
        broker.pair_must_work();
      }
      const std::string megabyte(1'000'000, 'x');
      for (int i = 0; i < 20; ++i) {
        for (RawClient& publisher : publishers) (void)publisher.send(megabyte);
        broker.pair_must_work();
        broker.check_bounds();
      }
      for (RawClient& publisher : publishers) {
        // Read over, with PUBACK 0x97 at its end; DISCONNECT 0x95 where it is too large.
        if (allowed) {
          CHECK_FALSE(publisher.read(std::chrono::milliseconds(1)));
        } else {
          const auto answer = publisher.must_read();
          CHECK(answer.type() == 14);
          CHECK(static_cast<unsigned char>(answer.body[0]) == 0x95);
        }
      }
    }
    broker.check_given_back();
    CHECK(broker.counter(allowed ? "refused/memory full" : "refused/packet too large") ==
          kPublishers);
  }
}

TEST_CASE("100 clients send half of a large PUBLISH and stall") {
  BombedBroker broker;
  {
    std::deque<RawClient> clients;
    std::string half = publish_packet(4, "half", std::string(1'900'000, 'x'), 1, 1);
    half.resize(1'000'000);
    for (int i = 0; i < 100; ++i) {
      clients.emplace_back(broker.port());
      clients.back().connect(4, name(i));
      // What the broker does not read stays in the sockets.
      std::size_t sent = 0;
      for (int tries = 0; sent < half.size() && tries < 20; ++tries) {
        const std::size_t more = clients.back().send_some(std::string_view(half).substr(sent));
        sent += more;
        if (more == 0) sleep_for(1ms);
      }
      if (i % 10 != 0) continue;
      broker.pair_must_work();
      broker.check_bounds();
    }
    for (int i = 0; i < 10; ++i) {
      broker.pair_must_work();
      broker.check_bounds();
      sleep_for(100ms);
    }
  }
  broker.check_given_back();
}

TEST_CASE("subscriptions and retained messages without end") {
  BombedBroker broker;
  {
    RawClient bomb(broker.port());
    bomb.connect(5, "bomb", 60);
    int refused = 0;
    for (int i = 0; refused < 100; ++i) {
      REQUIRE(i < 1'000'000);
      bomb.send(subscribe_packet(5, 1, "filter/" + std::to_string(i), 0));
      const auto suback = bomb.must_read();
      REQUIRE(suback.type() == 9);
      refused += suback.body.back() == static_cast<char>(0x97) ? 1 : 0;
      if (i % 10'000 != 0) continue;
      (void)broker.pair_works();
      broker.check_bounds();
    }
    (void)broker.pair_works();
    broker.check_bounds();
  }
  // The end of the subscriptions is not at once: it is a turn's work.
  REQUIRE(eventually([&] { return broker.pair_works(); }));
  RawClient bomb(broker.port());
  bomb.connect(4, "bomb");
  const auto kept = [](int i) { return "kept/" + std::to_string(i); };
  int stored = 0;
  for (; broker.resident_bytes() < kLimitBytes - 2'000'000; stored += 1'000) {
    REQUIRE(stored < 1'000'000);
    std::string packets;
    for (int i = stored; i < stored + 1'000; ++i) {
      std::string publish = publish_packet(4, kept(i), std::string(200, 'x'));
      publish[0] = static_cast<char>(0x31);
      packets += publish;
    }
    bomb.send(packets);
    bomb.send(hex("c0 00"));
    REQUIRE(bomb.must_read().type() == 13);
    broker.check_bounds();
  }
  for (int round = 0; round < 20; ++round, stored += 1'000) {  // and beyond what fits
    std::string packets;
    for (int i = stored; i < stored + 1'000; ++i) {
      std::string publish = publish_packet(4, kept(i), std::string(200, 'x'));
      publish[0] = static_cast<char>(0x31);
      packets += publish;
    }
    bomb.send(packets);
  }
  bomb.send(hex("c0 00"));
  REQUIRE(bomb.must_read().type() == 13);
  (void)broker.pair_works();
  broker.check_bounds();
  for (int i = 0; i < stored; ++i) {
    std::string publish = publish_packet(4, kept(i), "");
    publish[0] = static_cast<char>(0x31);
    bomb.send(publish);
  }
  bomb.send(hex("c0 00"));
  REQUIRE(bomb.must_read().type() == 13);
  broker.pair_must_work();
  CHECK(broker.counter("retained messages/count") == 0);
  CHECK(broker.counter("refused/memory full") > 100);
  broker.check_given_back();
}

namespace {

// One round of what comes and goes: client ids that are never seen again, deep filters until memory
// is full, connections that stop in the middle of a packet.
void bomb_once(BombedBroker& broker, int round) {
  const std::string expires_in_a_second = hex("11 00 00 00 01");
  for (int i = 0; i < kClients; ++i) {
    RawClient client(broker.port());
    client.connect(5, "churn-" + std::to_string(round) + "-" + std::to_string(i), 60,
                   expires_in_a_second);
    client.subscribe(5, name(i), 1);
    if (i % 200 == 0) broker.check_bounds();
  }
  {
    RawClient deep(broker.port());
    deep.connect(5, "deep");
    int refused = 0;
    for (int i = 0; refused < 100; ++i) {
      REQUIRE(i < 1'000'000);
      std::string filter = std::to_string(i);
      for (int level = 1; level < 200; ++level) filter += "/" + std::to_string(level % 7);
      deep.send(subscribe_packet(5, 1, filter, 0));
      const auto suback = deep.must_read();
      REQUIRE(suback.type() == 9);
      refused += suback.body.back() == static_cast<char>(0x97) ? 1 : 0;
      if (i % 1'000 == 0) broker.check_bounds();
    }
    (void)broker.pair_works();
  }
  REQUIRE(eventually([&] { return broker.pair_works(); }));
  std::deque<RawClient> halves;
  for (int i = 0; i < kClients; ++i) {
    halves.emplace_back(broker.port());
    (void)halves.back().send_some(hex("10 2d 00 04 4d 51 54 54"));
  }
  broker.pair_must_work();
  broker.check_bounds();
}

}  // namespace

TEST_CASE("client ids, deep filters and half packets, round after round, leave nothing") {
  raise_open_files();
  const char* const asked = std::getenv("MIDGE_BOMB_ROUNDS");
  const int rounds = asked != nullptr ? std::stoi(asked) : 1;
  BombedBroker broker;
  for (int round = 0; round < rounds; ++round) {
    CAPTURE(round);
    bomb_once(broker, round);
    REQUIRE(eventually([&] { return broker.counter("clients/total") <= 3; }, 60s));
  }
  CHECK(broker.counter("refused/memory full") >= 100U * static_cast<unsigned>(rounds));
  broker.check_given_back();
  broker.pair_must_work();
}

}  // namespace midge::interop
