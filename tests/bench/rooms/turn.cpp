// Whole turns of the broker, from received bytes to the gather lists of the outbox, over
// transports that take everything and send it nowhere. What is left of a delivery's cost on a real
// machine is the kernel's. The clients' own part, reading and acknowledging, is in the figures of
// QoS 1 and 2: some 40 instructions for each packet.
#include <deque>
#include <string>
#include <vector>

#include "broker/auth/authenticator.hpp"
#include "broker/auth/authorizer.hpp"
#include "broker/base/log.hpp"
#include "broker/core/core.hpp"
#include "broker/hal/entropy.hpp"
#include "broker/hal/transport.hpp"
#include "broker/metrics/metrics.hpp"
#include "broker/routing/match_ahead.hpp"
#include "broker/session/journal.hpp"
#include "broker/settings/settings.hpp"
#include "tests/bench/load/packets.hpp"
#include "tests/bench/rooms/case.hpp"
#include "tests/bench/rooms/memory.hpp"

namespace midge::bench {
namespace {

// The same numbers in every run: the hashes are then the same too.
class FixedEntropy final : public hal::Entropy {
 public:
  [[nodiscard]] bool fill(MutableBytes out) override {
    for (std::uint8_t& byte : out) byte = next_ = static_cast<std::uint8_t>(next_ * 5 + 3);
    return true;
  }

 private:
  std::uint8_t next_ = 1;
};

// A client and the transport to it in one.
class Peer final : public hal::Transport {
 public:
  Result<std::size_t, hal::TransportError> write(std::span<const hal::Chunk> chunks) override {
    std::size_t bytes = 0;
    for (const hal::Chunk& chunk : chunks) {
      bytes += chunk.bytes.size();
      if (listens_) received_ += as_text(chunk.bytes);
    }
    written_bytes_ += bytes;
    handler_->on_sent(bytes);
    return bytes;
  }
  void pause_receive() override { is_paused_ = true; }
  void resume_receive() override { is_paused_ = false; }
  void finish() override { require(false, "the broker ended a connection"); }
  void abort() override { require(false, "the broker aborted a connection"); }
  [[nodiscard]] std::string_view peer() const override { return "bench"; }

  void attach(hal::TransportHandler* handler) {
    require(handler != nullptr, "a connection was refused");
    handler_ = handler;
  }
  void listen() { listens_ = true; }
  [[nodiscard]] std::uint64_t written_bytes() const { return written_bytes_; }

  // What it sends, `to_send`, comes in one piece, unless the broker pauses: then the rest later.
  void append(std::string_view bytes) { to_send_ += bytes; }
  [[nodiscard]] std::string& to_send() { return to_send_; }
  void deliver() {
    if (to_send_.empty() || is_paused_) return;
    const std::size_t used = handler_->on_received(as_bytes(to_send_));
    require(used == to_send_.size() || is_paused_, "the broker left bytes and did not pause");
    to_send_.erase(0, used);
  }

  // Acknowledges what came, as its QoS demands; counts PUBLISHes.
  std::uint64_t answer() {
    std::uint64_t publishes = 0;
    for (std::size_t at = 0; at < received_.size();) {
      const auto first = static_cast<unsigned char>(received_[at]);
      const auto length = static_cast<unsigned char>(received_[at + 1]);  // below 128 here
      const char* const body = received_.data() + at + 2;
      const auto id_at = [body](std::size_t i) {
        return static_cast<std::uint16_t>(static_cast<unsigned char>(body[i]) << 8 |
                                          static_cast<unsigned char>(body[i + 1]));
      };
      switch (static_cast<Type>(first >> 4)) {
        case Type::Publish: {
          ++publishes;
          const int qos = first >> 1 & 3;
          const std::uint16_t topic_bytes = id_at(0);
          const std::size_t id = std::size_t{2} + topic_bytes;
          if (qos > 0) append_ack(to_send_, qos == 1 ? Type::Puback : Type::Pubrec, id_at(id));
          break;
        }
        case Type::Pubrec:
          append_ack(to_send_, Type::Pubrel, id_at(0));
          break;
        case Type::Pubrel:
          append_ack(to_send_, Type::Pubcomp, id_at(0));
          break;
        default:
          break;
      }
      at += std::size_t{2} + length;
    }
    received_.clear();
    return publishes;
  }

 private:
  hal::TransportHandler* handler_ = nullptr;
  bool listens_ = false;
  bool is_paused_ = false;
  std::uint64_t written_bytes_ = 0;
  std::string received_;
  std::string to_send_;
};

class World {
 public:
  explicit World(bool v5) : v5_(v5) {
    settings_.listener_count = 1;
    core_ = core::Core::create(settings_, {.arena = arena_.get(),
                                           .entropy = entropy_,
                                           .log = log_,
                                           .metrics = metrics_,
                                           .journal = journal_,
                                           .authorizer = authorizer_,
                                           .authenticator = authenticator_,
                                           .virtual_topics = virtual_topics_,
                                           .look_ahead = match_ahead_});
    require(core_ != nullptr, "no broker could be made");
  }
  World(const World&) = delete;
  World& operator=(const World&) = delete;
  // The broker is left as it is: it has nothing but the arena.
  ~World() = default;

