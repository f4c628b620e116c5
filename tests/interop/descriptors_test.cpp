// A broker that has run out of file descriptors.
#include <doctest/doctest.h>

#include <deque>

#include "tests/interop/broker.hpp"
#include "tests/interop/raw_client.hpp"

namespace midge::interop {

namespace {

constexpr unsigned kOpenFiles = 40;
constexpr int kClients = 80;  // more than fit, fewer than the kernel's accept queue holds

// How much of one core the process takes; a loop that spins takes all it can get.
double load_of(Process& process) {
  const auto cpu_before = process.cpu_time();
  const auto before = Clock::now();
  sleep_for(2s);
  const std::chrono::duration<double> used = process.cpu_time() - cpu_before;
  const std::chrono::duration<double> passed = Clock::now() - before;
  return used / passed;
}

}  // namespace

TEST_CASE("a broker without free descriptors neither spins nor dies and recovers") {
  Broker broker({}, {.open_files = kOpenFiles});
  RawClient veteran(broker.port());
  veteran.connect(5, "veteran");
  veteran.subscribe(5, "still/here", 0);

  std::deque<RawClient> crowd;
  for (int i = 0; i < kClients; ++i) {
    crowd.emplace_back(broker.port());
    (void)crowd.back().send(connect_packet(4, "crowd-" + std::to_string(i)));
  }
  int accepted = 0;
  for (RawClient& client : crowd) {
    const auto answer = client.read(100ms);
    if (answer && answer->type() == 2) ++accepted;
  }
  CHECK(accepted > 0);
  CHECK(accepted < kClients);

  CHECK(load_of(broker.process()) < 0.3);
  CHECK(broker.process().running());

  // Those inside are still served.
  veteran.send(publish_packet(5, "still/here", "yes"));
  CHECK(veteran.must_read().body.ends_with("yes"));

  crowd.clear();
  // Whether a newcomer waits or is turned away meanwhile is the broker's choice; soon one gets in.
  CHECK(eventually([&] {
    RawClient newcomer(broker.port());
    if (!newcomer.send(connect_packet(5, "newcomer"))) return false;
    const auto answer = newcomer.read(2s);
    return answer && answer->type() == 2 && answer->body.at(1) == 0;
  }));
}

TEST_CASE("an idle broker with a hundred clients uses no time to speak of") {
  Broker broker;
  std::deque<RawClient> clients;
  for (int i = 0; i < 100; ++i) {
    clients.emplace_back(broker.port());
    clients.back().connect(5, "idle-" + std::to_string(i));
  }
  CHECK(load_of(broker.process()) < 0.1);
}

}  // namespace midge::interop
