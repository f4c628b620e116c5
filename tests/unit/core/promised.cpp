#include "tests/unit/core/promised.hpp"

namespace midge::test {

namespace {

std::string padded(std::string text, std::size_t bytes) {
  REQUIRE(text.size() <= bytes);
  text.resize(bytes, '.');
  return text;
}

}  // namespace

Promised::Promised(const Plan& plan, std::size_t missing_pages) : promise_(plan.promise) {
  limits = core::with_memory(plan.limits, plan.budget());
  limits.memory_bytes -= missing_pages * plan.paging.page_bytes;
  sim.page_bytes = plan.paging.page_bytes;
  sim.reserve_pages = plan.paging.reserve_pages;
  journal.active = plan.promise.journal;
  settings.backpressure_time = Duration{0};  // who finds no memory is refused at once
}

std::string Promised::client_id(std::uint32_t session) const {
  return padded("client" + std::to_string(session), promise_.client_id_bytes);
}

// The last filter is everybody's, if messages with so many receivers are promised. A client's own
// have a level in common when places are promised where filters part.
std::string Promised::filter(std::uint32_t session, std::uint32_t index) const {
  const bool is_common = index == 1 && promise_.receivers >= limits.sessions;
  std::string text = is_common ? "all" : "f" + std::to_string(session);
  text += promise_.filter_branches > 0 && !is_common ? '/' : '-';
  return padded(text + std::to_string(is_common ? 0 : index), promise_.filter_bytes);
}

std::string Promised::topic(std::uint32_t index) const {
  return padded("t" + std::to_string(index), promise_.topic_bytes);
}

ConnectOptions Promised::connect_options(std::uint32_t session) const {
  ConnectOptions options{.clean_start = false, .props = {.session_expiry_interval = 1'000}};
  if (session < promise_.wills) options.will = Will{.topic = topic(session), .payload = payload()};
  if (session < promise_.aliasing) options.props.topic_alias_maximum = 100;
  return options;
}

void Promised::subscribe(Client& client, std::uint32_t session) {
  for (std::uint32_t i = 0; i < limits.subscriptions / limits.sessions; ++i) {
    const bool is_shared = session < promise_.groups && i == 0;
    const std::string group =
        is_shared ? "$share/" + padded("g", promise_.share_name_bytes) + "/" : "";
    client.subscribe(group + filter(session, i), kQoS1);
  }
  static_cast<void>(client.all());
}

void Promised::sleep() {
  for (std::uint32_t i = 0; i < sleepers(); ++i) {
    const std::uint32_t session = limits.connections + i;
    Client sleeper(*this, Version::V5);
    sleeper.connect(client_id(session), connect_options(session));
    if (!sleeper.closed()) subscribe(sleeper, session);
    if (!sleeper.closed()) sleeper.disconnect();
  }
}

void Promised::come() {
  for (std::uint32_t session = 0; session < limits.connections; ++session) {
    online.push_back(std::make_unique<Client>(*this, Version::V5));
    online.back()->connect(client_id(session), connect_options(session));
    if (!online.back()->closed()) subscribe(*online.back(), session);
  }
}

void Promised::retain() {
  for (std::uint32_t i = 0; i < limits.retained_messages; ++i) {
    PublishOptions options{.retain = true};
    if (i < promise_.expiring) options.props.message_expiry_interval = 1'000;
    online[0]->publish(topic(i), payload(), kQoS1, options);
    static_cast<void>(online[0]->all());
  }
}

void Promised::queue() {
  for (std::uint32_t i = 0; i < sleepers(); ++i) {
    for (std::uint32_t n = 0; n < queued_each(); ++n) {
      online[0]->publish(filter(limits.connections + i, 0), payload(), kQoS1);
      static_cast<void>(online[0]->all());
    }
  }
}

// What is under way while all the rest is there.
void Promised::send() {
  Client& sender = *online[0];
  const auto others = limits.connections - 1;
  for (std::uint32_t i = 0; i < promise_.inflight; ++i) {
    sender.publish(filter(1 + i % others, 0), payload(), kQoS1);
    static_cast<void>(sender.all());
  }
  for (std::uint32_t i = 0; i < promise_.inbound_qos2; ++i) {
    Client& client = *online[i % limits.connections];
    client.publish("nobody", "", kQoS2);
    static_cast<void>(client.take(PacketType::Pubrec));
  }
  for (std::uint32_t i = 0; i < promise_.aliasing; ++i) {
    for (std::uint16_t alias = 1; alias <= limits.topic_alias_maximum; ++alias) {
      online[i]->publish(topic(alias), payload(), kQoS0, {.props = {.topic_alias = alias}});
    }
    for (std::uint32_t n = 0; n < limits.topic_alias_maximum_out; ++n) {
      sender.publish(filter(i, n), payload());
    }
  }
  for (std::uint32_t i = 0; i < promise_.half_packets; ++i) {
    ByteVector packet =
        publish_bytes(Version::V5, topic(i), std::string(limits.payload_bytes, 'h'));
    packet.resize(packet.size() - 1);
    online[i]->send(packet);
  }
}

void Promised::fill() {
  start();
  sleep();
  come();
  retain();
  queue();
  send();
}

bool Promised::holds_all() {
  bool all_open = true;
  for (const auto& client : online) all_open = all_open && !client->closed();
  return all_open && metrics[Cause::MemoryFull] == 0 &&
         metrics.clients_connected == limits.connections &&
         metrics.clients_total == limits.sessions &&
         metrics.subscriptions == limits.subscriptions &&
         metrics.shared_subscriptions == promise_.groups &&
         metrics.retained_messages == limits.retained_messages &&
         metrics.queued_messages == queued_each() * sleepers() + promise_.inflight &&
         metrics.inflight_messages == promise_.inflight;
}

void Promised::clear() {
  // Its own half packet would be in the way of what a client has to say.
  for (auto& client : online) client->drop();
  online.clear();
  settle();
  advance(2'000s);  // sessions and expiring messages end
  Client cleaner(*this, Version::V5, "cleaner");
  for (std::uint32_t i = 0; i < limits.retained_messages; ++i) {
    cleaner.must_publish(topic(i), "", kQoS1, {.retain = true});
  }
  cleaner.disconnect();
}

}  // namespace midge::test
