// The event loop and the protocol of all clients of a run, in one thread. A scenario drives it
// through connect_all(), subscribe() and run_publishers(), or, where it needs more, through poll()
// and the two hooks. Whatever goes wrong is thrown as a Failure.
//
//   engine.cpp   connections, writing, the window of each publisher
//   receive.cpp  bytes to packets, deliveries, acknowledgements
#pragma once

#include <netinet/in.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "tests/bench/load/client.hpp"
#include "tests/bench/load/options.hpp"
#include "tests/bench/load/packets.hpp"
#include "tests/bench/load/probe.hpp"

namespace midge::bench {

class Engine {
 public:
  // Both outlive the engine.
  Engine(const Options& options, const BrokerProbe& probe);
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  ~Engine();

  const Options& options;
  const BrokerProbe& probe;
  std::deque<Client> clients;  // epoll holds pointers into it

  Client& add_client();
  // A client that publishes `topic` with the run's QoS and payload.
  Client& add_publisher(std::string_view topic);

  // Starts one connection; CONNECT goes out as soon as TCP is up.
  void open(Client& client, const std::string& client_id);
  void close(Client& client);
  // Sends DISCONNECT, then closes.
  void say_goodbye(Client& client);
  // Opens every idle client, a few at a time, and waits for each CONNACK.
  void connect_all();
  void subscribe(Client& client, const std::vector<std::string>& filters);
  void await_subacks();
  void send(Client& client, const std::string& bytes);
  // One message of the client's template, stamped `sent_ns`.
  void publish(Client& client, std::uint64_t sent_ns);

  // Publishes from all of `publishers`, each with at most `window` messages undelivered, for
  // `seconds`, or `count` messages each unless that is 0; then drain().
  void run_publishers(const std::vector<std::uint32_t>& publishers, std::uint32_t window,
                      double seconds, std::uint64_t count);
  // Waits until every message is delivered and every acknowledgement is in.
  void drain();
  // One round of the event loop.
  void poll(int timeout_ms);

  [[nodiscard]] std::uint64_t now() const { return now_ns_; }  // of the last poll()
  [[nodiscard]] bool is_complete() const { return delivered == expected; }

  std::uint64_t published = 0;
  std::uint64_t expected = 0;  // deliveries
  std::uint64_t delivered = 0;
  std::uint64_t acknowledged = 0;
  std::uint64_t subacks = 0;
  std::uint64_t out_of_order = 0;
  bool check_order = false;                       // only where each subscriber hears one publisher
  bool shared_topic = false;                      // fan-out: the window is the slowest reader's
  std::function<void(Client&, Type)> on_control;  // CONNACK, SUBACK, ...
  std::function<void(Client&, const Stamp&)> on_delivery;

 private:
  void watch(const Client& client, int operation, std::uint32_t events);

  // --- writing: what was appended during one round leaves in one send() per connection
  void queue_flush(Client& client);
  void flush_queued();
  void flush(Client& client);
  void writable(Client& client);

  // --- flow control
  [[nodiscard]] bool is_pending() const;
  [[nodiscard]] bool all_sent() const;
  void touch(Client& client);
  void top_up();
  void top_up(Client& client);

  // --- receive.cpp
  void readable(Client& client);
  [[nodiscard]] std::size_t parse(Client& client, const std::uint8_t* bytes, std::size_t size);
  void on_publish(Client& client, const std::uint8_t* packet, std::size_t header_bytes,
                  std::size_t packet_bytes, std::size_t available);
  void on_packet(Client& client, Type type, const std::uint8_t* body, std::size_t bytes);
  void credit(Client& client, const Stamp& stamp, std::uint8_t qos, std::uint16_t id);
  void send_ack(Client& client, Type type, std::uint16_t id);

  int epoll_ = -1;
  sockaddr_in address_{};
  std::vector<std::uint8_t> buffer_;
  std::vector<Client*> to_flush_;
  std::vector<Client*> to_top_up_;
  std::vector<std::uint64_t> stop_at_count_;  // by client: messages sent
  std::uint64_t stop_at_ns_ = 0;
  std::uint64_t give_up_at_ns_ = 0;
  std::uint64_t now_ns_ = 0;
  std::uint32_t window_ = 0;
  std::uint64_t up_ = 0;
  std::uint64_t subscribed_ = 0;
};

}  // namespace midge::bench
