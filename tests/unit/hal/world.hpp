// What a platform brings to the suite: a loop with a listener in it, and peers that connect. Each
// platform has an executable of its own that defines make_world().
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "broker/base/time.hpp"
#include "broker/hal/listener.hpp"
#include "tests/unit/hal/recorder.hpp"

namespace midge::test {

// The other end of a connection. Nothing happens inside these calls; the world's turns do it.
class Peer {
 public:
  enum class End : std::uint8_t {
    Open,
    Finished,  // in order, behind the last byte received
    Reset,
  };

  virtual ~Peer() = default;
  // As much as the way takes goes out; the peer keeps the rest and sends it as room comes.
  virtual void send(std::string_view bytes) = 0;
  virtual void close_write() = 0;  // behind what was sent; it still receives
  virtual void close() = 0;        // both sides, in order, with everything received read
  virtual void reset() = 0;        // at once
  virtual void stop_reading() = 0;
  virtual void start_reading() = 0;

  [[nodiscard]] virtual const std::string& received() const = 0;
  [[nodiscard]] virtual std::size_t unsent() const = 0;  // of send(), not gone out yet
  [[nodiscard]] virtual End end() const = 0;
  // What Transport::peer() must call it.
  [[nodiscard]] virtual std::string name() const = 0;
};

// Stands for the core: takes every peer, or refuses every one.
class Door final : public hal::Acceptor {
 public:
  hal::TransportHandler* accept(hal::Transport& transport, std::uint16_t listener) override;

  bool refuses = false;
  std::function<void(Recorder&)> on_accept;  // called from inside accept(); may be empty
  std::vector<std::unique_ptr<Recorder>> guests;
};

class World {
 public:
  virtual ~World() = default;
  // Begins to connect; accept() comes with one of the next turns.
  [[nodiscard]] virtual Peer& connect() = 0;
  // One turn: what is ready goes to the handlers, then `body` runs as the core's part of the turn.
  // An idle turn takes a little of the world's time. Transports are used in `body` or by handlers.
  virtual void turn(const std::function<void()>& body) = 0;
  // The world's time, real or virtual.
  [[nodiscard]] virtual Instant now() const = 0;
  // Null where the platform has none. Closed, it refuses peers: their end is Reset.
  [[nodiscard]] virtual hal::Listener* listener() = 0;
  // More bytes than the way between a peer and a transport holds, in either direction.
  [[nodiscard]] virtual std::size_t flood_bytes() const = 0;
  // Transports that exist; each is gone some turns after its on_closed().
  [[nodiscard]] virtual std::size_t transports() const = 0;
  // Ends by looking that no contract was broken that only the platform sees.
  virtual void check() {}

  // Turns until `done`; false when that takes ten seconds of the world's time.
  [[nodiscard]] bool run_until(const std::function<bool()>& done);
  void turns(int count);

  Door door;
  // Runs as the core's part of every turn, also where turn() takes several; may be empty.
  std::function<void()> each_turn;
};

[[nodiscard]] std::unique_ptr<World> make_world();

// Connects a peer and turns until it is accepted.
struct Guest {
  Peer& peer;
  Recorder& broker;
};
[[nodiscard]] Guest let_in(World& world);

// A world with one connection in it. Its end leaves no transport behind.
class Pair {
 public:
  Pair();
  ~Pair();
  Pair(const Pair&) = delete;
  Pair& operator=(const Pair&) = delete;

  // Writes all of `text`, turn by turn as room comes, in chunks of `chunk_bytes`.
  [[nodiscard]] bool write_all(std::string_view text, hal::Keep keep, std::size_t chunk_bytes);
  void turn(const std::function<void()>& body) { world->turn(body); }
  [[nodiscard]] bool run_until(const std::function<bool()>& done) { return world->run_until(done); }

  const std::unique_ptr<World> world;

 private:
  const Guest guest_;

 public:
  Peer& peer;
  Recorder& broker;
};

// Bytes that repeat late, so that a lost, doubled or moved piece is seen.
[[nodiscard]] std::string pattern(std::size_t bytes);

}  // namespace midge::test
