// A short story with something of everything that the broker promises: sessions, subscriptions, a
// shared group, a will, retained messages, all QoS, a queue for who is away. It goes on whatever
// fails, and knows what has to be there in the end.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "tests/support/client.hpp"

namespace midge::test {

class VariedStory {
 public:
  VariedStory(Broker& broker, Version version) : broker_(broker), version_(version) {}

  // What is asked gets its answer, one that says why not, or the end of the connection.
  void run();
  // Nothing fails any more: whoever comes is served, and what was acknowledged comes.
  void check();
  // All that belongs to the story ends.
  void leave();

 private:
  // A client that answers all that it gets.
  using Guest = std::unique_ptr<Client>;

  // Comes, and is let in; else null.
  Guest come(const std::string& client_id, const ConnectOptions& options);
  Guest reader_comes();
  // What the reader's session had is no longer relied upon.
  void forget();
  std::optional<Packet> ask(Client& client, PacketType answer);
  std::optional<Packet> listen(Client& client, PacketType answer);
  void answer(Client& client, const Packet& packet);
  bool subscribe(Client& client, const std::string& filter, QoS qos);
  void publish(Client& client, const std::string& topic, QoS qos, bool retain = false,
               std::size_t bytes = 280);

  Broker& broker_;
  const Version version_;
  int number_ = 0;
  // ---- of the session of the reader
  bool has_session_ = false;    // it was told so
  bool is_subscribed_ = false;  // to t/#, acknowledged
  std::set<PacketIdentifier> open_;
  std::map<std::string, int> received_;
  std::set<std::string> owed_;     // acknowledged while it was subscribed
  std::set<std::string> at_qos2_;  // come at most once
  std::string retained_;           // acknowledged; what came later may be there instead
  std::set<std::string> retained_later_;
};

}  // namespace midge::test
