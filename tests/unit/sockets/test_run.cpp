// The broker as one function: what it refuses to start with, and what it does with few sockets and
// little memory. The port is the test's.
#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "platform/sockets/port.hpp"
#include "platform/sockets/run.hpp"
#include "tests/interop/listening.hpp"
#include "tests/interop/raw_client.hpp"

namespace midge::sockets {

namespace {

std::mutex log_lock;
std::string log_text;
std::atomic<bool> has_entropy = true;

std::string logged() {
  const std::lock_guard guard(log_lock);
  return log_text;
}

bool has_logged(std::string_view text) {
  return logged().find(text) != std::string::npos;
}

constexpr std::size_t kMemoryBytes = 96 * 1024;

// What run() ends with when nothing asks it to.
Ended outcome(std::string_view configuration, std::size_t memory_bytes = kMemoryBytes,
              std::uint32_t client_sockets = 8) {
  log_text.clear();
  std::vector<std::uint8_t> memory(memory_bytes);
  const std::atomic<bool> stop = true;  // so that a broker that starts by mistake ends
  return run({.memory = memory,
              .configuration = configuration,
              .client_sockets = client_sockets,
              .stop = &stop});
}

// A broker in a thread, with little memory that has no byte to spare on either side.
class Running {
 public:
  explicit Running(std::uint32_t client_sockets, std::string_view more = {})
      : configuration_("listener " + std::to_string(port) + " 127.0.0.1\nallow_anonymous true\n" +
                       std::string(more)) {
    log_text.clear();
    thread_ = std::thread([this, client_sockets] {
      ended = run({.memory = memory_,
                   .configuration = configuration_,
                   .client_sockets = client_sockets,
                   .stop = &stop_});
    });
    REQUIRE(interop::eventually([] { return has_logged(" running"); }));
  }
  ~Running() {
    stop_ = true;
    thread_.join();
    CHECK(ended == Ended::Stopped);
  }

  const std::uint16_t port = interop::free_port();
  std::atomic<Ended> ended = Ended::CannotStart;

 private:
  std::vector<std::uint8_t> memory_ = std::vector<std::uint8_t>(kMemoryBytes);
  const std::string configuration_;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

}  // namespace

namespace port {

std::int64_t monotonic_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

bool entropy(MutableBytes out) {
  std::uint8_t next = 1;
  for (std::uint8_t& byte : out) byte = next++;
  return has_entropy;
}

void log(LogLevel, std::string_view line) {
  const std::lock_guard guard(log_lock);
  log_text.append(line).append("\n");
}

}  // namespace port

TEST_CASE("what plain sockets can't do is refused at the start, and said") {
  CHECK(outcome("listener 0 /tmp/midge.sock\n") == Ended::CannotStart);
  CHECK(has_logged("Error: There are no Unix sockets here (/tmp/midge.sock)."));
  CHECK(outcome("listener 1883\nbind_interface eth0\n") == Ended::CannotStart);
  CHECK(has_logged("only to an address"));
  CHECK(outcome("listener 1883 broker.example\n") == Ended::CannotStart);
  CHECK(has_logged("Error: A listener needs a numeric address here (broker.example)."));
}

TEST_CASE("an error in the configuration names its line") {
  CHECK(outcome("listener 1883 127.0.0.1\nnonsense 1\n") == Ended::WrongConfiguration);
  CHECK(has_logged("midge.conf:2"));
}

TEST_CASE("a port that is in use is named") {
  const Running first(8);
  const std::string where = "127.0.0.1:" + std::to_string(first.port);
  CHECK(outcome("listener " + std::to_string(first.port) + " 127.0.0.1\n") == Ended::CannotStart);
  CHECK(has_logged("Error: Address already in use (" + where + ")"));
}

TEST_CASE("without random numbers, memory or sockets the broker does not start") {
  const std::string plain = "listener " + std::to_string(interop::free_port()) + " 127.0.0.1\n";
  REQUIRE(outcome(plain) == Ended::Stopped);
  has_entropy = false;
  CHECK(outcome(plain) == Ended::CannotStart);
  has_entropy = true;
  for (const std::size_t kilobytes : {0U, 1U, 8U, 16U, 24U}) {
    CAPTURE(kilobytes);
    CHECK(outcome(plain, kilobytes * 1'000) == Ended::CannotStart);
    CHECK(has_logged("too little memory") + has_logged("Too little memory") == 1);
  }
  CHECK(outcome(plain, kMemoryBytes, kSpareSockets) == Ended::CannotStart);
  CHECK(has_logged("Error: The system has too few sockets."));
  CHECK(outcome(plain + "memory_limit 200000\n") == Ended::CannotStart);
  CHECK(has_logged("memory_limit is more than this program was given"));
}

TEST_CASE("a client over the number of sockets is told so, and a place that becomes free is used") {
  Running broker(3 + kSpareSockets);
  std::vector<interop::RawClient> clients;
  for (int i = 0; i < 3; ++i) {
    clients.emplace_back(broker.port);
    clients.back().connect(5, "client-" + std::to_string(i));
  }
  interop::RawClient late(broker.port);
  REQUIRE(late.send(interop::connect_packet(5, "late")));
  const interop::RawPacket answer = late.must_read();
  CHECK(answer.first_byte == 0x20);
  CHECK(answer.body.substr(0, 2) == interop::hex("00 97"));
  CHECK(late.closed());

  // Peers that say nothing can't take more places than there are.
  std::vector<interop::RawClient> silent;
  for (int i = 0; i < 8; ++i) silent.emplace_back(broker.port);
  CHECK(interop::eventually([&] {
    const auto open = std::count_if(silent.begin(), silent.end(), [](interop::RawClient& peer) {
      return !peer.closed(std::chrono::milliseconds(10));
    });
    return open <= static_cast<int>(kSpareSockets);
  }));

  silent.clear();
  clients.pop_back();
  CHECK(interop::eventually([&] {
    interop::RawClient next(broker.port);
    if (!next.send(interop::connect_packet(5, "next"))) return false;
    const auto connack = next.read();
    return connack && connack->body.substr(0, 2) == interop::hex("00 00");
  }));
}

TEST_CASE("large messages pass in little memory, and a client that does not read harms nobody") {
  Running broker(8);
  interop::RawClient subscriber(broker.port);
  subscriber.connect(4, "subscriber");
  subscriber.subscribe(4, "a/#", 0);
  interop::RawClient deaf(broker.port, 4'096);
  deaf.connect(4, "deaf");
  deaf.subscribe(4, "b/#", 0);
  interop::RawClient publisher(broker.port);
  publisher.connect(4, "publisher");
  const std::string payload(8'000, 'x');
  for (int i = 0; i < 100; ++i) {
    REQUIRE(publisher.send(interop::publish_packet(4, "b/flood", payload)));
  }
  for (int i = 0; i < 20; ++i) {
    const std::string sent = payload + std::to_string(i);
    REQUIRE(publisher.send(interop::publish_packet(4, "a/b", sent)));
    const interop::RawPacket got = subscriber.must_read();
    REQUIRE(got.type() == 3);
    CHECK(got.body == interop::text_field("a/b") + sent);
  }
}

}  // namespace midge::sockets
