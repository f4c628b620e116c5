#include "platform/sim/authorizer.hpp"

#include <algorithm>

#include "platform/sim/world.hpp"

namespace midge::sim {
namespace {

// Cuts the first level off.
std::string_view take_level(std::string_view& rest, bool& more) {
  const std::size_t slash = rest.find('/');
  const std::string_view level = rest.substr(0, slash);
  more = slash != std::string_view::npos;
  rest = more ? rest.substr(slash + 1) : std::string_view{};
  return level;
}

}  // namespace

bool topic_matches(std::string_view filter, std::string_view topic) {
  if (topic.starts_with('$') && (filter.starts_with('+') || filter.starts_with('#'))) return false;
  bool more_filter = true;
  bool more_topic = true;
  while (more_filter) {
    const std::string_view wanted = take_level(filter, more_filter);
    if (wanted == "#") return true;
    if (!more_topic) return false;
    const std::string_view level = take_level(topic, more_topic);
    if (wanted != "+" && wanted != level) return false;
  }
  return !more_topic;
}

void Authorizer::user(std::string_view name, std::string_view password) {
  users_[std::string(name)] = password;
}

void Authorizer::allow_all() {
  users_.clear();
  no_connect_.clear();
  no_publish_.clear();
  no_subscribe_.clear();
}

auth::Verdict Authorizer::judge(const auth::ConnectRequest& request) const {
  using wire::ReasonCode;
  const auto denied = no_connect_.find(std::string(request.client_id));
  if (denied != no_connect_.end()) return {auth::Decision::Denied, denied->second};
  if (!request.user_name) {
    if (request.listener.allow_anonymous) return {.decision = auth::Decision::Allowed};
    return {auth::Decision::Denied, ReasonCode::NotAuthorized};
  }
  if (users_.empty()) return {.decision = auth::Decision::Allowed};
  const auto known = users_.find(std::string(*request.user_name));
  if (known == users_.end() || !request.password || as_text(*request.password) != known->second)
    return {auth::Decision::Denied, ReasonCode::BadUserNameOrPassword};
  return {.decision = auth::Decision::Allowed};
}

auth::Verdict Authorizer::connect(const auth::ConnectRequest& request, auth::Ticket ticket,
                                  auth::DecisionHandler& handler) {
  ++asked_;
  const auth::Verdict verdict = judge(request);
  if (!pending) return verdict;
  handler_ = &handler;
  waiting_.push_back({ticket, verdict});
  return {.decision = auth::Decision::Pending};
}

void Authorizer::decide() {
  world_.after(Duration{0}, [this, life = life_] {
    if (life != life_) return;
    const std::vector<Waiting> waiting = std::move(waiting_);
    waiting_.clear();
    for (const Waiting& one : waiting) handler_->on_decision(one.ticket, one.verdict);
  });
}

void Authorizer::restart() {
  ++life_;
  waiting_.clear();
  handler_ = nullptr;
}

bool Authorizer::may_publish(const auth::Identity&, std::string_view topic_name) {
  return std::none_of(no_publish_.begin(), no_publish_.end(),
                      [&](const std::string& filter) { return topic_matches(filter, topic_name); });
}

bool Authorizer::may_subscribe(const auth::Identity&, std::string_view filter) {
  return std::find(no_subscribe_.begin(), no_subscribe_.end(), filter) == no_subscribe_.end();
}

}  // namespace midge::sim
