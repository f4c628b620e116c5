#include "tests/scenario/model.hpp"

#include <algorithm>
#include <charconv>

#include "platform/sim/authorizer.hpp"

namespace midge::scenario {

namespace {

// Shared subscriptions have topics of their own, below "s/", so that it is clear which subscription
// a copy came through.
constexpr std::string_view kShare = "$share/";

bool is_shared_topic(std::string_view topic) {
  return topic.substr(0, 2) == "s/";
}

std::string seconds(Instant at) {
  if (at == kNever) return "never";
  return std::to_string(static_cast<double>(at.time_since_epoch().count()) / 1'000.0);
}

}  // namespace

// ---- messages

MessageNumber Model::publish(ClientNumber publisher, std::string_view topic, QoS qos, bool retain,
                             bool empty, bool expires, Instant now) {
  messages_.push_back({.publisher = publisher,
                       .topic = std::string(topic),
                       .sequence = ++sequences_[{publisher, std::string(topic)}],
                       .qos = qos,
                       .retain = retain,
                       .empty = empty,
                       .expires = expires,
                       .sent = now});
  return static_cast<MessageNumber>(messages_.size() - 1);
}

MessageNumber Model::will(ClientNumber publisher, std::string_view topic, QoS qos, Instant now) {
  const MessageNumber number = publish(publisher, topic, qos, false, false, false, now);
  messages_[number].is_will = true;
  return number;
}

std::string Model::payload(MessageNumber number, std::size_t bytes) const {
  std::string text = std::to_string(number) + ";";
  if (text.size() < bytes) text.resize(bytes, '.');
  return text;
}

std::string Model::describe(const Message& message) const {
  const auto at = std::find_if(messages_.begin(), messages_.end(),
                               [&](const Message& m) { return &m == &message; });
  return (message.is_will ? "will " : "message ") + std::to_string(at - messages_.begin()) +
         " of c" + std::to_string(message.publisher) + " to " + message.topic + " QoS " +
         std::to_string(static_cast<unsigned>(message.qos)) + (message.retain ? " retained" : "") +
         ", sent " + seconds(message.sent) + ", taken " + seconds(message.taken);
}

// ---- subscriptions

Model::Subscription* Model::current(ClientNumber client, std::string_view filter) {
  for (auto at = subscriptions_.rbegin(); at != subscriptions_.rend(); ++at) {
    if (at->client == client && at->filter.filter == filter) {
      return at->session == sessions_[client] ? &*at : nullptr;
    }
  }
  return nullptr;
}

void Model::subscribe_sent(ClientNumber client, const test::Filter& filter, Instant now) {
  const Subscription* const existing = current(client, filter.filter);
  // Asked for once more: as certain as it was.
  if (existing != nullptr && existing->certain_from != kNever && existing->certain_until == kNever)
    return;
  Subscription fresh{.client = client, .session = sessions_[client], .filter = filter};
  fresh.plain = filter.filter;
  if (filter.filter.rfind(kShare, 0) == 0) {
    fresh.group = filter.filter;
    fresh.plain = filter.filter.substr(filter.filter.find('/', kShare.size()) + 1);
  }
  fresh.possible_from = now;
  subscriptions_.push_back(std::move(fresh));
}

void Model::subscribe_granted(ClientNumber client, std::string_view filter, Instant now) {
  Subscription* const subscription = current(client, filter);
  if (subscription != nullptr && subscription->certain_from == kNever &&
      subscription->certain_until == kNever)
    subscription->certain_from = now;
}

void Model::unsubscribe_sent(ClientNumber client, std::string_view filter, Instant now) {
  // Earlier ones that were never acknowledged may be meant as well.
  for (Subscription& subscription : subscriptions_) {
    if (subscription.client == client && subscription.filter.filter == filter)
      subscription.certain_until = std::min(subscription.certain_until, now);
  }
}

void Model::unsubscribe_done(ClientNumber client, std::string_view filter, Instant now) {
  for (Subscription& subscription : subscriptions_) {
    if (subscription.client != client || subscription.filter.filter != filter) continue;
    // Not one that was asked for behind the UNSUBSCRIBE.
    if (subscription.certain_until == kNever) continue;
    subscription.possible_until = std::min(subscription.possible_until, now);
  }
}

void Model::session_may_end(ClientNumber client, Instant now) {
  for (Subscription& subscription : subscriptions_) {
    if (subscription.client == client)
      subscription.certain_until = std::min(subscription.certain_until, now);
  }
}

void Model::session_ended(ClientNumber client, Instant now) {
  session_may_end(client, now);
  for (Subscription& subscription : subscriptions_) {
    if (subscription.client == client)
      subscription.possible_until = std::min(subscription.possible_until, now);
  }
  ++sessions_[client];
}

bool Model::matches(const Subscription& subscription, const Message& message) const {
  if (subscription.filter.no_local && subscription.client == message.publisher) return false;
  return sim::topic_matches(subscription.plain, message.topic);
}

bool Model::was_certain(const Subscription& subscription, const Message& message) const {
  return subscription.certain_from < message.sent && message.taken <= subscription.certain_until;
}

bool Model::was_possible(ClientNumber client, const Message& message, Instant until) const {
  return std::any_of(
      subscriptions_.begin(), subscriptions_.end(), [&](const Subscription& subscription) {
        return subscription.client == client && matches(subscription, message) &&
               subscription.possible_from <= until && message.sent <= subscription.possible_until;
      });
}

// ---- what a client got

void Model::received(ClientNumber client, const Packet& packet, Instant now) {
  ++receipts_;
  const std::string who = "c" + std::to_string(client) + " at " + seconds(now) + ": ";
  if (packet.payload.empty()) {
    // A message that clears a topic says nothing about itself.
    if (packet.retain) violation(who + "an empty retained message on " + packet.topic);
    return;
  }
  MessageNumber number = 0;
  const char* const end = packet.payload.data() + packet.payload.size();
  const auto parsed = std::from_chars(packet.payload.data(), end, number);
  if (parsed.ec != std::errc() || parsed.ptr == end || *parsed.ptr != ';' ||
      number >= messages_.size()) {
    return violation(who + "a payload that nobody sent: " + packet.payload.substr(0, 40));
  }
  const Message& message = messages_[number];
  if (message.topic != packet.topic)
    violation(who + describe(message) + " came on topic " + packet.topic);
  if (packet.qos > message.qos) violation(who + describe(message) + " came with a higher QoS");
  if (packet.retain) return check_replay(client, message, packet);

  // What waits in a group may go to a member that came later.
  const bool is_shared = is_shared_topic(message.topic);
  if (!was_possible(client, message, is_shared ? now : message.taken))
    violation(who + describe(message) + ": did not subscribe");
  if (is_shared) {
    const std::uint32_t copies = ++shared_[{number, packet.qos}];
    // Groups of one QoS: all that share at QoS 2 are one group.
    if (packet.qos == QoS::ExactlyOnce && copies > 1)
      violation(who + describe(message) + " went to the members of a group more than once");
    return;
  }
  Receipts& got = got_[{client, number}];
  if (++got.count == 1) {
    got.first_qos = packet.qos;
    return check_order(client, message, packet);
  }
  // What comes at QoS 1 may come again, from its publisher or from the broker. The others were
  // routed once, so another copy can only be the same delivery again.
  if (message.qos == QoS::AtLeastOnce) return;
  if (packet.qos != QoS::AtLeastOnce || !(packet.dup || has_restarts_) ||
      got.first_qos != packet.qos) {
    violation(who + describe(message) + " came again, at QoS " +
              std::to_string(static_cast<unsigned>(packet.qos)));
  }
}

void Model::check_order(ClientNumber client, const Message& message, const Packet& packet) {
  if (message.is_will) return;
  // At QoS 1 what is sent again is routed again, behind what was sent in between; who subscribed in
  // between gets it there first.
  if (message.sent_again && message.qos == QoS::AtLeastOnce) return;
  // One that was refused while the device failed, which its publisher was not told before the power
  // went, is accepted when it comes again.
  if (message.sent_again && has_restarts_) return;
  std::uint32_t& highest =
      highest_[{client, message.publisher, message.topic, message.qos, packet.qos}];
  if (message.sequence < highest) {
    violation("c" + std::to_string(client) + ": " + describe(message) + ", number " +
              std::to_string(message.sequence) + ", came after number " + std::to_string(highest));
  }
  highest = std::max(highest, message.sequence);
  if (message.retain && !is_lost_with_power(message)) {
    std::uint32_t& retained =
        highest_retained_[{client, message.publisher, message.topic, packet.qos}];
    retained = std::max(retained, message.sequence);
  }
}

// A retained message that a subscription began with: never an older one behind a newer one.
void Model::check_replay(ClientNumber client, const Message& message, const Packet& packet) {
  if (!message.retain) violation(describe(message) + " came with RETAIN");
  const bool subscribed = std::any_of(
      subscriptions_.begin(), subscriptions_.end(), [&](const Subscription& subscription) {
        return subscription.client == client && subscription.group.empty() &&
               sim::topic_matches(subscription.plain, message.topic) &&
               message.sent <= subscription.possible_until;
      });
  if (!subscribed) {
    violation("c" + std::to_string(client) + ": " + describe(message) +
              " was replayed without a subscription");
  }
  if (is_lost_with_power(message)) return;
  std::uint32_t& highest =
      highest_retained_[{client, message.publisher, message.topic, packet.qos}];
  // What was sent again at QoS 1 has become the retained message again.
  const bool again = packet.dup || (message.sent_again && message.qos == QoS::AtLeastOnce);
  if (!again && message.sequence < highest) {
    violation("c" + std::to_string(client) + ": the replay of " + describe(message) + ", number " +
              std::to_string(message.sequence) + ", came after number " + std::to_string(highest));
  }
  highest = std::max(highest, message.sequence);
}

// ---- the end

void Model::check_end(const std::vector<Packet>& retained, Instant now) {
  for (const auto& [who, receipts] : got_) {
    if (messages_[who.second].refused)
      violation("c" + std::to_string(who.first) + " got " + describe(messages_[who.second]) +
                ", which was refused");
  }
  check_must(now);
  check_groups(now);
  check_retained(retained);
}

void Model::check_must(Instant now) {
  for (const Subscription& subscription : subscriptions_) {
    if (!subscription.group.empty() || subscription.filter.qos == QoS::AtMostOnce) continue;
    // What waited in a session that has ended since is gone with it.
    if (subscription.session != sessions_[subscription.client]) continue;
    for (std::size_t i = 0; i < messages_.size(); ++i) {
      const Message& message = messages_[i];
      if (message.qos == QoS::AtMostOnce || message.taken == kNever || message.refused ||
          message.expires || message.empty || !matches(subscription, message) ||
          !was_certain(subscription, message) || message.taken > now) {
        continue;
      }
      ++musts_;
      if (got_.count({subscription.client, static_cast<MessageNumber>(i)}) != 0) continue;
      violation("c" + std::to_string(subscription.client) + " (" + subscription.filter.filter +
                ", QoS " + std::to_string(static_cast<unsigned>(subscription.filter.qos)) +
                ", certain " + seconds(subscription.certain_from) + " to " +
                seconds(subscription.certain_until) + ") never got " + describe(message));
    }
  }
}

// One of the members gets each message. The groups are one that shares at QoS 1, where what a
// member leaves goes to another, and one that shares at QoS 2, whose members' sessions last.
void Model::check_groups(Instant now) {
  for (std::size_t i = 0; i < messages_.size(); ++i) {
    const Message& message = messages_[i];
    if (!is_shared_topic(message.topic)) continue;
    const auto got = [&](QoS qos) {
      const auto at = shared_.find({static_cast<MessageNumber>(i), qos});
      return at != shared_.end() ? at->second : 0;
    };
    std::set<std::pair<std::string, QoS>> certain;
    std::set<std::string> possible;
    for (const Subscription& subscription : subscriptions_) {
      if (subscription.group.empty() || !matches(subscription, message)) continue;
      possible.insert(subscription.group);
      // As long as one that lasts is in the group, the group lasts.
      if (was_certain(subscription, message) && subscription.certain_until == kNever)
        certain.insert({subscription.group, std::min(message.qos, subscription.filter.qos)});
    }
    if (got(QoS::AtMostOnce) > possible.size())
      violation(describe(message) + " went to more members than there are groups");
    if (message.qos == QoS::AtMostOnce || message.taken > now || message.refused ||
        message.expires || message.empty) {
      continue;
    }
    for (const QoS qos : {QoS::AtLeastOnce, QoS::ExactlyOnce}) {
      const auto groups = static_cast<std::uint32_t>(
          std::count_if(certain.begin(), certain.end(),
                        [qos](const auto& group) { return group.second == qos; }));
      musts_ += groups;
      if (got(qos) < groups) {
        violation(describe(message) + " went to " + std::to_string(got(qos)) + " members of " +
                  std::to_string(groups) + " groups");
      }
    }
  }
}

// Which message a topic has is known where nothing was sent at the same time as the last one.
void Model::check_retained(const std::vector<Packet>& retained) {
  std::map<std::string, const Message*> found;
  for (const Packet& packet : retained) {
    MessageNumber number = 0;
    std::from_chars(packet.payload.data(), packet.payload.data() + packet.payload.size(), number);
    if (number >= messages_.size()) continue;
    if (!found.emplace(packet.topic, &messages_[number]).second)
      violation("the retained message of " + packet.topic + " came twice");
  }
  std::map<std::string, std::vector<const Message*>> sent;
  for (const Message& message : messages_) {
    if (message.retain && !message.refused) sent[message.topic].push_back(&message);
  }
  for (const auto& [topic, all] : sent) {
    const auto at = found.find(topic);
    const Message* const kept = at != found.end() ? at->second : nullptr;
    const auto replaces = [](const Message* later, const Message* earlier) {
      return earlier->taken < later->sent && later->taken != kNever;
    };
    bool may_be_none = false;
    for (const Message* const message : all) {
      const bool superseded = std::any_of(
          all.begin(), all.end(), [&](const Message* later) { return replaces(later, message); });
      if (kept == message && superseded)
        violation("the retained message of " + topic + " is an old one: " + describe(*message));
      if (superseded) continue;
      // Without an acknowledgement nobody knows whether it ever arrived.
      if (message->empty || message->expires || message->taken == kNever) may_be_none = true;
    }
    if (kept == nullptr && !may_be_none)
      violation("the retained message of " + topic + " is missing");
  }
}

}  // namespace midge::scenario
