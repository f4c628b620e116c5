#include "tests/bench/load/engine.hpp"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "tests/bench/load/error.hpp"

namespace midge::bench {
namespace {

constexpr std::size_t kReadBytes = std::size_t{256} << 10;
constexpr std::uint64_t kOpeningAtOnce = 128;  // below what a broker's listen() queue takes
constexpr std::uint64_t kStallNs = 3'000'000'000;
constexpr std::uint64_t kNever = UINT64_MAX;

}  // namespace

Engine::Engine(const Options& run_options, const BrokerProbe& broker_probe)
    : options(run_options), probe(broker_probe), buffer_(kReadBytes) {
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  if (epoll_ < 0) fail_with_errno("epoll");
  address_.sin_family = AF_INET;
  address_.sin_port = htons(options.port);
  if (inet_pton(AF_INET, options.host.c_str(), &address_.sin_addr) != 1) {
    throw Failure("bad address " + options.host);
  }
  now_ns_ = now_ns();
  give_up_at_ns_ = now_ns_ + to_ns(options.limit_seconds);
}

Engine::~Engine() {
  for (Client& client : clients) close(client);
  ::close(epoll_);
}

Client& Engine::add_client() {
  clients.emplace_back();
  clients.back().index = static_cast<std::uint32_t>(clients.size() - 1);
  return clients.back();
}

Client& Engine::add_publisher(std::string_view topic) {
  Client& client = add_client();
  client.message = PublishTemplate(options.v5, topic, options.qos, false, options.payload_bytes);
  return client;
}

void Engine::watch(const Client& client, int operation, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = const_cast<Client*>(&client);
  epoll_ctl(epoll_, operation, client.fd, &event);
}

void Engine::open(Client& client, const std::string& client_id) {
  client.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (client.fd < 0) fail_with_errno("socket");
  const int one = 1;
  setsockopt(client.fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (connect(client.fd, reinterpret_cast<const sockaddr*>(&address_), sizeof address_) != 0 &&
      errno != EINPROGRESS) {
    fail_with_errno("connect");
  }
  client.state = Client::State::Connecting;
  client.out = connect_packet(options.v5, client_id, client.is_kept);
  client.blocked = true;  // EPOLLOUT tells that TCP is up
  watch(client, EPOLL_CTL_ADD, EPOLLIN | EPOLLOUT);
}

void Engine::close(Client& client) {
  if (client.fd >= 0) ::close(client.fd);
  client.fd = -1;
  client.state = Client::State::Idle;
  client.out.clear();
  client.in.clear();
  client.payload_to_come = 0;
  client.blocked = false;
}

void Engine::say_goodbye(Client& client) {
  const std::string bytes = disconnect_packet();
  [[maybe_unused]] const ssize_t taken =
      ::send(client.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  close(client);
}

void Engine::connect_all() {
  std::uint64_t started = up_;
  std::uint64_t target = up_;
  for (const Client& client : clients) target += client.state == Client::State::Idle ? 1 : 0;
  std::size_t next = 0;
  while (up_ < target) {
    while (next < clients.size() && started < up_ + kOpeningAtOnce) {
      Client& client = clients[next++];
      if (client.state != Client::State::Idle) continue;
      open(client, "L" + std::to_string(client.index));
      ++started;
    }
    poll(100);
  }
}

void Engine::subscribe(Client& client, const std::vector<std::string>& filters) {
  send(client, subscribe_packet(options.v5, client.next_id(), filters, options.qos));
  ++subscribed_;
}

void Engine::await_subacks() {
  while (subacks < subscribed_) poll(100);
}

void Engine::send(Client& client, const std::string& bytes) {
  client.out += bytes;
  queue_flush(client);
}

void Engine::publish(Client& client, std::uint64_t sent_ns) {
  const std::uint16_t id = client.message.has_id() ? client.next_id() : std::uint16_t{0};
  client.message.append_to(client.out, id,
                           {sent_ns, client.index, static_cast<std::uint32_t>(client.sent)});
  ++client.sent;
  ++published;
  expected += client.readers.size();
  queue_flush(client);
}

void Engine::run_publishers(const std::vector<std::uint32_t>& publishers, std::uint32_t window,
                            double seconds, std::uint64_t count) {
  now_ns_ = now_ns();
  window_ = window;
  stop_at_ns_ = count != 0 ? kNever : now_ns_ + to_ns(seconds);
  stop_at_count_.assign(clients.size(), 0);
  for (const std::uint32_t index : publishers) {
    Client& client = clients[index];
    stop_at_count_[index] = count != 0 ? client.sent + count : kNever;
    touch(client);
  }
  top_up();
  drain();
}

void Engine::drain() {
  const auto progress = [this] { return delivered + acknowledged + published; };
  std::uint64_t seen = progress();
  std::uint64_t since_ns = now_ns_;
  while (now_ns_ < stop_at_ns_ || is_pending()) {
    if (stop_at_ns_ == kNever && !is_pending() && all_sent()) break;
    poll(50);
    if (progress() != seen) {
      seen = progress();
      since_ns = now_ns_;
    } else if (now_ns_ - since_ns > kStallNs) {
      throw Failure("stalled: " + std::to_string(delivered) + " of " + std::to_string(expected) +
                    " delivered");
    }
  }
}

void Engine::poll(int timeout_ms) {
  flush_queued();
  std::array<epoll_event, 512> events;
  const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), timeout_ms);
  now_ns_ = now_ns();
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    Client& client = *static_cast<Client*>(event.data.ptr);
    if (client.fd < 0) continue;
    if ((event.events & EPOLLOUT) != 0) writable(client);
    if ((event.events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) readable(client);
  }
  top_up();
  flush_queued();
  if (now_ns_ > give_up_at_ns_) throw Failure("not done within the time limit");
  if (count == 0 && !probe.is_alive()) throw Failure("the broker is gone");
}

// --- writing -------------------------------------------------------------------------------------

void Engine::queue_flush(Client& client) {
  if (client.queued || client.blocked) return;
  client.queued = true;
  to_flush_.push_back(&client);
}

void Engine::flush_queued() {
  for (std::size_t i = 0; i < to_flush_.size(); ++i) {
    to_flush_[i]->queued = false;
    if (to_flush_[i]->fd >= 0) flush(*to_flush_[i]);
  }
  to_flush_.clear();
}

void Engine::flush(Client& client) {
  if (client.out.empty()) return;
  const ssize_t taken = ::send(client.fd, client.out.data(), client.out.size(), MSG_NOSIGNAL);
  if (taken < 0 && errno != EAGAIN && errno != EINTR) fail_with_errno("send");
  client.out.erase(0, taken > 0 ? static_cast<std::size_t>(taken) : 0);
  if (!client.out.empty() && !client.blocked) {
    client.blocked = true;
    watch(client, EPOLL_CTL_MOD, EPOLLIN | EPOLLOUT);
  }
}

void Engine::writable(Client& client) {
  if (client.state == Client::State::Connecting) {
    int error = 0;
    socklen_t length = sizeof error;
    getsockopt(client.fd, SOL_SOCKET, SO_ERROR, &error, &length);
    if (error != 0) fail_with_errno("connect", error);
    client.state = Client::State::Handshaking;
  }
  flush(client);
  if (client.out.empty() && client.blocked) {
    client.blocked = false;
    watch(client, EPOLL_CTL_MOD, EPOLLIN);
  }
}

// --- flow control --------------------------------------------------------------------------------
// A publisher keeps a window of undelivered messages, so that no broker has a reason to drop; it is
// filled when half of it is free, which lets a broker batch.

bool Engine::is_pending() const {
  return delivered < expected || (options.qos > 0 && acknowledged < published);
}

bool Engine::all_sent() const {
  for (std::size_t i = 0; i < stop_at_count_.size(); ++i) {
    if (clients[i].sent < stop_at_count_[i]) return false;
  }
  return true;
}

void Engine::touch(Client& client) {
  if (client.touched || client.message.empty() || window_ == 0) return;
  client.touched = true;
  to_top_up_.push_back(&client);
}

void Engine::top_up() {
  for (std::size_t i = 0; i < to_top_up_.size(); ++i) {
    to_top_up_[i]->touched = false;
    top_up(*to_top_up_[i]);
  }
  to_top_up_.clear();
}

void Engine::top_up(Client& client) {
  if (now_ns_ >= stop_at_ns_ || client.sent >= stop_at_count_[client.index]) return;
  std::uint64_t done =
      client.readers.empty() ? client.acknowledged : client.delivered / client.readers.size();
  if (shared_topic && client.sent - done < window_) {
    for (const std::uint32_t reader : client.readers) {
      done = std::min(done, clients[reader].received);
    }
  }
  std::uint64_t open = client.sent - done;
  std::uint64_t window = window_;
  if (options.qos > 0) {
    open = std::max(open, client.sent - client.acknowledged);
    window = std::min<std::uint64_t>(window, client.receive_maximum);
  }
  if (open > window / 2) return;
  const std::uint64_t count = std::min(window - open, stop_at_count_[client.index] - client.sent);
  const std::uint64_t sent_ns = now_ns();
  for (std::uint64_t i = 0; i < count; ++i) publish(client, sent_ns);
}

}  // namespace midge::bench
