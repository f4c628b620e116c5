// One connection's protocol: frames in, dispatch, acknowledgements and deliveries out. The state
// that outlives it is the session's.
//
//   receive.cpp       bytes to packets; packets that come in pieces; receive_memory.cpp: their
//                     memory
//   connection.cpp    life: opening, closing, deadlines, pauses
//   on_connect.cpp    CONNECT and CONNACK
//   on_publish.cpp    PUBLISH: checks, routing, acknowledgement
//   on_ack.cpp        PUBACK, PUBREC, PUBREL, PUBCOMP; all that is told with a reason
//   on_subscribe.cpp  SUBSCRIBE, UNSUBSCRIBE
//   on_disconnect.cpp DISCONNECT
//   log_lines.cpp     what the log says of connections
//   outbox.cpp        the write at the end of a turn; outbox_publish.cpp: the PUBLISHes in it;
//                     outbox_apply.cpp: what the transport took of it
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>

#include "broker/base/deadlines.hpp"
#include "broker/base/function_ref.hpp"
#include "broker/base/list.hpp"
#include "broker/base/text.hpp"
#include "broker/connection/acknowledgements.hpp"
#include "broker/connection/context.hpp"
#include "broker/connection/refusal.hpp"
#include "broker/connection/topic_aliases.hpp"
#include "broker/hal/transport.hpp"
#include "broker/session/attachment.hpp"
#include "broker/topic/topic.hpp"
#include "broker/wire/ack.hpp"
#include "broker/wire/connack.hpp"
#include "broker/wire/connect.hpp"
#include "broker/wire/frame.hpp"
#include "broker/wire/publish.hpp"
#include "broker/wire/subscribe.hpp"

namespace midge::connection {

struct Incoming;
struct Held;
struct Extras;
class Connection;
class Plan;

// A message whose bytes the transport still refers to.
struct SendHold {
  SendHold* next = nullptr;
  message::Message* message = nullptr;  // counted
  std::uint32_t left = 0;               // bytes to be sent up to its last taken one
};

// What few connections have.
struct Extras {
  explicit Extras(std::uint16_t aliases_in) : incoming_aliases(aliases_in) {}

  // What the client stated.
  std::uint32_t maximum_packet_size = settings::kUnlimited;
  Held* held = nullptr;  // a packet that is half out
  Queue<SendHold> send_holds;
  TopicAliases incoming_aliases;
  TopicAliases outgoing_aliases;

  [[nodiscard]] bool is_needed() const {
    return maximum_packet_size != settings::kUnlimited || held != nullptr || !send_holds.empty() ||
           !incoming_aliases.empty() || outgoing_aliases.maximum() > 0;
  }
};

// A connection that is not a session's yet: its deadline is the limit for CONNECT.
struct Arrival : Deadline, ListNode<Arrival> {
  explicit Arrival() { kind = static_cast<std::uint8_t>(session::DeadlineKind::Arrival); }
  Connection* connection = nullptr;
  Extras* extras = nullptr;  // becomes the connection's
};

class Connection final : public hal::TransportHandler, public session::Attachment {
 public:
  // Counts itself as open. `transport` stays until on_closed(), `arrival` is released with CONNECT.
  Connection(Context& context, hal::Transport& transport, std::uint16_t listener, Arrival& arrival);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  std::size_t on_received(Bytes bytes) override;
  void on_writable() override;
  void on_sent(std::size_t bytes) override;
  void on_closed(hal::CloseCause cause) override;

  // The end of a turn: writes what may go out. The owner calls it for what is on the ready list,
  // and destroys the connection instead when is_gone().
  void flush();
  [[nodiscard]] bool is_gone() const { return phase_ == Phase::Gone; }

  void on_connect_timeout();
  void on_deadline();  // of its session
  // True when `ticket` was this connection's.
  bool on_decision(auth::Ticket ticket, auth::Verdict verdict);
  // Another connection takes the session: 0x8E [MQTT-3.1.4-3].
  void on_taken_over();

