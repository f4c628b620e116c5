// A simulated TCP connection between a client and the broker: two byte streams that the network
// delays, splits, gathers and cuts, with a bounded window in both directions. The public part is
// the client's end and the network; the broker's end is the hal::Transport inside.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "broker/base/time.hpp"
#include "broker/hal/transport.hpp"
#include "platform/sim/byte_queue.hpp"
#include "platform/sim/random.hpp"

namespace midge::sim {

class World;
class Link;

struct LinkOptions {
  // The network, each direction for itself; order is kept.
  Range delay_ms{};  // drawn for every segment
  std::uint32_t largest_segment =
      0;              // splits: each segment has 1 to so many bytes; 0: never splits
  Range gather_ms{};  // coalesces: waits so long for more before it sends
  // Cut (both ends see an error at once) after so many bytes have arrived.
  std::optional<std::uint64_t> cut_after_to_broker{};
  std::optional<std::uint64_t> cut_after_to_client{};

  // The client's end.
  std::size_t client_window = std::size_t{1} << 20;  // bytes it takes without reading them
  std::uint32_t read_bytes = 0;                      // a slow reader: reads so much at most ...
  std::uint32_t read_every_ms = 10;                  // ... so often; 0 bytes: reads at once
  bool close_when_closed = true;  // closes its side when the broker has closed its own

  // The broker's end.
  std::size_t send_buffer = std::size_t{256} << 10;  // taken, but not yet with the client
  std::size_t receive_buffer = std::size_t{64} << 10;
  std::uint32_t short_write_percent = 0;  // so often write() takes less than there is room for
  // on_sent() comes from inside write() (Linux); or, as with lwIP, when the bytes have arrived and
  // the delay has passed, and until then UntilSent bytes must not change.
  bool sent_late = false;
  Range sent_delay_ms{};
  Range close_delay_ms{};  // from an error, or from abort(), to on_closed()

  // A bad but working network, drawn at random: all of the above but the cuts.
  [[nodiscard]] static LinkOptions rough(Random& random);
};

// How the client sees its connection.
enum class End : std::uint8_t {
  Open,      // or being opened
  Finished,  // the broker closed in order, behind the last byte received
  Reset,     // refused, aborted or cut
};

// Told in virtual time what a client receives, for clients that react. Called inside a turn; may
// use the link.
class ClientHandler {
 public:
  virtual void on_bytes(Link& link) = 0;  // link.take() has them
  virtual void on_end(Link& link) = 0;

 protected:
  ~ClientHandler() = default;
};

class Link final {
 public:
  Link(World& world, std::uint32_t number, std::uint16_t listener, const LinkOptions& options);
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  // The client. Nothing happens inside these calls; the world's next turn does it.
  void send(Bytes bytes);
  void close();  // its side, behind what was sent; it still receives
  void reset();  // at once; what was not delivered is lost
  // While stopped, the window fills and the broker's writes are taken no longer.
  void stop_reading() { reading_ = false; }
  void start_reading();
  void read(std::size_t bytes);  // so many of the unread bytes, while stopped

  [[nodiscard]] Bytes received() const { return received_.all(); }
  std::vector<std::uint8_t> take();  // what was received since
  [[nodiscard]] End end() const { return end_; }
  [[nodiscard]] std::size_t unread() const { return unread_.size(); }  // in the window
  [[nodiscard]] std::size_t unsent() const { return to_broker_.bytes.size(); }
  void set_handler(ClientHandler* handler) { client_ = handler; }  // null: none

  // The network.
  void cut();              // both ends see an error
  void stall(bool stall);  // nothing arrives and nobody is told

  [[nodiscard]] std::uint32_t number() const { return number_; }
  [[nodiscard]] std::uint64_t bytes_to_broker() const { return to_broker_.arrived; }
  [[nodiscard]] std::uint64_t bytes_to_client() const { return to_client_.arrived; }
  // True when the broker's end is over: on_closed() was called, or accept() refused.
  [[nodiscard]] bool broker_is_done() const { return state_ == State::Closed; }
  [[nodiscard]] LinkOptions& options() { return options_; }

