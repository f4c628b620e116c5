// Connection: its life from accept to close.
#include "broker/connection/connection.hpp"

#include <new>

#include "broker/connection/buffer.hpp"
#include "broker/connection/incoming.hpp"

namespace midge::connection {

using metrics::Cause;
using wire::ReasonCode;
using namespace std::string_view_literals;

namespace {

// A PUBLISH that waits for memory is tried again this often.
constexpr Duration kRetry = Deadlines::kTick;

constexpr std::size_t kDisconnectBytes = 3;  // without properties

}  // namespace

Connection::Connection(Context& context, hal::Transport& transport, std::uint16_t listener,
                       Arrival& arrival)
    : listener_(static_cast<std::uint8_t>(listener)),
      last_packet_ms_(0),
      context_(context),
      transport_(&transport),
      arrival_(&arrival) {
  arrival.connection = this;
  context_.arrivals.push_back(arrival);
  context_.deadlines.set(arrival, context_.now + context_.settings.connect_timeout);
  ++context_.metrics.open_connections;
  ++context_.metrics.sockets;
}

void Connection::enter(Phase phase) {
  if (phase_ < Phase::Open) {
    // It belongs to a session now, or never will.
    Arrival& arrival = *arrival_;
    context_.deadlines.clear(arrival);
    context_.arrivals.remove(arrival);
    extras_ = arrival.extras;
    arrival.~Arrival();
    context_.memory.release(&arrival, sizeof(Arrival));
  }
  phase_ = phase;
}

Extras* Connection::make_extras(Reserve reserve) {
  Extras*& extras = phase_ >= Phase::Open ? extras_ : arrival_->extras;
  if (extras != nullptr) return extras;
  void* const memory = context_.memory.allocate(sizeof(Extras), reserve);
  if (memory == nullptr) return nullptr;
  return extras = new (memory) Extras(listener().max_topic_alias);
}

void Connection::release_unused_extras() {
  if (extras_ != nullptr && !extras_->is_needed()) release_extras();
}

void Connection::release_extras() {
  extras_->~Extras();
  context_.memory.release(extras_, sizeof(Extras));
  extras_ = nullptr;
}

void Connection::truncate_aliases(std::uint16_t count) {
  if (extras_ != nullptr) extras_->outgoing_aliases.truncate(context_.memory, count);
}

std::string_view Connection::client_id() const {
  return session_ != nullptr ? session_->client_id() : "<unknown>"sv;
}

const settings::Listener& Connection::listener() const {
  return context_.settings.listeners[listener_];
}

std::uint16_t Connection::receive_limit() const {
  const std::uint16_t limit = context_.settings.limits.inflight_messages;
  return limit == 0 ? wire::kDefaultReceiveMaximum : limit;
}

void Connection::mark_ready() {
  context_.ready.add(*this);
}

void Connection::on_writable() {
  is_writable_ = true;
  keeps_up = true;
  mark_ready();
}

void Connection::on_closed(hal::CloseCause cause) {
  if (phase_ == Phase::Open || phase_ == Phase::AwaitConnect || phase_ == Phase::AwaitDecision) {
    log_closed(cause == hal::CloseCause::Peer ? "closed by client"sv : "connection lost"sv);
    end_session(true);
  }
  enter(Phase::Gone);
  release_all();
  --context_.metrics.open_connections;
  transport_ = nullptr;
  mark_ready();  // so that the owner sees it
}

// Gives back everything but the object itself.
void Connection::release_all() {
  drop_incoming();
  acknowledgements_.clear(context_.memory);
  release_held();
  if (extras_ == nullptr) return;
  while (!extras_->send_holds.empty()) drop_send_hold();
  extras_->incoming_aliases.clear(context_.memory);
  extras_->outgoing_aliases.clear(context_.memory);
  release_extras();
}

void Connection::end_session(bool with_will) {
  if (session_ == nullptr) return;
  session::Session& session = *session_;
  session_ = nullptr;
  --context_.clients[listener_];
  context_.lifecycle.detach(session, with_will);
}

void Connection::enter_closing() {
  enter(Phase::Closing);
  pauses_ = 0;
  transport_->pause_receive();
  mark_ready();
}

void Connection::close_silently() {
  if (phase_ >= Phase::Closing) return;
  log_closed("closed without answer"sv);
  end_session(true);
  enter_closing();
}

Connection::Queued Connection::queue_packet(Acknowledgement&& owed, wire::Properties& properties,
                                            std::size_t text_bytes,
                                            FunctionRef<void(wire::Writer&)> encode) {
  // Fixed header, identifier, and properties of numbers.
  constexpr std::size_t kNumbers = 64;
  std::uint8_t few[256];
  Buffer buffer(context_.memory, few, kNumbers + text_bytes);
  if (!buffer.ok()) return Queued::MemoryFull;
  if (!wants_problem_information_) properties.reason_string.reset();
  while (true) {
    wire::Writer out(buffer.all());
    encode(out);
    if (out.ok() && fits_client(out.size())) {
      owed.packet = out.written();
      mark_ready();
      return acknowledgements_.push(context_.memory, owed) ? Queued::Yes : Queued::MemoryFull;
    }
    // [MQTT-3.2.2-19] [MQTT-3.4.2-2] [MQTT-3.5.2-2] [MQTT-3.9.2-1]
    if (!properties.reason_string) return Queued::TooLarge;
    properties.reason_string.reset();
  }
}

void Connection::close(ReasonCode reason, Cause cause) {
  if (phase_ >= Phase::Closing) return;
  count(cause);
  log_closed(wire::reason_name(reason));
  end_session(true);
  const bool is_connected = phase_ == Phase::Open && !awaits_connack();
  // What waits for its commit is not acknowledged any more: the client sends it again.
  acknowledgements_.drop_waiting(context_.memory, context_.commits);
  // No DISCONNECT before CONNACK 0x00 [MQTT-3.14.0-1], none before 5.0, none that is too long for
  // the client; after it nothing is sent [MQTT-3.14.4-1].
  if (is_connected && is_v5() && fits_client(kDisconnectBytes)) {
    static_cast<void>(acknowledgements_.push(
        context_.memory, {.type = wire::PacketType::Disconnect, .reason = reason}));
  }
  enter_closing();
}

void Connection::close_for(ReasonCode decode_error) {
  close(decode_error, cause_of(decode_error));
}

void Connection::close_for_memory() {
  close(ReasonCode::QuotaExceeded, Cause::MemoryFull);
}

Cause Connection::cause_of(ReasonCode decode_error) {
  if (decode_error == ReasonCode::ProtocolError) return Cause::ProtocolError;
  if (decode_error == ReasonCode::UnsupportedProtocolVersion) return Cause::ProtocolVersion;
  return Cause::MalformedPacket;
}

const RefusalRow& Connection::count(Refusal refusal) {
  const RefusalRow& row = row_of(refusal);
  if (row.cause != Cause::Count) count(row.cause);
  return row;
}

void Connection::count(Cause cause) const {
  context_.metrics.count(cause);
}

std::uint32_t Connection::changes() const {
  return static_cast<std::uint32_t>(context_.commits.records());
}

session::CommitNumber Connection::commit_since(std::uint32_t before) const {
  return changes() == before ? 0 : context_.commits.asked() + 1;
}

bool Connection::has_too_many_levels(std::string_view topic) const {
  return topic::has_more_levels(topic, context_.settings.limits.topic_levels);
}

void Connection::record(session::RecordKind change, wire::PacketIdentifier packet_id,
                        const session::Delivery* delivery) {
  context_.commits.record(
      {.kind = change, .session = session_, .delivery = delivery, .packet_id = packet_id});
}

void Connection::on_taken_over() {
  // The session belongs to the new connection already.
  session_ = nullptr;
  --context_.clients[listener_];
  close(ReasonCode::SessionTakenOver, Cause::TakenOver);
}

void Connection::on_shutdown() {
  if (phase_ >= Phase::Closing) return;
  if (phase_ == Phase::Open) return close(ReasonCode::ServerShuttingDown, Cause::Shutdown);
  close_silently();
}

void Connection::on_commit_failed() {
  Acknowledgements::Place place;
  Acknowledgement owed;
  while (acknowledgements_.next(place, owed)) {
    if (owed.commit < context_.failed_from || owed.commit > context_.failed_to) continue;
    // The client sends again, with the same identifiers, when it is back.
    close(ReasonCode::QuotaExceeded, Cause::StorageFailed);
    return;
  }
}

void Connection::arm_keep_alive() {
  // Silence for one and a half times the Keep Alive [MQTT-3.1.2-22].
  if (keep_alive_seconds_ == 0) return context_.deadlines.clear(*session_);
  const std::uint32_t silence = std::uint32_t{keep_alive_seconds_} * 1'500;
  const std::uint32_t passed = now_ms() - last_packet_ms_;
  context_.deadlines.set(*session_,
                         context_.now + Duration(passed < silence ? silence - passed : 0));
}

void Connection::retry_soon() {
  context_.deadlines.set(*session_, context_.now + kRetry);
}

bool Connection::may_wait() {
  if (!is_stalled_) last_packet_ms_ = now_ms();
  is_stalled_ = true;
  return Duration(now_ms() - last_packet_ms_) < context_.settings.backpressure_time;
}

// What waited for memory waits no longer.
void Connection::end_stall() {
  if (!is_stalled_) return;
  is_stalled_ = false;
  last_packet_ms_ = now_ms();
}

void Connection::on_connect_timeout() {
  count(Cause::ConnectTimeout);
  close_silently();
}

void Connection::on_deadline() {
  if ((pauses_ & kMemory) != 0) {
    // Keep alive stands still while the client's PUBLISH waits for our memory.
    retry_soon();
    return resume(kMemory);
  }
  if (!session_->replays.empty()) mark_ready();  // one that found no memory tries again
  const std::uint32_t silence = std::uint32_t{keep_alive_seconds_} * 1'500;
  // Without a Keep Alive it was for what has waited for memory and waits no longer.
  if (keep_alive_seconds_ == 0 || now_ms() - last_packet_ms_ < silence) return arm_keep_alive();
  close(ReasonCode::KeepAliveTimeout, Cause::KeepAliveTimeout);
}

void Connection::pause(Pause reason) {
  if (pauses_ == 0) transport_->pause_receive();
  pauses_ = static_cast<std::uint8_t>(pauses_ | reason) & kAllPauses;
  if (reason == kTurnFull || reason == kQuota) mark_ready();
  if (reason == kMemory) retry_soon();
}

void Connection::resume(std::uint8_t reasons) {
  if ((pauses_ & reasons) == 0) return;
  pauses_ = static_cast<std::uint8_t>(pauses_ & ~reasons) & kAllPauses;
  if (pauses_ != 0 || phase_ >= Phase::Closing) return;
  // A packet that is whole but had to wait goes first. It may begin another pause.
  if (incoming_ != nullptr && incoming_->stage == Incoming::Stage::Complete) {
    if (!complete_incoming() || pauses_ != 0 || phase_ >= Phase::Closing) return;
  }
  transport_->resume_receive();
}

}  // namespace midge::connection
