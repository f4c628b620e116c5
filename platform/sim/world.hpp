// The simulated world: virtual time, what is going to happen, and the links between clients and the
// broker. A run is a function of its seed and of what the test does; nothing here reads a clock.
//
//   sim::World world(seed);
//   sim::Broker broker(world);                 // or any other Engine
//   broker.start();
//   sim::Link& link = world.connect();         // a client's TCP connection
//   link.send(bytes);
//   world.settle();                            // all that happens without time passing
//   world.advance(10s);
//   link.take();                               // what the client has received
//
// Host only: uses the standard containers. Compiled with midge::warnings, not midge::strict, so
// that events scheduled by a test may throw (a failed REQUIRE).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "broker/base/time.hpp"
#include "broker/hal/listener.hpp"
#include "platform/sim/event_queue.hpp"
#include "platform/sim/link.hpp"
#include "platform/sim/random.hpp"

namespace midge::sim {

// What the world drives, one turn after the other as broker/core/core.hpp says: the broker
// (sim::Broker), or a stand-in in the simulator's own tests.
class Engine : public hal::Acceptor {
 public:
  virtual void begin(Instant now, WallTime wall) = 0;
  virtual void turn() = 0;
  [[nodiscard]] virtual Instant next_deadline() const = 0;

 protected:
  ~Engine() = default;
};

class World {
 public:
  explicit World(std::uint64_t seed = 1);
  World(const World&) = delete;
  World& operator=(const World&) = delete;
  ~World();

  [[nodiscard]] std::uint64_t seed() const { return seed_; }
  [[nodiscard]] Random& random() { return random_; }

  // Virtual time. It starts at an hour, not at zero; the wall clock at 2024-01-01T00:00:00Z.
  [[nodiscard]] Instant now() const { return now_; }
  [[nodiscard]] WallTime wall() const { return wall_offset_ + now_.time_since_epoch(); }
  // The wall clock jumps; monotonic time does not.
  void jump_wall(Duration by) { wall_offset_ += by; }

  // Calls `action` inside a turn, at `at` or after `delay`; never from inside this call.
  template <class Action>
  void at(Instant at, Action action) {
    events_.add(at < now_ ? now_ : at, std::move(action));
  }
  template <class Action>
  void after(Duration delay, Action action) {
    at(now_ + delay, std::move(action));
  }

  // Runs all that is due now, and what follows from it without time passing.
  void settle() { run_until(now_); }
  // Runs all that is due until then; `now` is then where it says.
  void advance(Duration by) { run_until(now_ + by); }
  void run_until(Instant end);
  // Runs turn by turn until `done()` holds; false when it does not within `limit`.
  template <class Done>
  bool run_until_done(Done done, Duration limit) {
    const Instant end = now_ + limit;
    while (!done()) {
      if (!step(end)) return false;
    }
    return true;
  }
  // One turn, if anything is due until `end`; `now` moves to it.
  bool step(Instant end);

  // A client opens a connection to listener number `listener`; lives as long as the world.
  Link& connect(std::uint16_t listener = 0);
  Link& connect(std::uint16_t listener, const LinkOptions& options);
  // How connect() makes links when it isn't told.
  LinkOptions link_options;
  // At most so many events in a turn, drawn for each; {0, 0}: all that are due, as epoll would.
  Range events_per_turn;

  // Only between runs. detach() ends every link without a word to its handler (the broker is gone
  // as after a power cut); the clients see a reset.
  void attach(Engine& engine);
  void detach();
  [[nodiscard]] Engine* engine() { return engine_; }
  // True while the engine is between begin() and the end of turn().
  [[nodiscard]] bool in_turn() const { return in_turn_; }

  // Contracts that were broken: a transport used in a wrong way, a loop that never rests. A test
  // ends by looking that there are none.
  [[nodiscard]] const std::vector<std::string>& faults() const { return faults_; }
  void fault(std::string_view what);
  void forget_faults() { faults_.clear(); }

  // A hash over all bytes that arrived anywhere, with their times: two runs are the same run when
  // it is the same. With keep_trace the lines are kept too.
  [[nodiscard]] std::uint64_t trace_hash() const { return trace_hash_; }
  [[nodiscard]] const std::vector<std::string>& trace() const { return trace_; }
  bool keep_trace = false;
  void note(std::uint32_t link, std::string_view what, Bytes bytes = {});

 private:
  void hash(Bytes bytes);

  std::uint64_t seed_;
  Random random_;
  Instant now_;
  Duration wall_offset_;
  EventQueue events_;
  Engine* engine_ = nullptr;
  bool in_turn_ = false;
  std::uint32_t idle_turns_ = 0;
  std::vector<std::unique_ptr<Link>> links_;
  std::vector<std::string> faults_;
  std::uint64_t trace_hash_ = 0xCBF29CE484222325U;
  std::vector<std::string> trace_;
};

}  // namespace midge::sim
