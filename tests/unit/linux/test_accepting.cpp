#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "platform/linux/accepting.hpp"
#include "platform/linux/clock.hpp"
#include "platform/linux/listen_sockets.hpp"
#include "tests/unit/linux/world.hpp"

namespace midge::platform {

namespace {

class Lines final : public LogSink {
 public:
  [[nodiscard]] bool wants(LogLevel) const override { return true; }
  void write(LogLevel, std::string_view line) override { lines.emplace_back(line); }

  [[nodiscard]] std::size_t count(std::string_view text) const {
    std::size_t found = 0;
    for (const std::string& line : lines) found += line.find(text) != std::string::npos ? 1 : 0;
    return found;
  }

  std::vector<std::string> lines;
};

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

// A socket bound to a port that nobody else has, and the port.
Descriptor bind_any(std::uint16_t& port) {
  Descriptor made(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  REQUIRE(bind(made.get(), reinterpret_cast<sockaddr*>(&address), size) == 0);
  REQUIRE(getsockname(made.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
  port = ntohs(address.sin_port);
  return made;
}

std::uint16_t free_port() {
  std::uint16_t port = 0;
  const Descriptor taken = bind_any(port);
  return port;
}

std::string socket_path() {
  return "/tmp/midge-unit-linux-" + std::to_string(getpid()) + ".sock";
}

Descriptor connect_unix(const std::string& path) {
  Descriptor made(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  if (connect(made.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) made.reset();
  return made;
}

settings::Settings on_path(const std::string& path) {
  settings::Settings settings;
  settings.listeners[0].port = 0;
  settings.listeners[0].unix_path = path;
  settings.listener_count = 1;
  return settings;
}

// All listeners of `settings` in a world.
struct Entry {
  explicit Entry(const settings::Settings& settings) {
    REQUIRE(sockets.open(settings, log));
    std::size_t i = 0;
    for (ListenSocket& socket : sockets.sockets()) REQUIRE(listeners[i++].start(socket, entrance));
  }

  World world;
  Lines log;
  metrics::Metrics metrics;
  DescriptorReserve reserve{log};
  Entrance entrance{world.loop, *world.connections, world.door, metrics, reserve};
  ListenSockets sockets;
  std::array<SocketListener, ListenSockets::kMaximumSockets> listeners;
};

}  // namespace

TEST_CASE("peers of both families and of a Unix socket come in under their names") {
  const std::string path = socket_path();
  settings::Settings settings = on_path(path);
  settings.listeners[1].port = free_port();  // all interfaces
  settings.listener_count = 2;
  Entry entry(settings);

  const Descriptor unix_peer = connect_unix(path);
  Descriptor v4(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in address = loopback(settings.listeners[1].port);
  REQUIRE(connect(v4.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  REQUIRE(entry.world.turn_until([&] { return entry.world.door.guests.size() == 2; }));
  Door& door = entry.world.door;
  const std::size_t tcp = door.listeners[0] == 1 ? 0 : 1;
  CHECK(door.peers[1 - tcp] == "unix");
  CHECK(door.peers[tcp].starts_with("127.0.0.1:"));
  CHECK(door.listeners[1 - tcp] == 0);
  CHECK(entry.log.count("Opening unix listen socket on path " + path + ".") == 1);
  CHECK(entry.log.count("Opening ipv4 listen socket on port ") == 1);

  Descriptor v6(socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in6 address6{};
  address6.sin6_family = AF_INET6;
  address6.sin6_port = htons(settings.listeners[1].port);
  address6.sin6_addr = in6addr_loopback;
  if (v6 && connect(v6.get(), reinterpret_cast<sockaddr*>(&address6), sizeof address6) == 0) {
    REQUIRE(entry.world.turn_until([&] { return door.guests.size() == 3; }));
    CHECK(door.peers[2].starts_with("[::1]:"));
  }

  entry.listeners[0].close();
  entry.listeners[0].close();
  CHECK_FALSE(connect_unix(path));
}

TEST_CASE("accepted sockets have no Nagle delay") {
  settings::Settings settings;
  settings.listeners[0].port = free_port();
  settings.listeners[0].bind_address = "127.0.0.1";
  settings.listener_count = 1;
  Lines log;
  ListenSockets sockets;
  REQUIRE(sockets.open(settings, log));
  REQUIRE(sockets.sockets().size() == 1);
  const Descriptor peer(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in address = loopback(settings.listeners[0].port);
  REQUIRE(connect(peer.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  const Descriptor ours(accept(sockets.sockets()[0].socket.get(), nullptr, nullptr));
  int value = 0;
  socklen_t size = sizeof value;
  REQUIRE(getsockopt(ours.get(), IPPROTO_TCP, TCP_NODELAY, &value, &size) == 0);
  CHECK(value != 0);
}

TEST_CASE("a taken port is a clear error") {
  std::uint16_t port = 0;
  const Descriptor taken = bind_any(port);
  REQUIRE(listen(taken.get(), 1) == 0);
  for (const char* name : {"127.0.0.1", "localhost"}) {
    settings::Settings settings;
    settings.listeners[0].port = port;
    settings.listeners[0].bind_address = name;
    settings.listeners[0].domain = settings::SocketDomain::IPv4;
    settings.listener_count = 1;
    Lines log;
    ListenSockets sockets;
    CHECK_FALSE(sockets.open(settings, log));
    CHECK(log.lines.back() ==
          "Error: Address already in use (" + std::string(name) + ":" + std::to_string(port) + ")");
  }
}

TEST_CASE("an address that is not ours and a name that nobody has are errors") {
  for (const char* name : {"192.0.2.77", "no-such-host.invalid"}) {
    settings::Settings settings;
    settings.listeners[0].port = free_port();
    settings.listeners[0].bind_address = name;
    settings.listener_count = 1;
    Lines log;
    ListenSockets sockets;
    CHECK_FALSE(sockets.open(settings, log));
    CHECK(log.lines.back().starts_with("Error: "));
    CHECK(log.lines.back().find(name) != std::string::npos);
  }
}

TEST_CASE("a Unix socket replaces a dead one, not a live one and not another file") {
  const std::string path = socket_path();
  const settings::Settings settings = on_path(path);
  Lines log;
  {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    const Descriptor dead(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    REQUIRE(bind(dead.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  }
  {
    ListenSockets first;
    REQUIRE(first.open(settings, log));
    ListenSockets second;
    CHECK_FALSE(second.open(settings, log));
    CHECK(log.lines.back() == "Error: Address already in use (" + path + ")");
    CHECK(connect_unix(path));
  }
  struct stat status {};
  CHECK(stat(path.c_str(), &status) != 0);  // taken away at the end

  FILE* const file = fopen(path.c_str(), "w");
  REQUIRE(file != nullptr);
  fclose(file);
  ListenSockets third;
  CHECK_FALSE(third.open(settings, log));
  CHECK(stat(path.c_str(), &status) == 0);
  unlink(path.c_str());
}

TEST_CASE("without descriptors peers are turned away, nothing spins, and it passes") {
  const std::string path = socket_path();
  const settings::Settings settings = on_path(path);
  Entry entry(settings);
  World& world = entry.world;
  std::vector<Descriptor> peers;
  for (int i = 0; i < 4; ++i) peers.push_back(connect_unix(path));
  REQUIRE(world.turn_until([&] { return world.door.guests.size() == 4; }));
  for (int i = 0; i < 6; ++i) peers.push_back(connect_unix(path));  // in the backlog

  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  rlimit low = before;
  const Descriptor probe(dup(0));
  low.rlim_cur = static_cast<rlim_t>(probe.get());  // not one more
  REQUIRE(setrlimit(RLIMIT_NOFILE, &low) == 0);
  for (int i = 0; i < 3; ++i) world.turn();

  CHECK(world.door.guests.size() == 4);
  CHECK(entry.metrics[metrics::Cause::ConnectionLimit] == 6);
  CHECK(entry.log.count("Try increasing \"ulimit -n\"") == 1);
  for (std::size_t i = 4; i < peers.size(); ++i) CHECK(receive(peers[i], 1).empty());

  const Instant start = monotonic_now();
  world.turn(Duration(100));  // nothing to do: it waits
  CHECK(monotonic_now() - start >= Duration(100));
  send_all(peers[0], "alive");
  world.turn();
  CHECK(world.door.guests[0]->received == "alive");

  peers[1].reset();  // a client goes: its descriptors serve the next one
  REQUIRE(world.turn_until([&] { return world.door.guests[1]->closed == 1; }));
  Descriptor next = connect_unix(path);
  REQUIRE(next);
  for (int i = 0; i < 3; ++i) world.turn();
  setrlimit(RLIMIT_NOFILE, &before);
  REQUIRE(world.turn_until([&] { return world.door.guests.size() == 5; }));
  send_all(next, "welcome");
  REQUIRE(world.turn_until([&] { return world.door.guests[4]->received == "welcome"; }));
}

TEST_CASE("without even a spare descriptor the listener rests for a second") {
  const std::string path = socket_path();
  const settings::Settings settings = on_path(path);
  Entry entry(settings);
  World& world = entry.world;
  const Descriptor peer = connect_unix(path);

  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  rlimit low = before;
  low.rlim_cur = 0;  // the spare can be closed, and not opened again
  REQUIRE(setrlimit(RLIMIT_NOFILE, &low) == 0);
  const Instant start = monotonic_now();
  int turns = 0;
  while (monotonic_now() - start < Duration(500)) {
    world.turn(Duration(100));
    ++turns;
  }
  setrlimit(RLIMIT_NOFILE, &before);
  CHECK(turns < 10);
  CHECK(world.door.guests.empty());
  REQUIRE(world.turn_until([&] { return world.door.guests.size() == 1; }));
}

TEST_CASE("a storm of peers is taken in over several turns") {
  const std::string path = socket_path();
  const settings::Settings settings = on_path(path);
  Entry entry(settings);
  std::vector<Descriptor> peers;
  for (int i = 0; i < 100; ++i) {
    peers.push_back(connect_unix(path));
    REQUIRE(peers.back());
  }
  entry.world.turn();
  CHECK(entry.world.door.guests.size() == 64);
  REQUIRE(entry.world.turn_until([&] { return entry.world.door.guests.size() == 100; }));
}

}  // namespace midge::platform