 private:
  friend class World;

  enum class Mark : std::uint8_t { None, Finish, Reset };
  struct Segment {
    Instant arrival;
    std::size_t bytes;
    Mark mark;
  };
  struct Direction {
    ByteQueue bytes;  // in flight, then not yet sent
    std::size_t in_flight = 0;
    std::deque<Segment> flight;
    Instant last_arrival{};
    bool finish_wanted = false;
    bool ended = false;  // a Finish or Reset is on its way: nothing follows
    bool gathering = false;
    std::uint64_t arrived = 0;
  };
  enum class State : std::uint8_t { Opening, Open, Finishing, Aborted, Closed };
  // Bytes that write() took and on_sent() has not counted.
  struct Taken {
    const std::uint8_t* source = nullptr;  // set: UntilSent
    std::vector<std::uint8_t> copy;        // what `source` must still hold
    std::size_t bytes = 0;
  };

  class BrokerEnd final : public hal::Transport {
   public:
    explicit BrokerEnd(Link& link) : link_(link) {}
    Result<std::size_t, hal::TransportError> write(std::span<const hal::Chunk> chunks) override {
      return link_.write(chunks);
    }
    void pause_receive() override { link_.pause(); }
    void resume_receive() override { link_.resume(); }
    void finish() override { link_.finish(); }
    void abort() override { link_.abort(); }
    [[nodiscard]] std::string_view peer() const override { return link_.name_; }

   private:
    Link& link_;
  };

  void open();
  void lose_broker();

  // The network.
  [[nodiscard]] std::size_t window(const Direction& direction) const;
  void pump_soon(Direction& direction);
  void pump(Direction& direction);
  void launch(Direction& direction, std::size_t bytes, Mark mark);
  void arrive(Direction& direction);
  void arrive_at_broker(Bytes bytes, Mark mark);
  void arrive_at_client(Bytes bytes, Mark mark);
  void cut_when_reached(const Direction& direction, std::optional<std::uint64_t> limit);

  // The broker's end.
  Result<std::size_t, hal::TransportError> write(std::span<const hal::Chunk> chunks);
  void pause();
  void resume();
  void finish();
  void abort();
  [[nodiscard]] bool may_call(const char* what);
  void offer();
  void acknowledge(std::size_t bytes);
  void release_taken(std::size_t bytes);
  void break_broker_end();
  void close_soon(hal::CloseCause cause, Duration delay);
  void close_now(hal::CloseCause cause);
  void close_if_finished();

  // The client's end.
  void consume(std::size_t bytes);
  void read_slowly();
  void end_client(End end);

  World& world_;
  std::uint32_t number_;
  std::uint16_t listener_;
  LinkOptions options_;
  Random random_;
  std::string name_;
  BrokerEnd broker_end_{*this};

  Direction to_broker_;
  Direction to_client_;
  bool stalled_ = false;

  State state_ = State::Opening;
  hal::TransportHandler* handler_ = nullptr;
  ByteQueue inbox_;  // arrived, not yet used by the handler
  bool paused_ = false;
  bool broken_ = false;          // an error, of which on_closed() will tell
  bool peer_ended_ = false;      // the client's Finish has arrived
  bool closing_ = false;         // on_closed() is scheduled
  bool wants_room_ = false;      // write() took less than offered
  std::size_t outstanding_ = 0;  // taken and not yet with the client
  std::deque<Taken> taken_;

  ByteQueue unread_;
  ByteQueue received_;
  bool reading_ = true;
  bool slow_read_scheduled_ = false;
  bool client_done_ = false;  // it closed or reset: it sends no more
  End end_ = End::Open;
  ClientHandler* client_ = nullptr;
};

}  // namespace midge::sim