 private:
  enum class Phase : std::uint8_t {
    AwaitConnect,
    AwaitDecision,  // the authorizer has not answered yet
    Open,
    Closing,   // what is owed goes out with the next flush, then the transport is finished
    Finished,  // the transport ends on its own
    Gone,      // on_closed() came
  };

  // Why nothing is read; receiving goes on when the last reason has gone.
  enum Pause : std::uint8_t {
    kTurnFull = 1,  // until the next turn
    kQuota = 2,     // until acknowledgements have left: the client used up our Receive Maximum
    kMemory = 4,    // until there is memory, at most backpressure_time
    kDecision = 8,
    kAllPauses = 15,
  };

  // --- receive.cpp ---
  [[nodiscard]] bool reads() const {
    return (phase_ == Phase::AwaitConnect || phase_ == Phase::Open) && pauses_ == 0;
  }
  [[nodiscard]] std::size_t begin_packet(Bytes rest);
  [[nodiscard]] std::size_t continue_packet(Bytes rest);
  [[nodiscard]] std::size_t continue_header(Bytes rest);
  [[nodiscard]] std::size_t continue_body(Bytes rest);
  [[nodiscard]] std::size_t continue_payload(Bytes rest);
  [[nodiscard]] bool accepts(const wire::FixedHeader& header);
  [[nodiscard]] bool complete_incoming();
  [[nodiscard]] Reserve reserve_to_read(wire::PacketType type) const;
  [[nodiscard]] void* claim(std::size_t bytes, Reserve reserve);
  [[nodiscard]] bool make_incoming(wire::PacketType type);
  [[nodiscard]] bool grow_incoming(std::uint32_t bytes);
  void end_collecting();
  [[nodiscard]] bool start_payload();
  [[nodiscard]] bool append_payload(Bytes piece);
  void discard_payload();
  void drop_incoming();
  // Whether this half packet may hold so many bytes more: others that have stalled give way.
  [[nodiscard]] bool may_hold(std::size_t bytes);
  [[nodiscard]] bool make_way();
  void give_way();
  void account_incoming();
  void set_waiting(bool waits_for_client);
  // No room for a half packet: it waits, and ends the connection when there is none for too long.
  void on_no_room();
  void count_packet();
  // Handles a whole packet. False when it has to be offered again: a pause has begun.
  [[nodiscard]] bool handle(const wire::FixedHeader& header, Bytes body);

  // --- connection.cpp: what is owed ---
  enum class Queued : std::uint8_t { Yes, TooLarge /* for the client */, MemoryFull };
  // Queues the packet that `encode` writes, `owed` but for its bytes. The Reason String among its
  // `properties` goes when the client does not want it, or the packet becomes too large for it by
  // that; the others are few. The packet has `text_bytes` besides, the Reason String's too.
  [[nodiscard]] Queued queue_packet(Acknowledgement&& owed, wire::Properties& properties,
                                    std::size_t text_bytes,
                                    FunctionRef<void(wire::Writer&)> encode);

  // --- on_connect.cpp ---
  void on_connect(const wire::FixedHeader& header, Bytes body);
  void on_bad_connect(const wire::ConnectError& error);
  [[nodiscard]] bool take_terms(const wire::Connect& connect);
  void on_verdict(const wire::Connect& connect, auth::Verdict verdict);
  [[nodiscard]] Refusal open(const wire::Connect& connect);
  void refuse_connect(Refusal refusal);
  void send_refusal(wire::ReasonCode reason, std::string_view reason_string);
  [[nodiscard]] bool prepare_keep_alive(std::uint16_t asked);
  [[nodiscard]] Refusal refusal_of(const wire::Connect& connect) const;
  [[nodiscard]] Refusal limit_reached(std::string_view client_id) const;
  [[nodiscard]] std::string_view client_id_of(const wire::Connect& connect) const;
  [[nodiscard]] bool make_client_id(TextWriter& id);
  [[nodiscard]] message::Message* make_will(const wire::Will& will);
  [[nodiscard]] Refusal take_session(const auth::Identity& who, bool clean_start, bool& present);
  void set_expiry(std::uint32_t seconds);
  [[nodiscard]] Queued queue_connack(wire::Connack& connack, session::CommitNumber commit,
                                     std::size_t text_bytes);
  [[nodiscard]] bool send_connack(const wire::Connect& connect, bool session_present,
                                  std::string_view assigned_id, session::CommitNumber commit);

