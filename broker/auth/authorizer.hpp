// The seam to permission: who may connect, publish, subscribe. AllowAll lets everybody in, which is
// what `allow_anonymous true` without any file means.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "broker/base/bytes.hpp"
#include "broker/settings/settings.hpp"
#include "broker/wire/protocol.hpp"

namespace midge::auth {

enum class Decision : std::uint8_t {
  Allowed,
  Denied,
  Pending,  // connect() only: answered later through DecisionHandler
};

// Names the connection whose decision is pending; never reused while it is.
using Ticket = std::uint32_t;

struct ConnectRequest {
  const settings::Listener& listener;
  std::string_view client_id;
  std::optional<std::string_view> user_name;
  std::optional<Bytes> password;
  std::string_view peer;
};

// Why a connect was denied.
struct Verdict {
  Decision decision = Decision::Denied;
  wire::ReasonCode reason = wire::ReasonCode::NotAuthorized;
};

class DecisionHandler {
 public:
  // The decision about `ticket`; nothing happens when its connection has gone.
  virtual void on_decision(Ticket ticket, Verdict verdict) = 0;

 protected:
  ~DecisionHandler() = default;
};

struct Identity {
  std::string_view client_id;
  std::string_view user_name;  // empty: none
};

class Authorizer {
 public:
  [[nodiscard]] virtual Verdict connect(const ConnectRequest& request, Ticket ticket,
                                        DecisionHandler& handler) = 0;
  [[nodiscard]] virtual bool may_publish(const Identity& who, std::string_view topic_name) = 0;
  // `filter` without its $share/<name>/.
  [[nodiscard]] virtual bool may_subscribe(const Identity& who, std::string_view filter) = 0;

 protected:
  ~Authorizer() = default;
};

// Anonymous clients enter where the listener allows it; nobody has a password here, so a user name
// is taken as it is.
class AllowAll final : public Authorizer {
 public:
  [[nodiscard]] Verdict connect(const ConnectRequest& request, Ticket, DecisionHandler&) override {
    if (request.user_name || request.listener.allow_anonymous)
      return {.decision = Decision::Allowed};
    return {};
  }
  [[nodiscard]] bool may_publish(const Identity&, std::string_view) override { return true; }
  [[nodiscard]] bool may_subscribe(const Identity&, std::string_view) override { return true; }
};

}  // namespace midge::auth
