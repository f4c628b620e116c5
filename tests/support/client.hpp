// An MQTT client of either version, for tests of the broker in the simulator.
//
//   Broker broker;
//   Client a(broker, Version::V5, "a");            // connected, CONNACK consumed
//   Client b(broker, Version::V311);               // only a TCP connection: nothing sent
//   a.must_subscribe("t/#", kQoS1);                // SUBACK consumed, granted as asked
//   b.send_hex("10 0d 00 04 4d 51 54 54 04 02 00 00 00 01 62");
//   b.expect_connack();
//   b.publish("t/x", "payload", kQoS1, {.packet_id = 7});
//   CHECK(b.expect(PacketType::Puback).packet_id == 7);
//   const Packet p = a.expect_publish("t/x", "payload");
//   a.puback(p.packet_id);                         // or a.answer(p): PUBACK, or PUBREC and so on
//   a.expect_nothing();
//   a.send_hex("f1 00");
//   a.expect_disconnect(ReasonCode::MalformedPacket);   // 5.0: DISCONNECT and closed; else: closed
//
// A verb sends and lets the broker work until nothing is due (unless inside broker.at_once() or
// together()); expect...() takes the next packet and fails the test, at its line, when it is
// another one; must_...() is a verb and the whole usual answer. Nothing is answered by itself.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/broker.hpp"
#include "tests/support/hex.hpp"
#include "tests/support/packet.hpp"

namespace midge::test {

class Client {
 public:
  // Opens a connection to listener number `listener`.
  explicit Client(Broker& broker, Version version, std::uint16_t listener = 0,
                  Where where = Where::here());
  // And sends CONNECT, which must be accepted.
  Client(Broker& broker, Version version, std::string_view client_id,
         const ConnectOptions& options = {}, Where where = Where::here());
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  // Leaves the connection as it is: open, if it was.
  ~Client() = default;

  // ---- raw
  void send(Bytes bytes);
  void send(const ByteVector& bytes) { send(Bytes(bytes)); }
  void send_hex(std::string_view text) { send(hex(text)); }
  // All bytes since the last take that no packet was made of.
  [[nodiscard]] ByteVector received();
  // What `body` sends leaves in one piece.
  template <class Body>
  void together(Body body) {
    ++gathering_;
    body();
    if (--gathering_ == 0) flush();
  }

  // ---- verbs; those with a packet identifier return it
  void connect(std::string_view client_id, const ConnectOptions& options = {});
  PacketIdentifier publish(std::string_view topic, std::string_view payload, QoS qos = kQoS0,
                           const PublishOptions& options = {});
  PacketIdentifier subscribe(std::string_view filter, QoS qos = kQoS0,
                             const SubscribeOptions& options = {});
  PacketIdentifier subscribe(const std::vector<Filter>& filters, const Properties& props = {});
  PacketIdentifier unsubscribe(const std::vector<std::string>& filters,
                               const Properties& props = {});
  PacketIdentifier unsubscribe(std::string_view filter) {
    return unsubscribe(std::vector{std::string(filter)});
  }
  void puback(PacketIdentifier id, ReasonCode reason = ReasonCode::Success,
              const Properties& props = {});
  void pubrec(PacketIdentifier id, ReasonCode reason = ReasonCode::Success,
              const Properties& props = {});
  void pubrel(PacketIdentifier id, ReasonCode reason = ReasonCode::Success,
              const Properties& props = {});
  void pubcomp(PacketIdentifier id, ReasonCode reason = ReasonCode::Success,
               const Properties& props = {});
  void ping();
  void disconnect(ReasonCode reason = ReasonCode::NormalDisconnection,
                  const Properties& props = {});
  void auth(ReasonCode reason, const Properties& props = {});
  void close();  // ends its side in order, without DISCONNECT
  void drop();   // the connection breaks

  // ---- a verb and its usual answer
  Packet must_connect(std::string_view client_id, const ConnectOptions& options = {},
                      Where where = Where::here());
  // A new connection with the client id of before (the old one is left as it is). The CONNACK.
  Packet reconnect(const ConnectOptions& options = {}, Where where = Where::here());
  // Granted as asked; other packets in between are left for expect().
  Packet must_subscribe(std::string_view filter, QoS qos = kQoS0,
                        const SubscribeOptions& options = {}, Where where = Where::here());
  Packet must_unsubscribe(std::string_view filter, Where where = Where::here());
  // The whole handshake of its QoS, each step with Success or No matching subscribers.
  void must_publish(std::string_view topic, std::string_view payload, QoS qos = kQoS0,
                    const PublishOptions& options = {}, Where where = Where::here());
  // Acknowledges a PUBLISH as its QoS demands, PUBREL consumed.
  void answer(const Packet& publish, Where where = Where::here());

  // ---- what came. The first, if anything came:
  [[nodiscard]] std::optional<Packet> next(Where where = Where::here());
  // ... all that came:
  [[nodiscard]] std::vector<Packet> all(Where where = Where::here());
  // ... of this type, wherever it stands; the others stay:
  Packet take(PacketType type, Where where = Where::here());
  // ... and the next one must be:
  Packet expect(PacketType type, Where where = Where::here());
  Packet expect_connack(ReasonCode reason = ReasonCode::Success, Where where = Where::here());
  Packet expect_publish(Where where = Where::here());
  Packet expect_publish(std::string_view topic, std::string_view payload,
                        Where where = Where::here());
  void expect_bytes(std::string_view hex_text, Where where = Where::here());  // exactly all
  // Nothing came, and the connection is open.
  void expect_nothing(Where where = Where::here());
  // Nothing came, and the connection is over.
  void expect_closed(Where where = Where::here());
  // 5.0: DISCONNECT with `reason`, then closed. Before: closed, without a word. The DISCONNECT.
  Packet expect_disconnect(ReasonCode reason, Where where = Where::here());
  // A CONNECT is refused: CONNACK with `reason` and Session Present 0, then closed. Before 5.0 with
  // `return_code`, or nothing at all.
  void expect_refused(ReasonCode reason, std::optional<ReturnCode> return_code,
                      Where where = Where::here());
  // The broker has ended the connection.
  [[nodiscard]] bool closed();

  // ---- the rest
  [[nodiscard]] Version version() const { return version_; }
  [[nodiscard]] const std::string& client_id() const { return client_id_; }
  // For the network's faults: cut(), stall(), stop_reading() and so on.
  [[nodiscard]] Link& link() { return *link_; }
  PacketIdentifier next_packet_id();

 private:
  void open();
  void flush();
  void receive(Where where);
  [[nodiscard]] std::string state_text() const;
  [[noreturn]] void fail(Where where, const std::string& text) const;

  Broker& broker_;
  Version version_;
  std::uint16_t listener_;
  std::string client_id_;
  Link* link_ = nullptr;
  ByteVector outgoing_;
  int gathering_ = 0;
  ByteVector stream_;  // received, not yet a packet
  std::deque<Packet> packets_;
  PacketIdentifier last_packet_id_ = 0;
};

}  // namespace midge::test