  // --- on_publish.cpp ---
  [[nodiscard]] bool on_publish(const wire::FixedHeader& header, Bytes body);
  [[nodiscard]] Refusal judge(wire::Publish& publish, std::uint32_t payload_bytes);
  [[nodiscard]] bool waits_for_turn();
  [[nodiscard]] bool resolve_alias(wire::Publish& publish);
  [[nodiscard]] bool waits_for_room(std::string_view topic_name, std::uint32_t payload_bytes);
  void count_received(std::uint32_t payload_bytes);
  void release(message::Message& message);
  [[nodiscard]] message::Message* create_message(const message::Head& head,
                                                 const wire::Properties& properties);
  [[nodiscard]] message::Message* make_message(const wire::Publish& publish,
                                               std::uint32_t payload_bytes);
  // Routes and acknowledges; false when it has to be tried again.
  [[nodiscard]] bool finish_publish(message::Message& message, wire::PacketIdentifier packet_id);
  void settle_publish(Refusal refusal, wire::QoS qos, wire::PacketIdentifier packet_id);
  [[nodiscard]] bool clear_without_room(const wire::Publish& publish);
  // No room for a PUBLISH: true when it was disposed of, false when it waits.
  [[nodiscard]] bool on_memory_full(wire::QoS qos, wire::PacketIdentifier packet_id);
  // There won't be any, or for too long.
  void refuse_for_memory(wire::QoS qos, wire::PacketIdentifier packet_id);
  // PUBACK, PUBREC, PUBREL or PUBCOMP.
  void acknowledge(wire::PacketType type, wire::PacketIdentifier packet_id,
                   wire::ReasonCode reason = wire::ReasonCode::Success,
                   session::CommitNumber commit = 0);
  void acknowledge(const Acknowledgement& owed, std::string_view reason_string);

  // --- on_ack.cpp, on_subscribe.cpp, on_disconnect.cpp ---
  void on_reason(wire::PacketType type, Bytes body);
  void on_ack(wire::PacketType type, const wire::Ack& ack);
  void on_pubrel(wire::PacketIdentifier packet_id);
  void end_delivery(const session::Sessions::Found& found);
  void on_filters(wire::PacketType type, Bytes body);
  [[nodiscard]] wire::ReasonCode subscribe_one(const wire::SubscribeEntry& entry,
                                               std::uint32_t identifier,
                                               std::string_view& reason_string);
  [[nodiscard]] Refusal refusal_of(const topic::Filter& filter) const;
  [[nodiscard]] Refusal switched_off(const topic::Filter& filter) const;
  [[nodiscard]] wire::ReasonCode unsubscribe_one(std::string_view text);
  void on_disconnect(const wire::Ack& disconnect);

