// What must be delivered: a simple model of who subscribed to what, when, and which messages were
// sent. It knows nothing of the broker but what clients see, so it works with intervals: a message
// is handled at some time between its sending and its acknowledgement, a subscription is certain
// from its SUBACK until its UNSUBSCRIBE is sent and possible a little longer on both sides.
//
//   must      the subscription was certain while the message was handled, both at QoS > 0, the
//             session has lasted: delivered at least once, at QoS 2 exactly once
//   must not  no matching subscription was possible; a second copy at QoS 0 or 2, or of what was
//             routed once; an order that is not the publisher's; a refused message
//   may       everything else
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "broker/base/time.hpp"
#include "tests/support/packet.hpp"

namespace midge::scenario {

using test::Packet;
using wire::QoS;

using ClientNumber = std::uint32_t;
using MessageNumber = std::uint32_t;

struct Message {
  ClientNumber publisher = 0;
  std::string topic;
  std::uint32_t sequence = 0;  // of this publisher's messages to this topic
  QoS qos{};
  bool retain = false;
  bool empty = false;    // a retained one that takes the topic's message away
  bool expires = false;  // so that its delivery may not be asked for
  bool is_will = false;
  Instant sent{};
  // When the broker was seen to have taken it, kNever: not. A will: when it must have been.
  Instant taken = kNever;
  bool refused = false;
  bool sent_again = false;
};

class Model {
 public:
  // The broker is started again now and then: what was on its way may come once more, without DUP
  // when it was not recorded that it had gone out.
  void set_restarts() { has_restarts_ = true; }

  // ---- messages
  MessageNumber publish(ClientNumber publisher, std::string_view topic, QoS qos, bool retain,
                        bool empty, bool expires, Instant now);
  MessageNumber will(ClientNumber publisher, std::string_view topic, QoS qos, Instant now);
  void taken(MessageNumber number, Instant now) { messages_[number].taken = now; }
  // One that was sent again may have been taken the first time, when the answer was lost.
  void refused(MessageNumber number) { messages_[number].refused = !messages_[number].sent_again; }
  void sent_again(MessageNumber number) { messages_[number].sent_again = true; }
  // What a message carries, so that its receiver can tell; at least `bytes` long.
  [[nodiscard]] std::string payload(MessageNumber number, std::size_t bytes) const;
  // With the QoS that asks for a delivery: nothing else has.
  [[nodiscard]] std::uint32_t musts() const { return musts_; }
  [[nodiscard]] std::uint32_t messages() const {
    return static_cast<std::uint32_t>(messages_.size());
  }
  [[nodiscard]] std::uint32_t receipts() const { return receipts_; }

  // ---- subscriptions; a filter of one client has always the same options
  void subscribe_sent(ClientNumber client, const test::Filter& filter, Instant now);
  void subscribe_granted(ClientNumber client, std::string_view filter, Instant now);
  void unsubscribe_sent(ClientNumber client, std::string_view filter, Instant now);
  void unsubscribe_done(ClientNumber client, std::string_view filter, Instant now);

  // ---- sessions
  // What the session had is no longer certain: a CONNECT with Clean Start was sent.
  void session_may_end(ClientNumber client, Instant now);
  void session_ended(ClientNumber client, Instant now);  // as CONNACK told

  // ---- what a client got. `packet` has its topic, whatever alias it came with.
  void received(ClientNumber client, const Packet& packet, Instant now);

  // When all is quiet. `retained`: what a new subscription to everything got.
  void check_end(const std::vector<Packet>& retained, Instant now);

  // ---- what is wrong
  void violation(std::string text) {
    if (violations_.size() < 20) violations_.push_back(std::move(text));
  }
  [[nodiscard]] const std::vector<std::string>& violations() const { return violations_; }

 private:
  struct Subscription {
    ClientNumber client = 0;
    std::uint32_t session = 0;  // which of the client's, counted
    test::Filter filter;
    std::string group{};  // $share/name/filter whole, or empty
    std::string plain{};  // the filter without $share
    Instant possible_from = kNever;
    Instant certain_from = kNever;
    Instant certain_until = kNever;
    Instant possible_until = kNever;
  };
  struct Receipts {
    std::uint32_t count = 0;
    QoS first_qos{};
  };

  [[nodiscard]] std::string describe(const Message& message) const;
  [[nodiscard]] Subscription* current(ClientNumber client, std::string_view filter);
  [[nodiscard]] bool matches(const Subscription& subscription, const Message& message) const;
  [[nodiscard]] bool was_certain(const Subscription& subscription, const Message& message) const;
  // Whether one of the client's subscriptions was possible between `message.sent` and `until`.
  [[nodiscard]] bool was_possible(ClientNumber client, const Message& message, Instant until) const;
  // After QoS 0, of which nothing is promised, the one before may be the retained one again.
  [[nodiscard]] bool is_lost_with_power(const Message& message) const {
    return has_restarts_ && message.qos == QoS::AtMostOnce;
  }
  void check_order(ClientNumber client, const Message& message, const Packet& packet);
  void check_replay(ClientNumber client, const Message& message, const Packet& packet);
  void check_must(Instant now);
  void check_groups(Instant now);
  void check_retained(const std::vector<Packet>& retained);

  std::deque<Message> messages_;
  std::map<std::pair<ClientNumber, std::string>, std::uint32_t> sequences_;
  std::deque<Subscription> subscriptions_;
  std::map<ClientNumber, std::uint32_t> sessions_;
  std::map<std::pair<ClientNumber, MessageNumber>, Receipts> got_;
  std::map<std::pair<MessageNumber, QoS>, std::uint32_t> shared_;  // copies that members got
  // Client, publisher, topic, published and received QoS: the highest sequence so far.
  std::map<std::tuple<ClientNumber, ClientNumber, std::string, QoS, QoS>, std::uint32_t> highest_;
  std::map<std::tuple<ClientNumber, ClientNumber, std::string, QoS>, std::uint32_t>
      highest_retained_;  // order is kept for each QoS
  std::vector<std::string> violations_;
  bool has_restarts_ = false;
  std::uint32_t musts_ = 0;
  std::uint32_t receipts_ = 0;
};

}  // namespace midge::scenario
