// A client that behaves as the spec wants it on a network that does not: it keeps its side of the
// session over connections, acknowledges what it gets (sometimes late, always in order), sends
// again what is open, and tells the model what it sees.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "platform/sim/world.hpp"
#include "tests/scenario/model.hpp"

namespace midge::scenario {

// How long a client's session lasts.
enum class Kind : std::uint8_t {
  Transient,  // Clean Start and no expiry: the connection
  Short,      // a few seconds more (before 5.0: Transient)
  Long,       // until it asks for a new one now and then
  Steady,     // for ever, and it stays subscribed
};

// What all actors of a run share.
struct Stage {
  sim::World& world;
  Model& model;
  // The broker may end connections on its own: commits fail, or memory is short.
  bool may_be_closed = false;
  bool has_storage = false;  // the broker's power goes now and then
  bool faults = true;        // links are rough, acknowledgements late
  bool verbose = false;
  std::vector<MessageNumber> wills_due{};  // that must have been published when all is over
};

class Actor final : public sim::ClientHandler {
 public:
  Actor(Stage& stage, ClientNumber number, wire::Version version, Kind kind);
  Actor(const Actor&) = delete;
  Actor& operator=(const Actor&) = delete;

  [[nodiscard]] ClientNumber number() const { return number_; }
  [[nodiscard]] Kind kind() const { return kind_; }
  [[nodiscard]] wire::Version version() const { return version_; }
  [[nodiscard]] bool is_online() const { return state_ == State::Online; }
  [[nodiscard]] bool is_offline() const { return state_ == State::Offline; }

  // ---- what it may do. A new connection takes the old one over, if there is one.
  void connect(bool clean_start, bool with_will);
  void drop();                                 // the connection breaks
  void disconnect(bool ends_session = false);  // in order
  void publish(std::string_view topic, QoS qos, bool retain, bool empty, std::size_t bytes,
               std::uint32_t expiry_seconds);
  void subscribe(const test::Filter& filter);
  void unsubscribe(const std::string& filter);
  void stall(Duration time);  // nothing passes, and nobody is told
  void keep_alive();          // to be called every second
  [[nodiscard]] bool has_filter(const std::string& filter) const {
    return filters_.count(filter) != 0;
  }

  // Nothing open in either direction.
  [[nodiscard]] bool is_idle() const {
    return outgoing_.empty() && incoming_.empty() && acknowledgements_.empty() && requests_.empty();
  }
  // All that it ever got from the broker, in bytes: when it no longer grows, all has come.
  [[nodiscard]] std::uint64_t bytes_received() const { return bytes_received_; }
  [[nodiscard]] std::string state_text() const;

  void on_bytes(sim::Link& link) override;
  void on_end(sim::Link& link) override;

 private:
  enum class State : std::uint8_t { Offline, Connecting, Online, Disconnecting };
  struct Outgoing {
    wire::PacketIdentifier packet_id = 0;
    MessageNumber message = 0;
    bool released = false;          // PUBREC came
    std::vector<std::uint8_t> dup;  // the PUBLISH as it is sent again
  };

  [[nodiscard]] bool is_v5() const { return version_ == wire::Version::V5; }
  [[nodiscard]] Instant now() const { return stage_.world.now(); }
  void note(const std::string& text) const;
  void violation(const std::string& text);
  void send(const test::ByteVector& bytes);
  wire::PacketIdentifier next_packet_id();
  void handle(Packet& packet);
  void on_connack(const Packet& packet);
  void on_publish(Packet& packet);
  void on_puback(const Packet& packet);
  void on_pubrec(const Packet& packet);
  void on_pubcomp(const Packet& packet);
  void on_suback(const Packet& packet);
  void on_disconnect(const Packet& packet);
  [[nodiscard]] std::deque<Outgoing>::iterator find_outgoing(wire::PacketIdentifier id);
  void resend();
  // PUBACK, PUBREC or PUBCOMP, now or a little later.
  void acknowledge(wire::PacketType type, wire::PacketIdentifier id);
  void send_acknowledgements(std::size_t most);
  void abandon_session();
  void leave_link();
  void settle_will(bool by_disconnect);

  Stage& stage_;
  const ClientNumber number_;
  const wire::Version version_;
  const Kind kind_;
  sim::Random random_;
  State state_ = State::Offline;
  std::uint64_t bytes_received_ = 0;

  // ---- the connection
  sim::Link* link_ = nullptr;
  std::uint32_t connection_ = 0;  // counts them, for what is scheduled
  test::ByteVector stream_;
  bool connacked_ = false;
  bool was_sent_away_ = false;              // told why the connection ends
  std::uint16_t keep_alive_ = 0;            // seconds
  std::uint16_t receive_maximum_ = 65'535;  // ours
  std::uint16_t send_maximum_ = 10;         // the broker's
  std::uint16_t aliases_out_ = 0;           // how many the broker takes
  std::map<std::string, std::uint16_t> alias_of_;
  std::map<std::uint16_t, std::string> topic_of_;
  std::set<wire::PacketIdentifier> window_;  // the broker's PUBLISHes that are open here
  std::deque<std::pair<wire::PacketType, wire::PacketIdentifier>> acknowledgements_;  // to be sent
  std::optional<MessageNumber> will_;
  bool has_will_delay_ = false;
  std::map<wire::PacketIdentifier, std::pair<bool, std::string>> requests_;  // true: SUBSCRIBE

  // ---- the session
  bool is_new_ = true;         // never asked for a session
  bool expects_none_ = false;  // Session Present has to be 0
  bool must_clean_ = false;    // asked for a new one, and no CONNACK has come since
  bool has_session_ = false;
  bool session_lasts_ = false;  // beyond its connection
  std::deque<Outgoing> outgoing_;
  std::set<wire::PacketIdentifier> incoming_;  // QoS 2 identifiers that wait for PUBREL
  std::set<std::string> filters_;              // asked for
  wire::PacketIdentifier last_packet_id_ = 0;
};

}  // namespace midge::scenario
