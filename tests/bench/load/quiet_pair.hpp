// A publisher and its subscriber that exchange one QoS 1 message at a time, with a rest in between,
// in a thread of their own: what a well-behaved client notices of its neighbours.
//
// A round trip lasts from just before the PUBLISH is sent until both the message has come to the
// subscriber and the PUBACK to the publisher. The kernel stamps what comes when it comes, so that a
// thread that has to wait for the processor does not count as a slow broker.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "tests/bench/load/options.hpp"
#include "tests/bench/load/packets.hpp"

namespace midge::bench {

class QuietPair {
 public:
  // Connects, subscribes and starts. `options` outlives it.
  explicit QuietPair(const Options& options);
  QuietPair(const QuietPair&) = delete;
  QuietPair& operator=(const QuietPair&) = delete;
  ~QuietPair();

  // Round trips that begin from now on belong to this part.
  enum Part : std::uint8_t { Warm, Alone, Disturbed, Over };
  void begin(Part part) { part_ = part; }

  // Waits for the last round trip. Throws the Failure that ended the thread, if one did.
  void finish();
  // Only after finish().
  [[nodiscard]] std::vector<std::uint64_t>& round_trips_ns(Part part) { return samples_[part]; }

 private:
  // A connection that blocks.
  class Socket {
   public:
    explicit Socket(const Options& options);
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;
    ~Socket();

    void send(const std::string& bytes);
    // Waits for the next packet and takes it; returns when its last byte came, in real time.
    std::uint64_t take(Type type);
    // Of the packet taken last, without its fixed header.
    [[nodiscard]] const std::string& body() const { return body_; }

   private:
    [[nodiscard]] bool take_packet(Type& type);

    int fd_;
    std::string received_;
    std::string body_;
    std::uint64_t arrived_ns_ = 0;
  };

  void connect(Socket& socket, const char* client_id);
  void run();
  [[nodiscard]] std::uint64_t round_trip_ns();

  const Options& options_;
  Socket publisher_;
  Socket subscriber_;
  PublishTemplate message_;
  std::uint16_t last_id_ = 0;
  std::atomic<Part> part_ = Warm;
  std::array<std::vector<std::uint64_t>, Over> samples_;
  std::string error_;
  std::thread thread_;
};

}  // namespace midge::bench
