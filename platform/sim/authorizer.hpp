// Permission by tables that a test fills; without them everybody may do everything that the
// listener allows.
//
//   broker.authorizer.user("ada", "secret");       // from now on a user name needs its password
//   broker.authorizer.deny_publish("secret/#");    // topics that match the filter
//   broker.authorizer.deny_subscribe("secret/#");  // exactly this filter
//   broker.authorizer.deny_connect("mallory", ReasonCode::Banned);  // this client id
//   broker.authorizer.pending = true;              // connect() answers Pending ...
//   broker.authorizer.decide();                    // ... until here, by the tables
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "broker/auth/authorizer.hpp"

namespace midge::sim {

class World;

class Authorizer final : public auth::Authorizer {
 public:
  explicit Authorizer(World& world) : world_(world) {}

  void user(std::string_view name, std::string_view password);
  void deny_publish(std::string_view filter) { no_publish_.emplace_back(filter); }
  void deny_subscribe(std::string_view filter) { no_subscribe_.emplace_back(filter); }
  void deny_connect(std::string_view client_id,
                    wire::ReasonCode reason = wire::ReasonCode::NotAuthorized) {
    no_connect_[std::string(client_id)] = reason;
  }
  void allow_all();  // empties the tables

  bool pending = false;
  // Answers all connects that wait, in the next turn, each as the tables say.
  void decide();
  [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }
  // Every connect() so far.
  [[nodiscard]] std::size_t asked() const { return asked_; }

  // The broker has gone.
  void restart();

  [[nodiscard]] auth::Verdict connect(const auth::ConnectRequest& request, auth::Ticket ticket,
                                      auth::DecisionHandler& handler) override;
  [[nodiscard]] bool may_publish(const auth::Identity& who, std::string_view topic_name) override;
  [[nodiscard]] bool may_subscribe(const auth::Identity& who, std::string_view filter) override;

 private:
  struct Waiting {
    auth::Ticket ticket;
    auth::Verdict verdict;
  };
  [[nodiscard]] auth::Verdict judge(const auth::ConnectRequest& request) const;

  World& world_;
  std::map<std::string, std::string> users_;
  std::map<std::string, wire::ReasonCode> no_connect_;
  std::vector<std::string> no_publish_;
  std::vector<std::string> no_subscribe_;
  std::vector<Waiting> waiting_;
  auth::DecisionHandler* handler_ = nullptr;
  std::size_t asked_ = 0;
  std::uint32_t life_ = 0;
};

// Whether `topic` matches `filter`: the plain rules of section 4.7, written a second time.
[[nodiscard]] bool topic_matches(std::string_view filter, std::string_view topic);

}  // namespace midge::sim
