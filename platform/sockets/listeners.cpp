#include "platform/sockets/listeners.hpp"

#include <algorithm>

#include "broker/base/text.hpp"

namespace midge::sockets {

namespace {

void complain(LogSink& log, std::initializer_list<std::string_view> parts) {
  Text<256> text;
  text.add("Error: ");
  for (const std::string_view part : parts) text.add_untrusted(part);
  log.write(LogLevel::Error, text.view());
}

void report_opening(LogSink& log, const Address& address) {
  Text<64> text;
  text.add(address.family == Address::Family::IPv6 ? "Opening ipv6" : "Opening ipv4");
  text.add(" listen socket on port ").add(address.port).add(".");
  log.write(LogLevel::Information, text.view());
}

// What plain sockets can't do is refused: who asked for a Unix socket or for one interface did not
// mean an open port.
bool can_open(const settings::Listener& listener, LogSink& log) {
  if (listener.port == 0) {
    complain(log, {"There are no Unix sockets here (", listener.unix_path, ")."});
    return false;
  }
  if (!listener.bind_interface.empty()) {
    complain(log, {"A listener can't be bound to an interface here (", listener.bind_interface,
                   "), only to an address."});
    return false;
  }
  Address address;
  if (!listener.bind_address.empty() && !parse_address(listener.bind_address, address)) {
    complain(log, {"A listener needs a numeric address here (", listener.bind_address, ")."});
    return false;
  }
  return true;
}

}  // namespace

void ListenSocket::start(int socket, std::uint16_t listener) {
  socket_ = socket;
  index_ = listener;
}

void ListenSocket::close() {
  if (socket_ != kNoSocket) close_socket(socket_);
  socket_ = kNoSocket;
  parked_until_ = kNever;
}

void ListenSocket::serve(Events events, Instant now, Entrance& entrance) {
  if (parked_until_ <= now) {
    parked_until_ = kNever;
    events.readable = true;
  }
  if (!events.readable) return;
  for (int i = 0; i < kAcceptsPerTurn && socket_ != kNoSocket; ++i) {
    int socket = kNoSocket;
    Address peer;
    switch (accept_peer(socket_, socket, peer)) {
      case Acceptance::Accepted:
        if (entrance.connections.adopt(socket, peer, entrance.acceptor, index_) ==
            Connections::Adopted::NoRoom)
          entrance.metrics.count(metrics::Cause::ConnectionLimit);
        break;
      case Acceptance::Nobody:
        return;
      case Acceptance::Gone:
        break;
      case Acceptance::Exhausted:
        parked_until_ = now + kParkTime;
        return;
    }
  }
}

bool Listeners::open(const settings::Settings& settings, LogSink& log) {
  for (std::uint16_t i = 0; i < settings.listener_count; ++i) {
    if (!open_listener(settings.listeners[i], i, log)) return false;
  }
  if (count_ > 0) return true;
  complain(log, {"No listener could be opened."});
  return false;
}

bool Listeners::open_listener(const settings::Listener& listener, std::uint16_t index,
                              LogSink& log) {
  using settings::SocketDomain;
  if (!can_open(listener, log)) return false;
  Address address;
  address.port = listener.port;
  if (!listener.bind_address.empty()) {
    [[maybe_unused]] const bool numeric = parse_address(listener.bind_address, address);
    // Of "local only mode"; a machine without IPv6 has no ::1.
    return open_at(address, index, listener.bind_address == "::1", log);
  }
  // All zero bytes are "any" in both families.
  if (listener.domain != SocketDomain::IPv6 && !open_at(address, index, false, log)) return false;
  address.family = Address::Family::IPv6;
  return listener.domain == SocketDomain::IPv4 ||
         open_at(address, index, listener.domain == SocketDomain::Any, log);
}

bool Listeners::open_at(const Address& address, std::uint16_t index, bool may_be_missing,
                        LogSink& log) {
  report_opening(log, address);
  OpenError error;
  const int socket = midge::sockets::open_listener(address, kBacklog, error);
  if (socket != kNoSocket) {
    add(socket, index);
    return true;
  }
  if (may_be_missing && error.no_such_family) {
    log.write(LogLevel::Warning, "Warning: There is no IPv6 on this machine.");
    return true;
  }
  Text<32> number;
  number.add("error ").add(error.number);
  complain(log, {error.text().empty() ? number.view() : error.text(), " (",
                 AddressText(address).view(), ")"});
  return false;
}

void Listeners::add(int socket, std::uint16_t listener) {
  sockets_[count_++].start(socket, listener);
}

void Listeners::close() {
  for (ListenSocket& listener : sockets_) listener.close();
}

void Listeners::watch(Poller& poller, std::size_t first_entry) const {
  for (std::size_t i = 0; i < count_; ++i) {
    const ListenSocket& listener = sockets_[i];
    if (listener.socket() == kNoSocket || listener.is_parked()) {
      poller.forget(first_entry + i);
    } else {
      poller.watch(first_entry + i, listener.socket(), {.reads = true});
    }
  }
}

Instant Listeners::next_deadline() const {
  Instant next = kNever;
  for (std::size_t i = 0; i < count_; ++i) next = std::min(next, sockets_[i].deadline());
  return next;
}

void Listeners::serve(const Poller& poller, std::size_t first_entry, Instant now,
                      Entrance& entrance) {
  for (std::size_t i = 0; i < count_; ++i)
    sockets_[i].serve(poller.events(first_entry + i), now, entrance);
}

}  // namespace midge::sockets
