#include "tests/scenario/workload.hpp"

#include <memory>

#include "platform/sim/broker.hpp"
#include "tests/scenario/actor.hpp"

namespace midge::scenario {

using test::Filter;
using wire::Version;

namespace {

constexpr Duration kActivity{120'000};
constexpr std::uint32_t kTopics = 8;
constexpr std::uint32_t kSharedTopics = 3;
constexpr const char* kGroup1 = "$share/g1/s/#";  // shares at QoS 1
constexpr const char* kGroup2 = "$share/g2/s/+";  // shares at QoS 2

class Workload {
 public:
  Workload(std::uint64_t seed, const Options& options)
      : world_(seed),
        broker_(world_),
        random_(world_.random().next()),
        stage_{.world = world_,
               .model = model_,
               .has_storage = options.has_storage,
               .verbose = options.verbose} {}

  Report run();

 private:
  void choose_profile();
  void choose_journal();
  void choose_storage();
  // Time passes, and now and then the power goes.
  void advance(Duration time);
  void cut_power();
  void jump_wall();
  void make_actors();
  void begin();
  void act_later(Actor& actor);
  void act(Actor& actor);
  void publish(Actor& actor);
  [[nodiscard]] Filter random_filter(const Actor& actor);
  [[nodiscard]] Filter filter(const Actor& actor, const std::string& text) const;
  void calm_down();
  [[nodiscard]] bool all_idle() const;
  [[nodiscard]] std::uint64_t bytes_received() const;
  [[nodiscard]] std::vector<Packet> ask_for_retained();
  void leave();
  void check_given_back(std::size_t used_at_rest);

  sim::World world_;
  std::unique_ptr<sim::Storage> device_;  // none: nothing outlives the broker
  sim::Broker broker_;
  sim::Random random_;
  Model model_;
  Stage stage_;
  std::vector<std::unique_ptr<Actor>> actors_;
  bool running_ = true;
  std::uint32_t largest_payload_ = 200;
  std::uint32_t restarts_ = 0;
  bool jumps_ = false;  // the wall clock
  Duration wall_offset_{0};
  std::string profile_;
};

// What is difficult for the broker in this run, beside the network.
void Workload::choose_profile() {
  settings::Limits& limits = broker_.settings.limits;
  limits.queued_messages = settings::kUnlimited;
  limits.group_queued_messages = settings::kUnlimited;
  broker_.settings.backpressure_time = std::chrono::milliseconds(2'000);
  if (random_.chance(30)) {
    world_.events_per_turn = {1, 5};
    profile_ += " few-events-per-turn";
  }
  if (stage_.has_storage) {
    choose_storage();
  } else if (random_.chance(60)) {
    choose_journal();
  }
  if (random_.chance(40)) {
    limits.inflight_messages = 4;
    profile_ += " small-window";
  }
  if (random_.chance(30)) {
    limits.memory_bytes = std::size_t{1'200} << 10;
    largest_payload_ = 6'000;
    stage_.may_be_closed = true;
    profile_ += " little-memory";
  }
}

void Workload::choose_journal() {
  broker_.journal.durable = true;
  profile_ += " durable";
  if (random_.chance(70)) {
    broker_.journal.inside_percent = 30;
    broker_.journal.delay_ms = {0, 40};
    profile_ += " late-commits";
  }
  if (random_.chance(30)) {
    broker_.journal.fail_percent = 1;
    stage_.may_be_closed = true;
    profile_ += " failing-commits";
  }
}

// A device of one kind or the other, on which the broker keeps what it has while its power comes
// and goes.
void Workload::choose_storage() {
  const bool is_nor = random_.chance(50);
  const hal::StorageGeometry geometry{.segment_bytes = 64U << 10U,
                                      .segments = 64,
                                      .program_unit_bytes = is_nor ? 4U : sim::Storage::kSector,
                                      .reprogram_endangers_unit = is_nor};
  device_ = std::make_unique<sim::Storage>(
      is_nor ? sim::Storage::Kind::Nor : sim::Storage::Kind::Disk, geometry, random_.next());
  broker_.keep_in(*device_, 128U << 10U);
  jumps_ = random_.chance(30);
  if (jumps_) profile_ += " clock-jumps";
  if (random_.chance(50)) {
    broker_.eviction = {.kept = static_cast<std::uint32_t>(random_.between(1, 8)),
                        .brought = static_cast<std::uint32_t>(random_.between(8, 40)),
                        .from_pages = 1};
    profile_ += " queues-on-storage";
  }
  stage_.may_be_closed = true;
  model_.set_restarts();
  profile_ += is_nor ? " flash" : " disk";
  if (random_.chance(50)) {
    device_->is_late = true;
    broker_.storage_ms = {0, 40};
    profile_ += " late";
  }
}

void Workload::advance(Duration time) {
  if (!device_) return world_.advance(time);
  constexpr Duration kStep{100};
  for (Duration passed{0}; passed < time; passed += kStep) {
    // At any time, or in the middle of a write.
    if (device_->cut_at == 0 && random_.chance(2)) device_->cut_at = random_.between(1, 40);
    if (jumps_ && random_.chance(2)) jump_wall();
    if (device_->fail_at == 0 && random_.chance(1)) {
      device_->fail_at = random_.between(1, 20);
      device_->failures = random_.between(1, 3);
      device_->fails_late = random_.chance(50);
    }
    world_.advance(kStep);
    if (device_->is_off() || random_.chance(1)) cut_power();
  }
}

void Workload::cut_power() {
  broker_.stop();
  device_->cut_at = 0;
  device_->power_on();
  ++restarts_;
  if (jumps_) jump_wall();
  world_.advance(Duration{static_cast<Duration::rep>(random_.between(0, 2'000))});
  if (!broker_.start()) model_.violation("the broker does not start again");
}

// Within what no session outlives: they expire after more.
void Workload::jump_wall() {
  constexpr std::uint64_t kMost = 3'600'000;
  const auto offset =
      static_cast<Duration::rep>(random_.between(0, 2 * kMost)) - static_cast<Duration::rep>(kMost);
  world_.jump_wall(Duration{offset} - wall_offset_);
  wall_offset_ = Duration{offset};
}

void Workload::make_actors() {
  constexpr Version kVersions[] = {Version::V5, Version::V311, Version::V5, Version::V31};
  constexpr Kind kKinds[] = {Kind::Transient, Kind::Short, Kind::Long, Kind::Long};
  for (ClientNumber number = 0; number < 20; ++number) {
    const Kind kind = number < 4 ? Kind::Steady : kKinds[random_.between(0, 3)];
    const Version version = number < 4 ? kVersions[number] : kVersions[random_.between(0, 3)];
    actors_.push_back(std::make_unique<Actor>(stage_, number, version, kind));
  }
}

// A filter of a client has always the same options.
Filter Workload::filter(const Actor& actor, const std::string& text) const {
  Filter filter{.filter = text};
  std::uint32_t mixed = actor.number() * 31U;
  for (const char c : text) mixed = mixed * 31U + static_cast<std::uint8_t>(c);
  filter.qos = static_cast<QoS>(mixed % 3);
  if (text == kGroup1) filter.qos = QoS::AtLeastOnce;
  if (text == kGroup2 || actor.kind() == Kind::Steady) filter.qos = std::max(filter.qos, QoS{1});
  if (text == kGroup2) filter.qos = QoS::ExactlyOnce;
  if (text == kGroup1) filter.qos = QoS::AtLeastOnce;
  const bool is_shared = text[0] == '$';
  filter.no_local = actor.version() == Version::V5 && !is_shared && mixed / 3 % 4 == 0;
  return filter;
}

Filter Workload::random_filter(const Actor& actor) {
  switch (random_.between(0, 7)) {
    case 0:
      return filter(actor, "t/#");
    case 1:
      return filter(actor, "t/+");
    case 2:
      return filter(actor, "w/#");
    case 3:
      // Who may lose its session may not hold what only one member ever gets.
      return filter(actor, actor.kind() == Kind::Steady && random_.chance(50) ? kGroup2 : kGroup1);
    default:
      return filter(actor, "t/" + std::to_string(random_.between(0, kTopics - 1)));
  }
}

// The steady ones come first and have what they keep before anybody publishes.
void Workload::begin() {
  stage_.faults = false;
  for (ClientNumber number = 0; number < 4; ++number) actors_[number]->connect(false, false);
  world_.advance(Duration{1'000});
  for (ClientNumber number = 0; number < 4; ++number) {
    Actor& actor = *actors_[number];
    if (!actor.is_online()) actor.connect(false, false);
    world_.advance(Duration{1'000});
    actor.subscribe(filter(actor, "t/#"));
    actor.subscribe(filter(actor, "w/#"));
    if (number < 3) actor.subscribe(filter(actor, kGroup1));
    if (number < 2) actor.subscribe(filter(actor, kGroup2));
  }
  world_.advance(Duration{2'000});
  stage_.faults = true;
  for (const auto& actor : actors_) act_later(*actor);
}

void Workload::act_later(Actor& actor) {
  const auto pause = static_cast<Duration::rep>(random_.between(20, 800));
  world_.after(Duration{pause}, [this, &actor] {
    if (!running_) return;
    act(actor);
    act_later(actor);
  });
}

void Workload::act(Actor& actor) {
  actor.keep_alive();
  if (actor.is_offline()) {
    if (!random_.chance(30)) return;
    const bool clean = actor.kind() == Kind::Long && random_.chance(5);
    return actor.connect(clean, random_.chance(40));
  }
  const std::uint64_t what = random_.between(0, 999);
  if (!actor.is_online()) {
    if (what < 50) actor.drop();
    return;
  }
  if (what < 15) return actor.drop();
  if (what < 30) return actor.disconnect();
  if (what < 40) return actor.connect(false, random_.chance(40));
  if (what < 60)
    return actor.stall(Duration{static_cast<Duration::rep>(random_.between(10, 5'000))});
  if (what < 130) return actor.subscribe(random_filter(actor));
  if (what < 170) {
    const Filter filter = random_filter(actor);
    // The steady ones keep what they began with.
    const bool keeps =
        actor.kind() == Kind::Steady && filter.filter.find_first_of("#$") != std::string::npos;
    if (!keeps && actor.has_filter(filter.filter)) actor.unsubscribe(filter.filter);
    return;
  }
  if (what < 600) publish(actor);
}

void Workload::publish(Actor& actor) {
  const auto qos = static_cast<QoS>(random_.between(0, 2));
  const bool is_shared = random_.chance(25);
  const std::string topic = is_shared ? "s/" + std::to_string(random_.between(0, kSharedTopics - 1))
                                      : "t/" + std::to_string(random_.between(0, kTopics - 1));
  const bool retain = !is_shared && random_.chance(15);
  const bool empty = retain && random_.chance(20);
  std::size_t bytes = random_.between(0, random_.chance(20) ? largest_payload_ : 60);
  if (random_.chance(1) && largest_payload_ < 1'000) bytes = 30'000;
  const auto expiry = random_.chance(10) ? static_cast<std::uint32_t>(random_.between(1, 20)) : 0U;
  actor.publish(topic, qos, retain, empty, bytes, expiry);
}

// ---- the end

bool Workload::all_idle() const {
  for (const auto& actor : actors_) {
    if (actor->kind() != Kind::Transient && (!actor->is_online() || !actor->is_idle()))
      return false;
  }
  return true;
}

std::uint64_t Workload::bytes_received() const {
  std::uint64_t bytes = 0;
  for (const auto& actor : actors_) bytes += actor->bytes_received();
  return bytes;
}

// Everybody whose session lasts comes back on a good network, until nothing moves any more.
void Workload::calm_down() {
  running_ = false;
  stage_.faults = false;
  if (device_) {
    device_->fail_at = 0;
    cut_power();
  }
  broker_.journal.fail_percent = 0;
  world_.advance(Duration{10'000});  // what is stalled goes on
  for (const auto& actor : actors_) {
    if (actor->kind() == Kind::Transient) {
      actor->drop();
    } else {
      actor->connect(false, false);
    }
  }
  int quiet = 0;
  for (int second = 0; second < 3'600 && quiet < 30; ++second) {
    const std::uint64_t before = bytes_received();
    world_.advance(Duration{1'000});
    for (const auto& actor : actors_) {
      if (actor->is_offline() && actor->kind() != Kind::Transient) actor->connect(false, false);
      actor->keep_alive();
    }
    // PINGRESPs come all the time.
    const bool moved = bytes_received() - before > 2 * actors_.size();
    quiet = all_idle() && !moved ? quiet + 1 : 0;
  }
  if (quiet >= 30) return;
  model_.violation("it does not come to rest");
  for (const auto& actor : actors_) {
    if (actor->kind() != Kind::Transient && (!actor->is_online() || !actor->is_idle()))
      model_.violation(actor->state_text());
  }
}

std::vector<Packet> Workload::ask_for_retained() {
  sim::Link& link = world_.connect(0, {});
  link.send(test::connect_bytes(Version::V5, "checker"));
  link.send(test::subscribe_bytes(Version::V5, 1, {{.filter = "t/#"}}));
  world_.advance(Duration{10'000});
  std::vector<Packet> retained;
  const test::ByteVector bytes = link.take();
  for (std::size_t used = 0; used < bytes.size();) {
    test::Decoded decoded = test::decode_packet(Version::V5, Bytes(bytes).subspan(used));
    if (!decoded.packet) break;
    used += decoded.bytes;
    if (decoded.packet->type == wire::PacketType::Publish) retained.push_back(*decoded.packet);
  }
  // And takes them away, for what is to be checked last.
  for (std::uint32_t topic = 0; topic < kTopics; ++topic) {
    link.send(test::publish_bytes(Version::V5, "t/" + std::to_string(topic), "", QoS::AtMostOnce,
                                  {.retain = true}));
  }
  link.send(test::disconnect_bytes(Version::V5));
  world_.advance(Duration{1'000});
  return retained;
}

// All sessions end.
void Workload::leave() {
  for (const auto& actor : actors_) {
    actor->connect(true, false);
    world_.advance(Duration{1'000});
    actor->disconnect(true);
  }
  world_.advance(Duration{60'000});
}

void Workload::check_given_back(std::size_t used_at_rest) {
  const auto expect_none = [this](std::uint64_t count, const char* what) {
    if (count != 0) model_.violation(std::to_string(count) + " " + what + " are left");
  };
  const metrics::Metrics& metrics = broker_.metrics;
  expect_none(metrics.open_connections, "connections");
  expect_none(metrics.clients_connected, "connected clients");
  expect_none(metrics.clients_total, "sessions");
  expect_none(metrics.subscriptions, "subscriptions");
  expect_none(metrics.shared_subscriptions, "shared subscriptions");
  expect_none(metrics.retained_messages, "retained messages");
  expect_none(metrics.queued_messages, "queued messages");
  expect_none(metrics.inflight_messages, "messages in flight");
  expect_none(metrics.stored_messages, "stored messages");
  expect_none(metrics.stored_bytes, "bytes of stored messages");
  const std::size_t used = broker_.arena().used_pages();
  if (used != used_at_rest) {
    model_.violation(std::to_string(used) + " pages of memory are used, " +
                     std::to_string(used_at_rest) + " were at the start");
  }
}

Report Workload::run() {
  choose_profile();
  if (!broker_.start()) return {.violations = {"the broker does not start"}};
  const std::size_t used_at_rest = broker_.arena().used_pages();
  make_actors();
  begin();
  advance(kActivity);
  calm_down();
  for (const MessageNumber will : stage_.wills_due) model_.taken(will, world_.now());
  model_.check_end(ask_for_retained(), world_.now());
  leave();
  check_given_back(used_at_rest);
  for (const std::string& fault : world_.faults()) model_.violation("broken contract: " + fault);
  return {.violations = model_.violations(),
          .profile = profile_,
          .messages = model_.messages(),
          .receipts = model_.receipts(),
          .musts = model_.musts(),
          .restarts = restarts_,
          .trace_hash = world_.trace_hash()};
}

}  // namespace

Report run(std::uint64_t seed, const Options& options) {
  return Workload(seed, options).run();
}

}  // namespace midge::scenario
