#include "tests/persistence/varied_story.hpp"

#include <doctest/doctest.h>

#include <utility>

namespace midge::test {

namespace {

constexpr std::size_t kLong = 9'000;  // in blocks

const ConnectOptions kReader{.clean_start = false,
                             .props = {.session_expiry_interval = 3'600, .topic_alias_maximum = 5}};
const std::string kAll = "t/#";
const std::string kRetained = "t/retained";
const std::string kShared = "$share/g/s/+";

ConnectOptions with_will() {
  return {.will = Will{.topic = "t/will", .payload = "will", .qos = kQoS1}};
}

}  // namespace

void VariedStory::answer(Client& client, const Packet& packet) {
  const PacketIdentifier id = packet.packet_id;
  const bool is_reader = client.client_id() == "reader";
  switch (packet.type) {
    case PacketType::Publish:
      if (is_reader && (packet.qos != kQoS2 || open_.insert(id).second))
        ++received_[packet.payload];
      if (packet.qos == kQoS1) client.puback(id);
      if (packet.qos == kQoS2) client.pubrec(id);
      break;
    case PacketType::Pubrel:
      if (is_reader) open_.erase(id);
      client.pubcomp(id);
      break;
    default:
      break;
  }
}

// All that comes, answered; of it the last that is the answer.
std::optional<Packet> VariedStory::listen(Client& client, PacketType answer_type) {
  std::optional<Packet> found;
  while (auto packet = client.next()) {
    if (!client.closed()) answer(client, *packet);
    if (packet->type == answer_type) found = std::move(packet);
  }
  return found;
}

std::optional<Packet> VariedStory::ask(Client& client, PacketType answer_type) {
  std::optional<Packet> found = listen(client, answer_type);
  // With memory short it is not read from for a while.
  for (int second = 0; second < 10 && !found && !client.closed(); ++second) {
    broker_.advance(std::chrono::seconds(1));
    found = listen(client, answer_type);
  }
  CAPTURE(answer_type);
  CHECK((found || client.closed()));
  return found;
}

VariedStory::Guest VariedStory::come(const std::string& client_id, const ConnectOptions& options) {
  auto client = std::make_unique<Client>(broker_, version_);
  if (client->closed()) return nullptr;
  client->connect(client_id, options);
  const auto connack = client->next();
  if (!connack) {
    broker_.advance(std::chrono::seconds(10));
    if (const auto late = client->next(); late && !wire::is_error(late->reason)) return client;
    CHECK(client->closed());
    return nullptr;
  }
  REQUIRE(connack->type == PacketType::Connack);
  if (wire::is_error(connack->reason)) return nullptr;
  if (client_id == "reader") {
    CHECK((connack->session_present || !has_session_));
    if (!connack->session_present) forget();
    has_session_ = true;
    if (client->closed()) return nullptr;
    listen(*client, PacketType::Connack);
  }
  return client;
}

VariedStory::Guest VariedStory::reader_comes() {
  return come("reader", kReader);
}

void VariedStory::forget() {
  has_session_ = is_subscribed_ = false;
  open_.clear();
  owed_.clear();
}

bool VariedStory::subscribe(Client& client, const std::string& filter, QoS qos) {
  if (client.closed()) return false;
  client.subscribe(filter, qos);
  const auto suback = ask(client, PacketType::Suback);
  return suback && !wire::is_error(suback->codes.at(0));
}

void VariedStory::publish(Client& client, const std::string& topic, QoS qos, bool retain,
                          std::size_t bytes) {
  if (client.closed()) return;
  std::string payload = std::to_string(number_++);
  payload.resize(bytes, '.');
  if (qos == kQoS2) at_qos2_.insert(payload);
  const bool is_followed = retain && topic == kRetained;
  if (is_followed) retained_later_.insert(payload);
  PublishOptions options{.retain = retain};
  if (version_ == Version::V5) options.props.user = {{"key", "value"}};
  if (version_ == Version::V5) options.props.topic_alias = 1;
  const PacketIdentifier id = client.publish(topic, payload, qos, options);
  if (qos == kQoS0) return void(listen(client, PacketType::Puback));
  const auto taken = ask(client, qos == kQoS1 ? PacketType::Puback : PacketType::Pubrec);
  if (!taken || wire::is_error(taken->reason)) return;
  if (is_subscribed_ && topic.front() == 't') owed_.insert(payload);
  if (is_followed) {
    retained_ = payload;
    retained_later_ = {payload};
  }
  if (qos == kQoS2 && !client.closed()) {
    client.pubrel(id);
    static_cast<void>(ask(client, PacketType::Pubcomp));
  }
}

void VariedStory::run() {
  if (Guest reader = reader_comes()) {
    is_subscribed_ = subscribe(*reader, kAll, kQoS2) || is_subscribed_;
    subscribe(*reader, kShared, kQoS1);
    subscribe(*reader, "n/one/of/its/own", kQoS0);
    if (Guest writer = come("writer", with_will())) {
      subscribe(*writer, "s/#", kQoS2);
      for (const QoS qos : {kQoS0, kQoS1, kQoS2}) publish(*writer, "t/x", qos);
      publish(*writer, "t/long", kQoS2, false, kLong);
      publish(*writer, kRetained, kQoS1, true);
      for (int i = 0; i < 4; ++i) publish(*writer, "r/" + std::to_string(i), kQoS1, true);
      publish(*writer, "s/x", kQoS1);
      if (!reader->closed()) listen(*reader, PacketType::Publish);
      reader->drop();
      publish(*writer, kRetained, kQoS2, true);
      publish(*writer, "s/x", kQoS2);
      publish(*writer, "t/y/z", kQoS1, false, kLong);
      for (int i = 0; i < 12; ++i) publish(*writer, "t/many", i % 2 == 0 ? kQoS1 : kQoS2);
      writer->drop();
    }
  }
  if (Guest reader = reader_comes()) {
    listen(*reader, PacketType::Publish);
    subscribe(*reader, "r/+", kQoS1);
    if (!reader->closed()) {
      reader->unsubscribe(kShared);
      static_cast<void>(ask(*reader, PacketType::Unsuback));
    }
    // Takes its own connection over.
    if (Guest again = reader_comes()) {
      if (!again->closed()) again->disconnect();
    }
  }
  if (Guest writer = come("writer", {})) publish(*writer, "t/away", kQoS1);
}

void VariedStory::check() {
  CAPTURE(version_);
  if (has_session_) {
    const Guest reader = reader_comes();
    REQUIRE(reader);
    for (int i = 0; i < 5; ++i) {
      broker_.advance(std::chrono::seconds(1));
      listen(*reader, PacketType::Publish);
    }
    REQUIRE(!reader->closed());
  }
  for (const std::string& payload : owed_) {
    CAPTURE(payload.substr(0, 3));
    CHECK(received_[payload] >= 1);
  }
  for (const auto& one : received_) {
    CAPTURE(one.first.substr(0, 4));
    if (at_qos2_.count(one.first) != 0) CHECK(one.second == 1);
  }
  Client fresh(broker_, version_, "fresh");
  fresh.must_subscribe(kRetained, kQoS1);
  const auto retained = fresh.next();
  if (!retained_.empty()) REQUIRE(retained);
  if (retained) {
    CHECK(retained_later_.count(retained->payload) == 1);
    fresh.answer(*retained);
  }
  fresh.must_publish("n/fresh", "x", kQoS2);
}

void VariedStory::leave() {
  for (const char* const name : {"reader", "writer", "fresh"}) {
    Client last(broker_, version_);
    last.must_connect(name);
    last.publish(kRetained, "", kQoS0, {.retain = true});
    for (int i = 0; i < 4; ++i) {
      last.publish("r/" + std::to_string(i), "", kQoS0, {.retain = true});
    }
    last.disconnect();
  }
  broker_.advance(std::chrono::hours(2));
}

}  // namespace midge::test
