// A broker in the simulator on which bytes are tried, one client after the other. After each, a
// bystander must still get a message through and the broker must hold what it held before.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/bad_input/oracle.hpp"
#include "tests/support/broker.hpp"

namespace midge::test::bad_input {

// What has happened before the bytes come.
enum class Scene : std::uint8_t {
  Fresh,      // nothing
  Connected,  // CONNECT with a keep alive of 60 seconds and a session that ends with it
  Lasting,    // CONNECT with a session that outlives the connection
  // Also: deliveries 1 (QoS 1), 2 (QoS 2) and 3 (after its PUBREC) are open, and our QoS 2
  // PUBLISH 7.
  Deliveries,
};

// How the bytes travel.
struct Travel {
  std::size_t split_at = 0;  // in two pieces, if it is inside
  bool byte_by_byte = false;
};

class Stage {
 public:
  Stage();

  // Lets a client send `bytes` and compares what becomes of it with what must. An empty text, or
  // what is wrong.
  [[nodiscard]] std::string run(Scene scene, Version version, Bytes bytes,
                                const Travel& travel = {});
  // The client whose bytes come.
  [[nodiscard]] static Peer peer_of(Scene scene, Version version);

  [[nodiscard]] Broker& broker() { return *broker_; }

 private:
  struct Gauges {
    std::vector<std::uint64_t> values;
    bool operator==(const Gauges&) const = default;
  };

  void build();
  [[nodiscard]] std::string run_once(Scene scene, Version version, Bytes bytes,
                                     const Travel& travel);
  [[nodiscard]] std::string play_prologue(sim::Link& link, Scene scene, Version version);
  [[nodiscard]] std::string compare(sim::Link& link, const Expected& expected);
  [[nodiscard]] std::string compare_end(sim::Link& link, const Expected& expected,
                                        std::optional<std::uint8_t> told);
  [[nodiscard]] std::string wait_for_end(sim::Link& link, const Expected& expected);
  void tidy_up(sim::Link& link, const Expected& expected);
  [[nodiscard]] std::string look_around();
  void send(sim::Link& link, Bytes bytes);
  [[nodiscard]] Gauges gauges() const;

  std::unique_ptr<Broker> broker_;
  sim::Link* bystander_ = nullptr;
  Gauges gauges_at_rest_;
  std::size_t pages_at_rest_ = 0;
  std::size_t runs_ = 0;
  std::string assigned_id_;
  bool is_sound_ = false;
};

}  // namespace midge::test::bad_input
