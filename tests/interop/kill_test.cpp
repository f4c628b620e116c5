// midge is killed at random instants under load and started again: what it acknowledged is there.
// MIDGE_KILL_ROUNDS says how often, MIDGE_KILL_SEED with which instants.
#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <thread>
#include <vector>

#include "tests/interop/paho_client.hpp"
#include "tests/interop/raw_client.hpp"

namespace midge::interop {

namespace {

unsigned from_environment(const char* name, unsigned otherwise) {
  const char* const text = std::getenv(name);
  return text != nullptr && *text != '\0' ? static_cast<unsigned>(std::stoul(text)) : otherwise;
}

// So long that a round fills more than a segment of the store now and then.
std::string payload_of(unsigned number) {
  return std::to_string(number) + ' ' + std::string(number * 37 % 2'000, 'x');
}

// Publishes numbers to a topic of its own, one after the other, and knows which were acknowledged.
class Publisher {
 public:
  Publisher(const std::string& kind, Level its_level, int its_qos)
      : level(its_level),
        qos(its_qos),
        topic("load/" + kind + "/" + name_of(level) + "/" + std::to_string(qos)) {}
  virtual ~Publisher() = default;
  Publisher(const Publisher&) = delete;
  Publisher& operator=(const Publisher&) = delete;

  virtual void connect(const Broker& broker) = 0;
  // Until `stop`, or until the connection is lost.
  virtual void work(const std::atomic<bool>& stop) = 0;
  // The connection is lost.
  virtual void count() {}

  const Level level;
  const int qos;
  const std::string topic;
  unsigned number = 0;  // the last one that was sent
  std::set<unsigned> acknowledged;
};

// Has many on their way, and does not send again what was not acknowledged: Paho C 1.3.12 sends
// bytes that were freed when a connection ends while a message is handed over.
class PahoPublisher final : public Publisher {
 public:
  PahoPublisher(Level its_level, int its_qos) : Publisher("paho", its_level, its_qos) {}

  void connect(const Broker& broker) override {
    client_ = std::make_unique<PahoClient>(broker.uri(), level, topic);
    client_->connect();
  }
  void work(const std::atomic<bool>& stop) override {
    constexpr std::size_t kMostWaiting = 30;
    while (!stop && client_->connected()) {
      count();
      if (waiting_.size() >= kMostWaiting) {
        sleep_for(1ms);
        continue;
      }
      try {
        ++number;
        waiting_.emplace_back(number,
                              client_->library().publish(message(topic, payload_of(number), qos)));
      } catch (const mqtt::exception&) {
        return;  // the connection has just gone
      }
    }
  }
  void count() override {
    std::erase_if(waiting_, [this](const auto& one) {
      if (!one.second->is_complete()) return false;
      if (one.second->get_return_code() == 0) acknowledged.insert(one.first);
      return true;
    });
    if (!client_->connected()) waiting_.clear();
  }

 private:
  std::unique_ptr<PahoClient> client_;
  std::vector<std::pair<unsigned, mqtt::delivery_token_ptr>> waiting_;
};

// Has one at a time on its way, at QoS 2, keeps its session and goes on after a loss where it was,
// with the same identifier: PUBLISH with DUP, or PUBREL.
class StubbornPublisher final : public Publisher {
 public:
  explicit StubbornPublisher(Level its_level) : Publisher("stubborn", its_level, 2) {}

  void connect(const Broker& broker) override {
    const bool is_first = number == 0;
    client_.reset();
    client_ = std::make_unique<RawClient>(broker.port());
    const std::string answer =
        client_->connect(level, topic, 60, hex("11 00 00 02 58"), /*clean=*/false);
    CHECK(answer.at(0) == (is_first ? 0 : 1));
    is_again_ = !is_first;
  }
  void work(const std::atomic<bool>& stop) override {
    while (!stop && exchange()) {
    }
  }
  // False when the connection is lost.
  bool exchange() {
    if (!has_one_) {
      ++number;
      packet_id_ = packet_id_ % 65'535 + 1;
      has_one_ = true;
    }
    if (!is_received_) {
      std::string publish = publish_packet(level, topic, payload_of(number), 2, packet_id_);
      if (is_again_) publish[0] = static_cast<char>(publish[0] | 0x08);
      if (!client_->send(publish) || !is_answered(5)) return false;
      is_received_ = true;
    }
    if (!client_->send(packet(0x62, two_bytes(static_cast<std::size_t>(packet_id_)))) ||
        !is_answered(7)) {
      return false;
    }
    acknowledged.insert(number);
    has_one_ = is_received_ = is_again_ = false;
    return true;
  }

 private:
  bool is_answered(int type) {
    const auto answer = client_->read();
    if (!answer) return false;
    CHECK(answer->type() == type);
    CHECK(answer->body.substr(0, 2) == two_bytes(static_cast<std::size_t>(packet_id_)));
    return true;
  }

  std::unique_ptr<RawClient> client_;
  int packet_id_ = 0;
  bool has_one_ = false;
  bool is_received_ = false;  // PUBREC came
  bool is_again_ = false;
};

// What came for each number of a topic.
struct Arrivals {
  std::vector<unsigned> order;  // in which they came first
  std::map<unsigned, int> times;
};

}  // namespace

TEST_CASE("killed at random instants under load, it has lost nothing that it acknowledged") {
  const unsigned rounds = from_environment("MIDGE_KILL_ROUNDS", 5);
  const unsigned seed = from_environment("MIDGE_KILL_SEED", std::random_device{}());
  CAPTURE(seed);
  std::mt19937 random(seed);
  const auto between = [&](int least, int most) {
    return std::uniform_int_distribution<>(least, most)(random);
  };

  Broker broker("persistence true\npersistence_location {folder}/store\nmax_queued_messages 0\n");
  PahoClient subscriber(broker.uri(), MQTTVERSION_5, "subscriber");
  subscriber.connect(kept_options(MQTTVERSION_5));
  subscriber.subscribe("load/#", 2);
  std::vector<std::unique_ptr<Publisher>> publishers;
  std::vector<StubbornPublisher*> stubborn;
  for (const Level level : {MQTTVERSION_3_1_1, MQTTVERSION_5}) {
    for (const int qos : {1, 2}) publishers.push_back(std::make_unique<PahoPublisher>(level, qos));
    stubborn.push_back(new StubbornPublisher(level));
    publishers.emplace_back(stubborn.back());
  }
  for (const auto& publisher : publishers) publisher->connect(broker);

  for (unsigned round = 1; round <= rounds; ++round) {
    CAPTURE(round);
    const bool is_away = between(0, 1) == 1;
    if (is_away) subscriber.disconnect();
    std::atomic<bool> stop = false;
    std::vector<std::thread> threads;
    for (const auto& publisher : publishers)
      threads.emplace_back([&, &one = *publisher] { one.work(stop); });
    sleep_for(std::chrono::milliseconds(between(1, 400)));
    broker.kill();
    stop = true;
    for (std::thread& thread : threads) thread.join();
    for (const auto& publisher : publishers) publisher->count();

    CHECK(
        run({broker_program(), "--check-store", (broker.folder() / "store").string()}).exit_code ==
        0);
    broker.start_again();
    for (const auto& publisher : publishers) publisher->connect(broker);
    if (!is_away) REQUIRE(subscriber.lost());
    CHECK(subscriber.connect(kept_options(MQTTVERSION_5)).is_session_present());
  }

  for (StubbornPublisher* const publisher : stubborn) CHECK(publisher->exchange());
  std::map<std::string, Arrivals> arrivals;
  while (const auto arrived = subscriber.next(2s)) {
    const auto number = static_cast<unsigned>(std::stoul(arrived->to_string()));
    CHECK(arrived->to_string() == payload_of(number));
    Arrivals& of_topic = arrivals[arrived->get_topic()];
    if (++of_topic.times[number] == 1) of_topic.order.push_back(number);
  }
  std::size_t acknowledged = 0;
  for (const auto& publisher : publishers) {
    CAPTURE(publisher->topic);
    Arrivals& came = arrivals[publisher->topic];
    for (const unsigned number : publisher->acknowledged) {
      CAPTURE(number);
      CHECK(came.times[number] >= 1);
    }
    if (publisher->qos == 2) {
      for (const auto& one : came.times) {
        CAPTURE(one.first);
        CHECK(one.second <= 1);
      }
    }
    CHECK(std::is_sorted(came.order.begin(), came.order.end()));
    CHECK_FALSE(publisher->acknowledged.empty());
    acknowledged += publisher->acknowledged.size();
  }
  MESSAGE(rounds << " kills, " << acknowledged << " acknowledged messages");
}

}  // namespace midge::interop
