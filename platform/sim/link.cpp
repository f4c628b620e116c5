// Link: the network and the client's end.
#include "platform/sim/link.hpp"

#include <algorithm>

#include "platform/sim/world.hpp"

namespace midge::sim {
namespace {

Duration milliseconds(std::uint32_t count) {
  return Duration{count};
}

}  // namespace

LinkOptions LinkOptions::rough(Random& random) {
  LinkOptions options;
  options.delay_ms = {0, static_cast<std::uint32_t>(random.between(0, 40))};
  options.largest_segment = random.chance(50)
                                ? static_cast<std::uint32_t>(random.between(1, 16))
                                : static_cast<std::uint32_t>(random.between(100, 1'460));
  if (random.chance(50)) options.gather_ms = {0, 20};
  if (random.chance(30)) options.client_window = random.between(1, 2'000);
  if (random.chance(30)) {
    options.read_bytes = static_cast<std::uint32_t>(random.between(20, 2'000));
    options.read_every_ms = static_cast<std::uint32_t>(random.between(1, 20));
  }
  if (random.chance(50)) options.send_buffer = random.between(1, 4'000);
  if (random.chance(50)) options.receive_buffer = random.between(1, 4'000);
  if (random.chance(50)) options.short_write_percent = 30;
  options.sent_late = random.chance(50);
  options.sent_delay_ms = {0, static_cast<std::uint32_t>(random.between(0, 30))};
  options.close_delay_ms = {0, static_cast<std::uint32_t>(random.between(0, 10))};
  return options;
}

Link::Link(World& world, std::uint32_t number, std::uint16_t listener, const LinkOptions& options)
    : world_(world),
      number_(number),
      listener_(listener),
      options_(options),
      random_(world.random().next()),
      name_("sim:" + std::to_string(number)) {}

void Link::open() {
  const Instant at = world_.now() + milliseconds(random_.in(options_.delay_ms));
  to_broker_.last_arrival = at;
  world_.at(at, [this] {
    if (broken_ || state_ != State::Opening) return;
    Engine* const engine = world_.engine();
    if (engine != nullptr) {
      state_ = State::Open;
      handler_ = engine->accept(broker_end_, listener_);
    }
    if (handler_ == nullptr) {  // nobody listens, or the core refused
      state_ = State::Closed;
      to_client_.ended = true;
      launch(to_client_, 0, Mark::Reset);
    }
  });
}

void Link::lose_broker() {
  if (state_ == State::Closed) return;
  state_ = State::Closed;
  handler_ = nullptr;
  taken_.clear();
  inbox_.clear();
  to_client_.bytes.truncate(to_client_.in_flight);
  if (to_client_.ended) return;
  to_client_.ended = true;
  launch(to_client_, 0, Mark::Reset);
}

// ---- the network

std::size_t Link::window(const Direction& direction) const {
  const std::size_t held =
      direction.in_flight + (&direction == &to_broker_ ? inbox_.size() : unread_.size());
  const std::size_t limit =
      &direction == &to_broker_ ? options_.receive_buffer : options_.client_window;
  return limit > held ? limit - held : 0;
}

void Link::pump_soon(Direction& direction) {
  if (options_.gather_ms.most == 0) {
    pump(direction);
    return;
  }
  if (direction.gathering) return;
  direction.gathering = true;
  world_.after(milliseconds(random_.in(options_.gather_ms)), [this, &direction] {
    direction.gathering = false;
    pump(direction);
  });
}

void Link::pump(Direction& direction) {
  if (direction.ended) return;
  for (;;) {
    const std::size_t waiting = direction.bytes.size() - direction.in_flight;
    if (waiting == 0) break;
    std::size_t bytes = std::min(waiting, window(direction));
    if (bytes == 0) return;
    if (options_.largest_segment != 0)
      bytes = std::min<std::size_t>(bytes, random_.in({1, options_.largest_segment}));
    launch(direction, bytes, Mark::None);
  }
  if (!direction.finish_wanted) return;
  direction.ended = true;
  launch(direction, 0, Mark::Finish);
  // With the peer's end there already, nothing else would tell that this was the last.
  if (&direction == &to_client_) world_.after(Duration{0}, [this] { close_if_finished(); });
}

void Link::launch(Direction& direction, std::size_t bytes, Mark mark) {
  direction.last_arrival =
      std::max(direction.last_arrival, world_.now() + milliseconds(random_.in(options_.delay_ms)));
  direction.in_flight += bytes;
  direction.flight.push_back({direction.last_arrival, bytes, mark});
  world_.at(direction.last_arrival, [this, &direction] { arrive(direction); });
}

// One segment a call; while the network stalls it stays in flight and stall(false) calls again.
void Link::arrive(Direction& direction) {
  if (stalled_ || direction.flight.empty()) return;
  const Segment segment = direction.flight.front();
  if (segment.arrival > world_.now()) return;
  direction.flight.pop_front();
  const Bytes view = direction.bytes.front(segment.bytes);
  const std::vector<std::uint8_t> bytes(view.begin(), view.end());
  direction.bytes.pop(segment.bytes);
  direction.in_flight -= segment.bytes;
  direction.arrived += segment.bytes;
  if (&direction == &to_broker_) {
    arrive_at_broker(bytes, segment.mark);
    cut_when_reached(direction, options_.cut_after_to_broker);
  } else {
    arrive_at_client(bytes, segment.mark);
    cut_when_reached(direction, options_.cut_after_to_client);
  }
}

void Link::arrive_at_broker(Bytes bytes, Mark mark) {
  if (!bytes.empty()) world_.note(number_, "to broker", bytes);
  if (state_ == State::Closed || broken_) return;
  switch (mark) {
    case Mark::None:
      if (state_ == State::Open) inbox_.push(bytes);
      offer();
      pump_soon(to_broker_);
      break;
    case Mark::Finish:
      world_.note(number_, "client closed");
      peer_ended_ = true;
      if (state_ == State::Open)
        offer();
      else
        close_if_finished();
      break;
    case Mark::Reset:
      world_.note(number_, "client reset");
      break_broker_end();
      break;
  }
}

void Link::arrive_at_client(Bytes bytes, Mark mark) {
  if (!bytes.empty()) world_.note(number_, "to client", bytes);
  const bool gone = end_ != End::Open;
  switch (mark) {
    case Mark::None: {
      if (!gone) unread_.push(bytes);
      const std::size_t count = bytes.size();
      if (options_.sent_late && options_.sent_delay_ms.most != 0)
        world_.after(milliseconds(random_.in(options_.sent_delay_ms)),
                     [this, count] { acknowledge(count); });
      else
        acknowledge(count);
      if (gone) return;
      if (options_.read_bytes != 0)
        read_slowly();
      else if (reading_)
        consume(unread_.size());
      break;
    }
    case Mark::Finish:
      world_.note(number_, "broker closed");
      if (options_.read_bytes == 0 && reading_) consume(unread_.size());
      end_client(End::Finished);
      break;
    case Mark::Reset:
      world_.note(number_, "broker reset");
      end_client(End::Reset);
      break;
  }
}

void Link::cut_when_reached(const Direction& direction, std::optional<std::uint64_t> limit) {
  if (limit && direction.arrived >= *limit) cut();
}

void Link::cut() {
  world_.note(number_, "cut");
  for (Direction* direction : {&to_broker_, &to_client_}) {
    direction->flight.clear();
    direction->bytes.clear();
    direction->in_flight = 0;
    direction->ended = true;
  }
  client_done_ = true;
  break_broker_end();
  // Not from inside: the client may be told of it where it just called.
  world_.after(Duration{0}, [this] { end_client(End::Reset); });
}

void Link::stall(bool stall) {
  stalled_ = stall;
  if (stall) return;
  for (Direction* direction : {&to_broker_, &to_client_}) {
    for (const Segment& segment : direction->flight) {
      if (segment.arrival > world_.now()) break;
      world_.after(Duration{0}, [this, direction] { arrive(*direction); });
    }
  }
}

// ---- the client's end

void Link::send(Bytes bytes) {
  if (client_done_ || end_ == End::Reset) return;
  to_broker_.bytes.push(bytes);
  pump_soon(to_broker_);
}

void Link::close() {
  if (client_done_) return;
  client_done_ = true;
  to_broker_.finish_wanted = true;
  pump_soon(to_broker_);
}

void Link::reset() {
  if (end_ == End::Reset) return;
  client_done_ = true;
  to_broker_.bytes.truncate(to_broker_.in_flight);
  to_broker_.ended = true;
  launch(to_broker_, 0, Mark::Reset);
  end_ = End::Reset;
  unread_.clear();
}

void Link::start_reading() {
  reading_ = true;
  if (unread_.empty()) return;
  world_.after(Duration{0}, [this] {
    if (reading_) consume(unread_.size());
  });
}

void Link::read(std::size_t bytes) {
  world_.after(Duration{0}, [this, bytes] { consume(std::min(bytes, unread_.size())); });
}

std::vector<std::uint8_t> Link::take() {
  const Bytes all = received_.all();
  std::vector<std::uint8_t> taken(all.begin(), all.end());
  received_.clear();
  return taken;
}

void Link::consume(std::size_t bytes) {
  if (bytes == 0) return;
  received_.push(unread_.front(bytes));
  unread_.pop(bytes);
  pump_soon(to_client_);  // the window has opened
  if (client_ != nullptr) client_->on_bytes(*this);
}

void Link::read_slowly() {
  if (slow_read_scheduled_ || unread_.empty()) return;
  slow_read_scheduled_ = true;
  world_.after(milliseconds(options_.read_every_ms), [this] {
    slow_read_scheduled_ = false;
    consume(std::min<std::size_t>(options_.read_bytes, unread_.size()));
    read_slowly();
  });
}

void Link::end_client(End end) {
  if (end_ != End::Open) return;
  end_ = end;
  if (end == End::Reset) {
    client_done_ = true;
    to_broker_.bytes.truncate(to_broker_.in_flight);
  } else if (options_.close_when_closed) {
    close();
  }
  if (client_ != nullptr) client_->on_end(*this);
}

}  // namespace midge::sim
