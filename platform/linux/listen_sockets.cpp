#include "platform/linux/listen_sockets.hpp"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <utility>

#include "broker/base/text.hpp"
#include "platform/linux/address_text.hpp"

namespace midge::platform {

namespace {

constexpr std::size_t kMaximumName = 256;  // of a host, with the zero at its end

enum class Opened : std::uint8_t { Yes, NoSuchFamily, Failed };

void report(LogSink& log, int error, std::string_view where) {
  char line[512];
  TextWriter text(line, sizeof line);
  text.add("Error: ").add(std::string_view(strerror(error))).add(" (").add_untrusted(where);
  log.write(LogLevel::Error, text.add(")").view());
}

void report_opening(LogSink& log, bool v6, std::uint16_t port) {
  char line[64];
  TextWriter text(line, sizeof line);
  text.add(v6 ? "Opening ipv6" : "Opening ipv4").add(" listen socket on port ").add(port);
  log.write(LogLevel::Information, text.add(".").view());
}

bool set_option(int socket, int level, int name) {
  const int one = 1;
  return setsockopt(socket, level, name, &one, sizeof one) == 0;
}

bool bind_to_interface(int socket, std::string_view interface) {
  return interface.empty() || setsockopt(socket, SOL_SOCKET, SO_BINDTODEVICE, interface.data(),
                                         static_cast<socklen_t>(interface.size())) == 0;
}

// Accepted sockets inherit TCP_NODELAY. It is always on: writes are batched here already, so
// Nagle's algorithm would only make the first message after a pause wait.
bool prepare(int socket, const sockaddr_storage& address, socklen_t size,
             std::string_view interface) {
  return set_option(socket, SOL_SOCKET, SO_REUSEADDR) &&
         (address.ss_family != AF_INET6 || set_option(socket, IPPROTO_IPV6, IPV6_V6ONLY)) &&
         set_option(socket, IPPROTO_TCP, TCP_NODELAY) && bind_to_interface(socket, interface) &&
         bind(socket, reinterpret_cast<const sockaddr*>(&address), size) == 0 &&
         listen(socket, SOMAXCONN) == 0;
}

// Opens a TCP listener; errno says why not.
Opened open_tcp(const sockaddr_storage& address, socklen_t size, std::string_view interface,
                Descriptor& out) {
  Descriptor made(socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!made) return errno == EAFNOSUPPORT ? Opened::NoSuchFamily : Opened::Failed;
  if (!prepare(made.get(), address, size, interface)) {
    // IPv6 may be switched off although the kernel knows it.
    const bool v6_off = address.ss_family == AF_INET6 && errno == EADDRNOTAVAIL;
    return v6_off ? Opened::NoSuchFamily : Opened::Failed;
  }
  out = std::move(made);
  return Opened::Yes;
}

// The addresses that a listener without a name, or with a numeric one, stands for.
struct Addresses {
  std::array<sockaddr_storage, 2> list{};
  std::size_t count = 0;

