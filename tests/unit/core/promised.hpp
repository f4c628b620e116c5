// A broker on an arena of a given size, and clients that fill it with all that a budget promises.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "broker/core/make_budget.hpp"
#include "tests/support/client.hpp"

namespace midge::test {

inline constexpr std::size_t kPageSizes[] = {256, 512, 1'024, 4'096};

// What there is of everything: limits, promise and pages.
struct Plan {
  settings::Limits limits{.connections = 8,
                          .sessions = 14,
                          .subscriptions = 2 * 14,
                          .retained_messages = 20,
                          .queued_messages = 10,
                          .total_queued_messages = 6 * 10,
                          .inflight_messages = 4,
                          .inbound_qos2 = 4,
                          .packet_bytes = 2'048,
                          .payload_bytes = 1'500,
                          .topic_levels = 8,
                          .topic_alias_maximum = 2,
                          .topic_alias_maximum_out = 2};
  // Only what lies in memory for long, in lengths that all are the same.
  core::Promise promise{.client_id_bytes = 20,
                        .filter_bytes = 24,
                        .topic_bytes = 24,
                        .payload_bytes = 32,
                        .arriving = 1,
                        .filter_branches = 0,
                        .topic_branches = 0,
                        .groups = 0,
                        .expiring = 0,
                        .wills = 0,
                        .inflight = 0,
                        .receivers = 1,
                        .inbound_qos2 = 0,
                        .aliasing = 0,
                        .busy = 1,
                        .half_packets = 0,
                        .mixed_pages = 0};
  core::Paging paging{.page_bytes = 512, .reserve_pages = 4};

  [[nodiscard]] core::Budget budget() const { return core::make_budget(limits, promise, paging); }
};

class Promised : public Broker {
 public:
  // `missing_pages` less than the budget says.
  explicit Promised(const Plan& plan, std::size_t missing_pages = 0);

  // Clients take and bring all that is promised; what is refused they do without.
  void fill();
  // Whether nothing was refused, and all of it is there.
  [[nodiscard]] bool holds_all();
  // Everything goes away again: clients, sessions, retained messages.
  void clear();

  [[nodiscard]] std::size_t free_pages() { return sim.arena().available_pages(); }
  [[nodiscard]] std::uint32_t sleepers() const { return limits.sessions - limits.connections; }
  [[nodiscard]] std::uint32_t queued_each() const {
    return limits.total_queued_messages / sleepers();
  }
  // Of exactly the promised length. Filters are topics too.
  [[nodiscard]] std::string client_id(std::uint32_t session) const;
  [[nodiscard]] std::string filter(std::uint32_t session, std::uint32_t index) const;
  [[nodiscard]] std::string topic(std::uint32_t index) const;
  [[nodiscard]] std::string payload() const { return std::string(promise_.payload_bytes, 'p'); }

  // With the last one gone there is room to look at what is there.
  std::vector<std::unique_ptr<Client>> online;

 private:
  [[nodiscard]] ConnectOptions connect_options(std::uint32_t session) const;
  void subscribe(Client& client, std::uint32_t session);
  void sleep();
  void come();
  void retain();
  void queue();
  void send();

  core::Promise promise_;
};

}  // namespace midge::test