  // --- connection.cpp ---
  // Ends the connection for `reason`: 5.0 clients that have their CONNACK get a DISCONNECT.
  void close(wire::ReasonCode reason, metrics::Cause cause);
  void close_for(wire::ReasonCode decode_error);  // a packet that could not be decoded
  void close_for_memory();                        // that is full
  [[nodiscard]] static metrics::Cause cause_of(wire::ReasonCode decode_error);
  // Counts it.
  const RefusalRow& count(Refusal refusal);
  void count(metrics::Cause cause) const;
  // What was recorded so far, to be compared; and the commit that a promise made now depends on if
  // that has grown since it was `before`, 0: none.
  [[nodiscard]] std::uint32_t changes() const;
  [[nodiscard]] session::CommitNumber commit_since(std::uint32_t before) const;
  [[nodiscard]] bool has_too_many_levels(std::string_view topic) const;
  // Tells the journal of this session.
  void record(session::RecordKind change, wire::PacketIdentifier packet_id = 0,
              const session::Delivery* delivery = nullptr);
  void close_silently();
  void on_shutdown();       // the broker ends: 0x8B
  void on_commit_failed();  // what waits for such a commit is never going to be durable
  void end_session(bool with_will);
  // Leaves the present phase for `phase`, which is Open or behind it.
  void enter(Phase phase);
  void enter_closing();
  void release_all();
  void pause(Pause reason);
  void resume(std::uint8_t reasons);
  void arm_keep_alive();
  // Something waits for memory: begins that, or goes on until backpressure_time has passed.
  [[nodiscard]] bool may_wait();
  void end_stall();
  void retry_soon();  // what has found no memory: on_deadline() comes before long
  [[nodiscard]] std::string_view client_id() const;
  [[nodiscard]] const settings::Listener& listener() const;
  // Our Receive Maximum: how many PUBLISHes with QoS > 0 the client may have open.
  [[nodiscard]] std::uint16_t receive_limit() const;
  [[nodiscard]] bool is_v5() const { return version_ == wire::Version::V5; }
  // Whether a whole packet of this size may go to the client [MQTT-3.1.2-24].
  [[nodiscard]] bool fits_client(std::size_t packet_bytes) const {
    return packet_bytes <= maximum_packet_size();
  }
  void mark_ready();

  // --- log_lines.cpp ---
  // A number, or a text from whomever: its control characters become '?'.
  struct LogArgument {
    LogArgument(std::string_view shown)  // NOLINT: implicit on purpose
        : text(shown.data()), number(shown.size()) {}
    LogArgument(unsigned shown) : number(shown) {}  // NOLINT: implicit on purpose
    const char* text = nullptr;
    std::size_t number;  // or the text's size
  };
  // Writes a line if anybody wants it. Each % of `format` is the next argument, a text, and each #
  // one that is a number.
  void log(LogLevel level, const char* format, std::initializer_list<LogArgument> arguments) const;
  void log_connected(const wire::Connect& connect) const;
  void log_closed(std::string_view why) const;

  // --- outbox.cpp ---
  friend class Plan;
  void continue_turn();
  void write_out();
  void plan_acknowledgements(Plan& plan);
  [[nodiscard]] bool awaits_connack() const;
  void plan_pings(Plan& plan);
  void plan_resends(Plan& plan);
  void plan_deliveries(Plan& plan);
  // What the deliveries of one write have come to.
  struct Flight {
    std::uint32_t bytes = 0;  // payloads in flight
    wire::PacketIdentifier last_id = 0;
    bool holds = false;  // a row of QoS 2 deliveries waits for one commit
  };
  enum class Planned : std::uint8_t {
    Yes,
    TakenOut,  // of the queue: launched ahead, or dropped
    No,        // and nothing behind it
  };
  [[nodiscard]] bool waits_for_commit(Plan& plan, const session::Delivery& delivery,
                                      const Flight& flight);
  [[nodiscard]] Planned plan_delivery(Plan& plan, session::Delivery& delivery,
                                      session::Delivery* before, Flight& flight);
  [[nodiscard]] bool plan_publish(Plan& plan, const session::Delivery& delivery,
                                  wire::PacketIdentifier packet_id, PlannedPacket::Kind planned);
  struct PublishSize {
    std::uint32_t properties = 0;  // of the section, without its length
    std::uint32_t remaining = 0;   // Remaining Length
    std::uint32_t total = 0;       // whole packet
  };
  struct Alias {
    std::uint16_t number = 0;  // 0: none
    bool is_known = false;     // to the client: the topic is left out
  };
  [[nodiscard]] Alias alias_for(const session::Delivery& delivery, std::size_t total);
  static constexpr std::uint8_t kOwnForm = 0xFF;
  [[nodiscard]] std::uint8_t common_form(const session::Delivery& delivery) const;
  [[nodiscard]] bool plan_again(Plan& plan, const session::Delivery& delivery);
  [[nodiscard]] bool launch_recorded(session::Delivery& delivery, session::Delivery* before,
                                     wire::PacketIdentifier packet_id);
  // With so many bytes of topic name, and of a Topic Alias among the properties.
  [[nodiscard]] PublishSize publish_size(const session::Delivery& delivery, std::size_t topic_bytes,
                                         std::uint32_t alias_bytes) const;
  // How many PUBLISHes with QoS > 0 may be open toward the client.
  [[nodiscard]] std::uint16_t window() const;
  void count_publish(session::Delivery& delivery);
  [[nodiscard]] bool is_droppable(const session::Delivery& delivery) const;
  // --- outbox_apply.cpp ---
  void apply(Plan& plan, std::size_t taken);
  void apply(const PlannedPacket& packet);
  [[nodiscard]] bool hold_rest(const PlannedPacket& packet, std::size_t taken);
  [[nodiscard]] bool hold_until_sent(message::Message& message);
  void release_held();
  void drop_send_hold();  // the first

