// midge-bench-floor: the least that a single-threaded broker on epoll and plain TCP sockets costs.
//
// It is not a broker. It answers CONNECT, SUBSCRIBE and the QoS 1 and 2 handshakes with constant
// bytes, compares topics once per publishing connection (a filter with + or # takes every topic),
// keeps no state per message, and forwards each PUBLISH as it came: same packet identifier, same
// QoS, no copy in user space. What is left no broker of this shape can avoid: epoll_wait, one
// recv() per ready connection, the length of each packet, and one sendmsg() per receiving
// connection and round. A broker's CPU time per delivery divided by this program's, in the same
// scenario and run, says how far it is from the limit of its system calls.
//
// Valid for fanout, fanin, pairs, connect and latency, each with one publisher per topic. (Fan-in
// above QoS 0 works only because midge-bench does not check the identifiers it is sent.)
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace midge::bench {
namespace {

constexpr std::size_t kReadBytes = std::size_t{256} << 10;  // from one connection in a round
constexpr std::size_t kRoundBytes = std::size_t{1} << 20;   // from all, until they are written
constexpr std::size_t kMaximumParts = 512;                  // of one sendmsg()

struct Connection {
  int fd = -1;
  bool v5 = false;
  bool dirty = false;      // in the list of connections to flush
  bool blocked = false;    // waits for EPOLLOUT
  std::string in;          // the start of a packet whose rest has not come
  std::string backlog;     // what the kernel did not take
  std::vector<iovec> out;  // parts of what was read in this round, adjacent ones merged
  std::string replies;     // acknowledgements, written behind `out`
  std::vector<std::string> filters;
  std::uint64_t routed_at = 0;  // the `generation_` when `readers` was worked out
  std::vector<Connection*> readers;
};

std::uint16_t read_u16(const char* bytes) {
  return static_cast<std::uint16_t>(static_cast<unsigned char>(bytes[0]) << 8 |
                                    static_cast<unsigned char>(bytes[1]));
}

class Floor {
 public:
  Floor(int listener, bool no_delay) : listener_(listener), no_delay_(no_delay) {
    epoll_event event{};
    event.events = EPOLLIN;  // with a null pointer: the listener
    epoll_ctl(epoll_, EPOLL_CTL_ADD, listener_, &event);
  }

  void round() {
    std::array<epoll_event, 512> events;
    const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      auto* const connection = static_cast<Connection*>(event.data.ptr);
      if (connection == nullptr) {
        accept_all();
        continue;
      }
      if (connection->fd >= 0 && (event.events & EPOLLOUT) != 0) writable(*connection);
      if (connection->fd >= 0 && (event.events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) {
        readable(*connection);
      }
    }
    flush_all();
  }

 private:
  void watch(Connection& connection, int operation, std::uint32_t events) const {
    epoll_event event{};
    event.events = events;
    event.data.ptr = &connection;
    epoll_ctl(epoll_, operation, connection.fd, &event);
  }

  void accept_all() {
    for (int fd; (fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK)) >= 0;) {
      const int one = 1;
      if (no_delay_) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
      const auto at = static_cast<std::size_t>(fd);
      if (connections_.size() <= at) connections_.resize(at + 1);
      connections_[at] = std::make_unique<Connection>();
      connections_[at]->fd = fd;
      watch(*connections_[at], EPOLL_CTL_ADD, EPOLLIN);
    }
  }

  void drop(Connection& connection) {
    close(connection.fd);
    connection.fd = -1;
    connection.out.clear();
    connection.replies.clear();
    ++generation_;
  }

  void mark(Connection& connection) {
    if (connection.dirty) return;
    connection.dirty = true;
    dirty_.push_back(&connection);
  }

  void flush_all() {
    for (Connection* const connection : dirty_) flush(*connection);
    dirty_.clear();
    used_ = 0;
  }

  // Hands everything to the kernel in one call; keeps a copy of what it did not take.
  void flush(Connection& connection) {
    connection.dirty = false;
    if (connection.fd < 0) return;
    std::vector<iovec>& out = connection.out;
    if (!connection.replies.empty()) {
      out.push_back({connection.replies.data(), connection.replies.size()});
    }
    if (connection.blocked) {  // behind the backlog
      for (const iovec& part : out) {
        connection.backlog.append(static_cast<const char*>(part.iov_base), part.iov_len);
      }
    } else if (!out.empty()) {
      msghdr message{};
      message.msg_iov = out.data();
      message.msg_iovlen = std::min(out.size(), kMaximumParts);
      const ssize_t sent = sendmsg(connection.fd, &message, MSG_NOSIGNAL);
      std::size_t taken = sent > 0 ? static_cast<std::size_t>(sent) : 0;
      for (const iovec& part : out) {
        const std::size_t gone = std::min(taken, part.iov_len);
        taken -= gone;
        connection.backlog.append(static_cast<const char*>(part.iov_base) + gone,
                                  part.iov_len - gone);
      }
      if (!connection.backlog.empty()) {
        connection.blocked = true;
        watch(connection, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
      }
    }
    out.clear();
    connection.replies.clear();
  }

  void writable(Connection& connection) {
    std::string& backlog = connection.backlog;
    const ssize_t sent = send(connection.fd, backlog.data(), backlog.size(), MSG_NOSIGNAL);
    if (sent > 0) backlog.erase(0, static_cast<std::size_t>(sent));
    if (!backlog.empty()) return;
    connection.blocked = false;
    watch(connection, EPOLL_CTL_MOD, EPOLLIN);
  }

  void readable(Connection& connection) {
    const std::size_t held = connection.in.size();
    if (held + kReadBytes > kRoundBytes) {
      std::fputs("midge-bench-floor: a packet larger than what it can hold\n", stderr);
      std::exit(3);
    }
    if (used_ + held + kReadBytes > kRoundBytes) flush_all();
    char* const bytes = memory_.data() + used_;
    const ssize_t received = recv(connection.fd, bytes + held, kReadBytes, 0);
    if (received <= 0) {
      if (received == 0 || (errno != EAGAIN && errno != EINTR)) drop(connection);
      return;
    }
    std::copy(connection.in.begin(), connection.in.end(), bytes);
    const std::size_t size = held + static_cast<std::size_t>(received);
    const std::size_t handled = handle_packets(connection, bytes, size);
    connection.in.assign(bytes + handled, size - handled);
    used_ += handled;
  }

  // Handles the whole packets in `bytes`, which stay put until flush_all(); returns their size.
  std::size_t handle_packets(Connection& connection, char* bytes, std::size_t size) {
    std::size_t at = 0;
    while (size - at >= 2) {
      char* const packet = bytes + at;
      const std::size_t available = size - at;
      std::size_t remaining_length = 0;
      std::size_t header_bytes = 1;
      for (unsigned shift = 0; header_bytes < available; shift += 7) {
        const auto digit = static_cast<unsigned char>(packet[header_bytes++]);
        remaining_length |= static_cast<std::size_t>(digit & 127) << shift;
        if ((digit & 128) == 0) break;
        if (header_bytes == available) return at;
      }
      const std::size_t packet_bytes = header_bytes + remaining_length;
      if (available < packet_bytes) break;
      handle(connection, packet, packet + header_bytes, packet_bytes);
      at += packet_bytes;
    }
    return at;
  }

  void handle(Connection& connection, char* packet, const char* body, std::size_t packet_bytes) {
    const std::size_t body_bytes = packet_bytes - static_cast<std::size_t>(body - packet);
    switch (static_cast<unsigned char>(packet[0]) >> 4) {
      case 1:  // CONNECT
        connection.v5 = body[6] == 5;
        reply(connection, connection.v5 ? std::string_view("\x20\x03\0\0\0", 5)
                                        : std::string_view("\x20\x02\0\0", 4));
        break;
      case 3:  // PUBLISH
        forward(connection, packet, body, packet_bytes);
        break;
      case 5:  // PUBREC from a subscriber
        acknowledge(connection, '\x62', body);
        break;
      case 6:  // PUBREL from a publisher
        acknowledge(connection, '\x70', body);
        break;
      case 8:  // SUBSCRIBE
        subscribe(connection, body, body_bytes);
        break;
      case 12:  // PINGREQ
        reply(connection, {"\xD0\0", 2});
        break;
      default:  // PUBACK, PUBCOMP, DISCONNECT
        break;
    }
  }

  void forward(Connection& connection, char* packet, const char* body, std::size_t packet_bytes) {
    const std::size_t topic_bytes = read_u16(body);
    if (connection.routed_at != generation_) route(connection, {body + 2, topic_bytes});
    for (Connection* const reader : connection.readers) {
      mark(*reader);
      std::vector<iovec>& out = reader->out;
      if (!out.empty() && static_cast<char*>(out.back().iov_base) + out.back().iov_len == packet) {
        out.back().iov_len += packet_bytes;
      } else {
        out.push_back({packet, packet_bytes});
      }
    }
    const int qos = packet[0] >> 1 & 3;
    if (qos > 0) acknowledge(connection, qos == 1 ? '\x40' : '\x50', body + 2 + topic_bytes);
  }

  void route(Connection& connection, std::string_view topic) const {
    connection.routed_at = generation_;
    connection.readers.clear();
    for (const auto& reader : connections_) {
      if (!reader || reader->fd < 0) continue;
      for (const std::string& filter : reader->filters) {
        if (filter.find_first_of("+#") == std::string::npos && filter != topic) continue;
        connection.readers.push_back(reader.get());
        break;
      }
    }
  }

  void reply(Connection& connection, std::string_view bytes) {
    connection.replies += bytes;
    mark(connection);
  }

  void acknowledge(Connection& connection, char first, const char* packet_id) {
    const char bytes[4] = {first, 2, packet_id[0], packet_id[1]};
    reply(connection, {bytes, sizeof bytes});
  }

  void subscribe(Connection& connection, const char* body, std::size_t body_bytes) {
    std::string codes;
    for (std::size_t at = connection.v5 ? 3 : 2; at + 2 < body_bytes;) {
      const std::size_t filter_bytes = read_u16(body + at);
      connection.filters.emplace_back(body + at + 2, filter_bytes);
      at += 2 + filter_bytes;
      codes += body[at++];
    }
    std::string suback(body, 2);
    if (connection.v5) suback += '\0';
    suback += codes;
    // Up to 127 bytes: enough for these scenarios.
    reply(connection, std::string("\x90") + static_cast<char>(suback.size()) + suback);
    ++generation_;
  }

  int epoll_ = epoll_create1(EPOLL_CLOEXEC);
  int listener_;
  bool no_delay_;
  std::vector<std::unique_ptr<Connection>> connections_;  // by descriptor
  std::vector<Connection*> dirty_;
  std::vector<char> memory_ = std::vector<char>(kRoundBytes);
  std::size_t used_ = 0;
  std::uint64_t generation_ = 1;  // changes when somebody's readers may have changed
};

int listen_on(std::uint16_t port) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int one = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      listen(listener, 1024) != 0) {
    std::perror("midge-bench-floor: listen");
    std::exit(1);
  }
  return listener;
}

}  // namespace
}  // namespace midge::bench

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fputs("usage: midge-bench-floor <port> [NODELAY]\n", stderr);
    return 2;
  }
  const auto port = static_cast<std::uint16_t>(std::atoi(argv[1]));
  midge::bench::Floor floor(midge::bench::listen_on(port), argc > 2);
  for (;;) floor.round();
}