  void add(const in_addr& address, std::uint16_t port) {
    auto& to = reinterpret_cast<sockaddr_in&>(list[count++]);
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr = address;
  }
  void add(const in6_addr& address, std::uint16_t port) {
    auto& to = reinterpret_cast<sockaddr_in6&>(list[count++]);
    to.sin6_family = AF_INET6;
    to.sin6_port = htons(port);
    to.sin6_addr = address;
  }
};

Addresses direct_addresses(const settings::Listener& listener) {
  using settings::SocketDomain;
  Addresses found;
  char name[kMaximumName] = {};
  listener.bind_address.copy(name, sizeof name - 1);
  in_addr v4{};
  in6_addr v6{};
  if (name[0] == '\0') {  // all zero bytes are "any" in both families
    if (listener.domain != SocketDomain::IPv6) found.add(v4, listener.port);
    if (listener.domain != SocketDomain::IPv4) found.add(v6, listener.port);
  } else if (inet_pton(AF_INET, name, &v4) == 1) {
    found.add(v4, listener.port);
  } else if (inet_pton(AF_INET6, name, &v6) == 1) {
    found.add(v6, listener.port);
  }
  return found;
}

socklen_t size_of(const sockaddr_storage& address) {
  return address.ss_family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
}

// True when somebody answers at a Unix socket's address.
bool is_alive(const sockaddr_un& address) {
  const Descriptor probe(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
    return true;
  return errno != ECONNREFUSED && errno != ENOENT;  // a full backlog is alive too
}

// Takes away the socket file of a broker that died. Never a file of another kind.
void remove_stale(const sockaddr_un& address) {
  struct stat status {};
  if (lstat(address.sun_path, &status) == 0 && S_ISSOCK(status.st_mode) && !is_alive(address))
    unlink(address.sun_path);
}

}  // namespace

ListenSockets::~ListenSockets() {
  if (settings_ == nullptr) return;
  for (std::size_t i = 0; i < settings_->listener_count; ++i) {
    if ((unix_made_ >> i & 1) == 0) continue;
    sockaddr_un address{};
    settings_->listeners[i].unix_path.copy(address.sun_path, sizeof address.sun_path - 1);
    unlink(address.sun_path);
  }
}

bool ListenSockets::open(const settings::Settings& settings, LogSink& log) {
  settings_ = &settings;
  for (std::uint16_t i = 0; i < settings.listener_count; ++i) {
    if (!open_listener(settings.listeners[i], i, log)) return false;
  }
  if (count_ > 0) return true;
  log.write(LogLevel::Error, "Error: No listener could be opened.");
  return false;
}

bool ListenSockets::open_listener(const settings::Listener& listener, std::uint16_t index,
                                  LogSink& log) {
  if (listener.port == 0) return open_unix(listener, index, log);
  const Addresses direct = direct_addresses(listener);
  if (direct.count == 0) return open_name(listener, index, log);

  for (std::size_t i = 0; i < direct.count; ++i) {
    const sockaddr_storage& address = direct.list[i];
    const bool v6 = address.ss_family == AF_INET6;
    report_opening(log, v6, listener.port);
    Descriptor socket;
    const Opened opened = open_tcp(address, size_of(address), listener.bind_interface, socket);
    if (opened == Opened::Yes) {
      keep(std::move(socket), index);
      continue;
    }
    const int error = errno;
    AddressText where(reinterpret_cast<const sockaddr*>(&address));
    // A machine without IPv6 still has the rest: [::] beside 0.0.0.0, ::1 beside 127.0.0.1.
    const bool optional = v6 && listener.domain != settings::SocketDomain::IPv6 &&
                          (listener.bind_address.empty() || listener.bind_address == "::1");
    if (opened == Opened::NoSuchFamily && optional) {
      log.write(LogLevel::Warning, "Warning: There is no IPv6 on this machine.");
      continue;
    }
    report(log, error, where.view());
    return false;
  }
  return true;
}

bool ListenSockets::open_name(const settings::Listener& listener, std::uint16_t index,
                              LogSink& log) {
  using settings::SocketDomain;
  char name[kMaximumName] = {};
  listener.bind_address.copy(name, sizeof name - 1);
  char port[8] = {};
  TextWriter(port, sizeof port - 1).add(listener.port);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  if (listener.domain == SocketDomain::IPv4) hints.ai_family = AF_INET;
  if (listener.domain == SocketDomain::IPv6) hints.ai_family = AF_INET6;

  addrinfo* found = nullptr;
  if (const int error = getaddrinfo(name, port, &hints, &found); error != 0) {
    char line[512];
    TextWriter text(line, sizeof line);
    text.add("Error: ").add(std::string_view(gai_strerror(error))).add(" (").add_untrusted(name);
    log.write(LogLevel::Error, text.add(")").view());
    return false;
  }
  // One address of a name is enough, as the other family may be off; a taken port never is.
  std::size_t opened = 0;
  int error = EADDRNOTAVAIL;
  bool taken = false;
  for (const addrinfo* at = found; at != nullptr && count_ < sockets_.size(); at = at->ai_next) {
    if (at->ai_addrlen > sizeof(sockaddr_storage)) continue;
    sockaddr_storage address{};
    memcpy(&address, at->ai_addr, at->ai_addrlen);
    report_opening(log, at->ai_family == AF_INET6, listener.port);
    Descriptor socket;
    if (open_tcp(address, at->ai_addrlen, listener.bind_interface, socket) == Opened::Yes) {
      keep(std::move(socket), index);
      ++opened;
      continue;
    }
    error = errno;
    taken = taken || error == EADDRINUSE;
    if (taken) break;
  }
  freeaddrinfo(found);
  if (opened > 0 && !taken) return true;
  char where[kMaximumName + 8];
  report(log, error, TextWriter(where, sizeof where).add(name).add(":").add(port).view());
  return false;
}

bool ListenSockets::open_unix(const settings::Listener& listener, std::uint16_t index,
                              LogSink& log) {
  char line[192];
  TextWriter text(line, sizeof line);
  text.add("Opening unix listen socket on path ").add_untrusted(listener.unix_path).add(".");
  log.write(LogLevel::Information, text.view());

  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (listener.unix_path.size() >= sizeof address.sun_path) {
    report(log, ENAMETOOLONG, listener.unix_path);
    return false;
  }
  listener.unix_path.copy(address.sun_path, sizeof address.sun_path - 1);
  remove_stale(address);
  Descriptor made(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const bool bound =
      made && bind(made.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  if (bound) unix_made_ |= 1U << index;
  if (!bound || listen(made.get(), SOMAXCONN) != 0) {
    report(log, errno, listener.unix_path);
    return false;
  }
  keep(std::move(made), index);
  return true;
}

void ListenSockets::keep(Descriptor socket, std::uint16_t index) {
  if (count_ == sockets_.size()) return;
  sockets_[count_].socket = std::move(socket);
  sockets_[count_].listener = index;
  ++count_;
}

}  // namespace midge::platform
