#include "tests/bench/load/quiet_pair.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "tests/bench/load/error.hpp"
#include "tests/bench/load/probe.hpp"

namespace midge::bench {
namespace {

constexpr const char* kTopic = "quiet/pair";
constexpr timeval kPatience{10, 0};  // a round trip that takes longer ends the run
constexpr std::chrono::microseconds kRest{500};

// The kernel's own stamps are real time.
std::uint64_t real_ns() {
  return clock_ns(CLOCK_REALTIME);
}

std::uint64_t stamp_of(msghdr& message) {
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part != nullptr;
       part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_TIMESTAMPNS) continue;
    timespec time{};
    std::memcpy(&time, CMSG_DATA(part), sizeof time);
    return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000U +
           static_cast<std::uint64_t>(time.tv_nsec);
  }
  return real_ns();
}

}  // namespace

QuietPair::Socket::Socket(const Options& options)
    : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  if (fd_ < 0) fail_with_errno("socket");
  const int one = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  setsockopt(fd_, SOL_SOCKET, SO_TIMESTAMPNS, &one, sizeof one);
  setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(options.port);
  inet_pton(AF_INET, options.host.c_str(), &address.sin_addr);
  if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    const int error = errno;
    close(fd_);
    fail_with_errno("connect", error);
  }
}

QuietPair::Socket::~Socket() {
  close(fd_);
}

void QuietPair::Socket::send(const std::string& bytes) {
  const ssize_t taken = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (taken != static_cast<ssize_t>(bytes.size())) fail_with_errno("quiet pair: send");
}

std::uint64_t QuietPair::Socket::take(Type type) {
  Type came{};
  while (!take_packet(came)) {
    char bytes[4'096];
    alignas(cmsghdr) char control[256];
    iovec part{bytes, sizeof bytes};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    const ssize_t received = recvmsg(fd_, &message, 0);
    if (received == 0) throw Failure("quiet pair: the broker closed the connection");
    if (received < 0) fail_with_errno("quiet pair: receive");
    arrived_ns_ = stamp_of(message);
    received_.append(bytes, static_cast<std::size_t>(received));
  }
  if (came != type) {
    throw Failure("quiet pair: packet of type " + std::to_string(static_cast<int>(came)) +
                  " instead of " + std::to_string(static_cast<int>(type)));
  }
  return arrived_ns_;
}

bool QuietPair::Socket::take_packet(Type& type) {
  constexpr std::size_t kLongestHeader = 3;  // nothing here is longer than 16 KiB
  std::size_t length = 0;
  for (std::size_t at = 1; at < std::min(received_.size(), kLongestHeader); ++at) {
    const auto digit = static_cast<unsigned char>(received_[at]);
    length |= static_cast<std::size_t>(digit & 127) << (7 * (at - 1));
    if ((digit & 128) != 0) continue;
    if (received_.size() < at + 1 + length) return false;
    type = static_cast<Type>(static_cast<unsigned char>(received_[0]) >> 4);
    body_ = received_.substr(at + 1, length);
    received_.erase(0, at + 1 + length);
    return true;
  }
  return false;
}

QuietPair::QuietPair(const Options& options)
    : options_(options),
      publisher_(options),
      subscriber_(options),
      message_(options.v5, kTopic, 1, false, options.payload_bytes) {
  connect(publisher_, "quiet-publisher");
  connect(subscriber_, "quiet-subscriber");
  subscriber_.send(subscribe_packet(options.v5, 1, {kTopic}, 1));
  subscriber_.take(Type::Suback);
  thread_ = std::thread([this] {
    try {
      run();
    } catch (const Failure& failure) {
      error_ = failure.what();
    }
  });
}

QuietPair::~QuietPair() {
  part_ = Over;
  if (thread_.joinable()) thread_.join();
}

void QuietPair::connect(Socket& socket, const char* client_id) {
  socket.send(connect_packet(options_.v5, client_id, false));
  socket.take(Type::Connack);
}

void QuietPair::finish() {
  part_ = Over;
  if (thread_.joinable()) thread_.join();
  if (!error_.empty()) throw Failure(error_);
}

void QuietPair::run() {
  for (Part part = part_; part != Over; part = part_) {
    samples_[part].push_back(round_trip_ns());
    std::this_thread::sleep_for(kRest);
  }
}

std::uint64_t QuietPair::round_trip_ns() {
  last_id_ = static_cast<std::uint16_t>(last_id_ % 65'535 + 1);
  std::string publish;
  message_.append_to(publish, last_id_, {now_ns(), kForeignPublisher, 0});
  const std::uint64_t sent_ns = real_ns();
  publisher_.send(publish);
  const std::uint64_t acknowledged_ns = publisher_.take(Type::Puback);
  const std::uint64_t delivered_ns = subscriber_.take(Type::Publish);

  // The subscriber's acknowledgement: its packet identifier lies behind the topic name.
  const std::string& body = subscriber_.body();
  const std::size_t at = 2 + std::strlen(kTopic);
  std::string puback;
  append_ack(puback, Type::Puback,
             static_cast<std::uint16_t>(static_cast<unsigned char>(body.at(at)) << 8 |
                                        static_cast<unsigned char>(body.at(at + 1))));
  subscriber_.send(puback);
  const std::uint64_t end_ns = std::max(acknowledged_ns, delivered_ns);
  return end_ns > sent_ns ? end_ns - sent_ns : 0;
}

}  // namespace midge::bench