  // Null when memory is full.
  [[nodiscard]] Extras* make_extras(Reserve reserve = Reserve::Keep);
  [[nodiscard]] Extras* extras() const {
    return phase_ >= Phase::Open ? extras_ : arrival_->extras;
  }
  // The client's.
  [[nodiscard]] std::uint32_t maximum_packet_size() const {
    return extras() != nullptr ? extras()->maximum_packet_size : settings::kUnlimited;
  }
  // From Open on: what is half out; how many outgoing aliases there may be, and are.
  [[nodiscard]] Held* held() const { return extras_ != nullptr ? extras_->held : nullptr; }
  [[nodiscard]] std::uint16_t alias_maximum() const {
    return extras_ != nullptr ? extras_->outgoing_aliases.maximum() : std::uint16_t{0};
  }
  [[nodiscard]] std::uint16_t alias_count() const {
    return extras_ != nullptr ? extras_->outgoing_aliases.count() : std::uint16_t{0};
  }
  void release_unused_extras();
  void release_extras();
  void truncate_aliases(std::uint16_t count);

  // The clock as it is kept here: milliseconds that wrap after 49 days.
  [[nodiscard]] std::uint32_t now_ms() const {
    return static_cast<std::uint32_t>(context_.now.time_since_epoch().count());
  }

  // In this order nothing is lost between the members: one of these stands for each client.
  std::uint8_t listener_;
  Phase phase_ : 3 = Phase::AwaitConnect;
  std::uint8_t pauses_ : 4 = 0;
  bool is_writable_ : 1 = true;
  wire::Version version_ : 3 = wire::Version::V311;
  bool is_bridge_ : 1 = false;
  bool wants_problem_information_ : 1 = true;
  bool asked_expiry_ : 1 = false;  // its CONNECT had a Session Expiry Interval above 0
  bool is_stalled_ : 1 = false;    // a packet waits for memory
  bool had_share_ : 1 = false;     // it waits, and was served in this turn
  std::uint32_t unsent_ = 0;       // bytes that the transport has taken and may refer to
  // When the last packet came; while one waits for memory: since when.
  std::uint32_t last_packet_ms_;
  std::uint16_t keep_alive_seconds_ = 0;
  std::uint16_t receive_maximum_ = wire::kDefaultReceiveMaximum;  // the client's
  std::uint16_t open_receives_ = 0;  // its PUBLISHes with QoS > 0 that we have not settled
  std::uint16_t owed_pings_ = 0;     // PINGRESPs, which wait for no commit

  Context& context_;
  hal::Transport* transport_;            // null once gone
  session::Session* session_ = nullptr;  // while open
  Acknowledgements acknowledgements_;
  Incoming* incoming_ = nullptr;  // a packet that is half in
  union {
    Arrival* arrival_;  // before CONNECT is accepted
    Extras* extras_;    // from then on; null: none
  };
};

static_assert(sizeof(Connection) <= (sizeof(void*) == 8 ? 88 : 52));
static_assert(settings::kMaximumListeners <= 256, "each has a number in a byte");

}  // namespace midge::connection