  Peer& connect() {
    Peer& peer = peers_.emplace_back();
    core_->begin(now_, {});
    peer.attach(core_->accept(peer, 0));
    peer.append(connect_packet(v5_, "client-" + std::to_string(peers_.size()), false));
    peer.deliver();
    core_->turn();
    return peer;
  }
  void subscribe(Peer& peer, const std::string& filter, std::uint8_t qos) {
    peer.append(subscribe_packet(v5_, 1, {filter}, qos));
    turn();
    // Only now, so that CONNACK and SUBACK are not among what answer() sees.
    if (qos > 0) peer.listen();
  }

  // All peers' bytes come in, then turns end until nothing is left over.
  void turn() {
    do {
      core_->begin(now_, {});
      for (Peer& peer : peers_) peer.deliver();
      core_->turn();
    } while (core_->next_deadline() <= now_);
  }

 private:
  bool v5_;
  Instant now_{std::chrono::hours(1)};
  settings::Settings settings_;
  ArenaOfItsOwn arena_{std::size_t{64} << 20};
  FixedEntropy entropy_;
  NoLog log_;
  metrics::Metrics metrics_;
  session::NoJournal journal_;
  auth::AllowAll authorizer_;
  auth::NoAuthenticator authenticator_;
  routing::NoVirtualTopics virtual_topics_;
  routing::MatchAhead match_ahead_;
  core::Core* core_ = nullptr;
  std::deque<Peer> peers_;
};

// So many messages a turn, as the load generator's windows bring about.
constexpr std::uint64_t kBatch = 20;

struct Shape {
  bool v5 = false;
  std::uint8_t qos = 0;
  std::size_t receivers = 1;
};

void deliver(std::uint64_t count, const Shape& shape) {
  constexpr const char* kTopic = "site/12/dev/34/temp";
  World world(shape.v5);
  Peer& publisher = world.connect();
  if (shape.qos > 0) publisher.listen();
  std::vector<Peer*> receivers;
  for (std::size_t i = 0; i < shape.receivers; ++i) {
    receivers.push_back(&world.connect());
    world.subscribe(*receivers.back(), kTopic, shape.qos);
  }
  const PublishTemplate message(shape.v5, kTopic, shape.qos, false, 64);
  std::uint16_t id = 0;
  std::uint64_t delivered = 0;
  const std::uint64_t before_bytes = receivers.back()->written_bytes();
  const std::uint64_t turns = count / kBatch / shape.receivers;
  for (std::uint64_t i = 0; i < turns; ++i) {
    for (std::uint64_t k = 0; k < kBatch; ++k) {
      id = static_cast<std::uint16_t>(id % 65'535 + 1);
      message.append_to(publisher.to_send(), id, {});
    }
    do {
      world.turn();
    } while (!publisher.to_send().empty());
    // QoS 1 takes one more turn, for the acknowledgements, and QoS 2 three.
    for (int more = 0; more < (shape.qos == 2 ? 3 : int{shape.qos}); ++more) {
      static_cast<void>(publisher.answer());
      for (Peer* const receiver : receivers) delivered += receiver->answer();
      world.turn();
    }
  }
  require(shape.qos == 0 || delivered == turns * kBatch * shape.receivers, "not all was delivered");
  require(turns == 0 || receivers.back()->written_bytes() > before_bytes + turns * kBatch * 64,
          "not all was written");
}

template <bool kV5, std::uint8_t kQoS, std::size_t kReceivers>
void turn_with(std::uint64_t count) {
  deliver(count, {.v5 = kV5, .qos = kQoS, .receivers = kReceivers});
}

constexpr Case kCases[] = {
    {"turn-pair-q0", "delivery to one receiver, QoS 0", 20'000, turn_with<false, 0, 1>},
    {"turn-pair-q1", "delivery to one receiver, QoS 1", 20'000, turn_with<false, 1, 1>},
    {"turn-pair-q2", "delivery to one receiver, QoS 2", 20'000, turn_with<false, 2, 1>},
    {"turn-pair-q0-v5", "delivery to one receiver, QoS 0, 5.0", 20'000, turn_with<true, 0, 1>},
    {"turn-fanout100-q0", "delivery to one of 100 receivers, QoS 0", 100'000,
     turn_with<false, 0, 100>},
    {"turn-fanout100-q1", "delivery to one of 100 receivers, QoS 1", 100'000,
     turn_with<false, 1, 100>},
    {"turn-fanout1000-q0", "delivery to one of 1,000 receivers, QoS 0", 200'000,
     turn_with<false, 0, 1'000>},
};

}  // namespace

std::span<const Case> turn_cases() {
  return kCases;
}

}  // namespace midge::bench
