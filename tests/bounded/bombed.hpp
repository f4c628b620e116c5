// A broker that is going to be bombed, and a pair of clients that has nothing to do with it.
//
//   Bombed broker(1 << 20);                        // bytes of memory
//   Pair pair(broker);                             // connected before the bomb
//   bomb(); pair.must_work(); bomb();              // QoS 1, there and back
//   broker.check_bounds();
//   ...; broker.check_given_back();                // when the clients of the bomb have gone
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/client.hpp"

namespace midge::test {

class Bombed : public Broker {
 public:
  explicit Bombed(std::size_t memory_bytes) {
    limits.memory_bytes = memory_bytes;
    journal.active = false;  // as a broker without persistence has it
  }

  // Not even with the reserve is more used than there is; asked again and again by tests.
  void check_bounds();
  // What is held now is what has to be held when the bomb is over.
  void note_rest();
  void check_given_back(Where where = Where::here());

  // A session that is away fills the memory with what waits for it, down to the smallest message.
  void fill();
  void end_filling();

  [[nodiscard]] std::size_t used_pages() { return sim.arena().used_pages(); }
  [[nodiscard]] bool is_full() { return sim.arena().available_pages() == 0; }
  // Links of the next clients: whoever does not read is noticed after some kilobytes.
  void use_small_windows() {
    link.client_window = 1'000;
    link.send_buffer = 4'000;
  }

 private:
  [[nodiscard]] std::vector<std::uint64_t> gauges() const;

  std::size_t rest_pages_ = 0;
  std::vector<std::uint64_t> rest_gauges_;
};

class Pair {
 public:
  explicit Pair(Broker& broker, Version version = Version::V5);

  // A message of QoS 1 is acknowledged and delivered without any time passing.
  void must_work(Where where = Where::here());
  // With memory full: as above, at most backpressure_time later, or refused by its own code (before
  // 5.0: the connection is closed, a new one refused too). Nothing else. True when it was
  // delivered.
  bool try_once(Where where = Where::here());

 private:
  // False when the broker refuses it as it may with memory full.
  [[nodiscard]] bool connect_publisher();

  Broker& broker_;
  const Version version_;
  const std::string topic_;  // a pair of each version may be there
  int number_ = 0;
  Client subscriber_;
  std::unique_ptr<Client> publisher_;
};

}  // namespace midge::test
