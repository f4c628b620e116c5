// A story of one publisher and one subscriber that outlives its connections, which goes on whatever
// becomes of the broker: it can tell what has to be there.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/persistence/kept.hpp"

namespace midge::test {

// What the clients of a story have been told, and what they have received.
struct Told {
  std::vector<int> published;   // acknowledged, in order; numbers grow
  std::set<int> maybe;          // sent and not acknowledged
  std::map<int, int> received;  // by the durable subscriber: how often
  std::vector<int> order;       // first receptions
  std::set<int> retained_sent;
  int retained_acknowledged = -1;
  bool is_subscribed = false;
};

class Story {
 public:
  Story(KeptBroker& broker, Version version, QoS qos)
      : broker_(broker), version_(version), qos_(qos) {}
  // Goes on elsewhere, from where `before` is just now, in the middle of something or not.
  Story(const Story& before, KeptBroker& broker)
      : broker_(broker),
        version_(before.version_),
        qos_(before.qos_),
        next_(before.next_ + 1),
        told_(before.told_),
        open_(before.open_) {}

  void run(int messages) {
    for (const int end = next_ + messages; next_ < end; ++next_) {
      const int i = next_;
      visit_subscriber(i);
      publish(i);
      if (i % 5 == 4) publish_retained(i);
    }
  }
  // Takes all that is left, and looks whether that is all.
  void check() {
    CAPTURE(version_);
    CAPTURE(qos_);
    Client a(broker_, version_);
    const Packet connack = a.must_connect("a", kLasting);
    // It may have one whose subscription it was not told of.
    CHECK((connack.session_present || !told_.is_subscribed));
    if (!told_.is_subscribed) return;
    receive(a, 1'000);
    for (const int number : told_.published) {
      CAPTURE(number);
      const int times = told_.received[number];
      CHECK(times >= 1);
      if (qos_ == kQoS2) CHECK(times == 1);
    }
    for (const auto& received : told_.received) {
      const int number = received.first;
      const int times = received.second;
      CAPTURE(number);
      CHECK((told_.maybe.count(number) == 1 ||
             std::count(told_.published.begin(), told_.published.end(), number) == 1));
      if (qos_ == kQoS2) CHECK(times == 1);
    }
    CHECK(std::is_sorted(told_.order.begin(), told_.order.end()));
    Client reader(broker_, version_, "reader");
    reader.must_subscribe("retained");
    const auto retained = reader.next();
    // The last that was acknowledged, or one that was sent later.
    if (told_.retained_acknowledged >= 0) REQUIRE(retained);
    if (retained) {
      CHECK(std::stoi(retained->payload) >= told_.retained_acknowledged);
      CHECK(told_.retained_sent.count(std::stoi(retained->payload)) == 1);
    }
  }

 private:
  // The subscriber is away most of the time, and takes a few messages when it is there.
  void visit_subscriber(int i) {
    if (i % 4 != 0) return;
    Client a(broker_, version_);
    a.connect("a", kLasting);
    if (a.closed()) return;
    if (!a.next()) return;
    if (!told_.is_subscribed) {
      a.subscribe("t", qos_);
      const auto suback = a.next();
      told_.is_subscribed =
          suback && suback->type == PacketType::Suback && !wire::is_error(suback->codes.at(0));
    }
    receive(a, 8);
    if (i % 8 == 0) a.disconnect();
  }
  void receive(Client& a, int most) {
    for (int i = 0; i < most; ++i) {
      if (a.closed()) return;
      const auto p = a.next();
      if (!p) return;
      if (p->type == PacketType::Pubrel) {
        open_.erase(p->packet_id);
        a.pubcomp(p->packet_id);
        continue;
      }
      if (p->type != PacketType::Publish) continue;
      const int number = std::stoi(p->payload);
      // The receiver's side of QoS 2: an identifier that is open is the same message.
      const bool is_new = qos_ != kQoS2 || open_.insert(p->packet_id).second;
      if (is_new && ++told_.received[number] == 1) told_.order.push_back(number);
      if (qos_ == kQoS1) a.puback(p->packet_id);
      if (qos_ == kQoS2) a.pubrec(p->packet_id);
    }
  }
  void publish(int number) {
    Client publisher(broker_, version_);
    publisher.connect("publisher", kLasting);
    if (publisher.closed() || !publisher.next()) return;
    told_.maybe.insert(number);
    const auto id = static_cast<PacketIdentifier>(number + 1);
    publisher.publish("t", std::to_string(number), qos_, {.packet_id = id});
    if (publisher.closed()) return;
    const auto answer = publisher.next();
    if (!answer || wire::is_error(answer->reason)) return;
    // The broker owns it since PUBREC.
    if (qos_ == kQoS2) publisher.pubrel(id);
    if (told_.is_subscribed) told_.published.push_back(number);
  }
  void publish_retained(int number) {
    Client publisher(broker_, version_);
    publisher.connect("another", {});
    if (publisher.closed() || !publisher.next()) return;
    told_.retained_sent.insert(number);
    publisher.publish("retained", std::to_string(number), kQoS1, {.retain = true});
    if (publisher.closed()) return;
    const auto answer = publisher.next();
    if (answer && !wire::is_error(answer->reason)) told_.retained_acknowledged = number;
  }

  KeptBroker& broker_;
  const Version version_;
  const QoS qos_;
  int next_ = 0;
  Told told_;
  std::set<PacketIdentifier> open_;
};

inline constexpr hal::StorageGeometry kSmallNor{.segment_bytes = 2'048,
                                                .segments = 6,
                                                .program_unit_bytes = 4,
                                                .reprogram_endangers_unit = true};
inline constexpr hal::StorageGeometry kSmallDisk{
    .segment_bytes = 8'192, .segments = 6, .program_unit_bytes = sim::Storage::kSector};

struct Device {
  sim::Storage::Kind kind;
  hal::StorageGeometry geometry;
};

inline constexpr Device kSmallDevices[] = {{sim::Storage::Kind::Nor, kSmallNor},
                                           {sim::Storage::Kind::Disk, kSmallDisk}};

}  // namespace midge::test
