#include "broker/session/sessions.hpp"

#include <algorithm>
#include <new>
#include <utility>

#include "broker/base/assert.hpp"

namespace midge::session {

namespace {

std::size_t session_bytes(const Session& session) {
  return sizeof(Session) + session.client_id_bytes + session.user_name_bytes;
}

}  // namespace

Sessions::Sessions(Memory& memory, message::Messages& messages, metrics::Metrics& metrics,
                   const settings::Limits& limits, Commits& commits, Hasher hasher)
    : memory_(memory),
      messages_(messages),
      metrics_(metrics),
      limits_(limits),
      commits_(commits),
      hasher_(hasher),
      deliveries_(memory, messages, metrics),
      inbound_(memory.arena()),
      wills_(memory.arena()),
      table_(memory, kTableLoad) {}

Session* Sessions::find(std::string_view client_id) const {
  return table_.find(hasher_(client_id), [client_id](const Session& session) {
    return session.client_id() == client_id;
  });
}

Session* Sessions::create(std::string_view client_id, std::string_view user_name) {
  if (table_.size() >= limits_.sessions) {
    metrics_.count(metrics::Cause::SessionLimit);
    return nullptr;
  }
  void* const memory =
      memory_.allocate(sizeof(Session) + client_id.size() + user_name.size(), Reserve::Enter);
  if (memory == nullptr) {
    metrics_.count(metrics::Cause::MemoryFull);
    return nullptr;
  }
  auto* const session = new (memory) Session;
  session->client_id_bytes = static_cast<std::uint16_t>(client_id.size());
  session->user_name_bytes = static_cast<std::uint16_t>(user_name.size());
  char* const text = reinterpret_cast<char*>(session + 1);
  copy(text, client_id);
  copy(text + client_id.size(), user_name);
  session->hash = hasher_(client_id);
  session->kind = static_cast<std::uint8_t>(DeadlineKind::Session);
  table_.insert(*session);
  ++metrics_.clients_total;
  return session;
}

void Sessions::retire(Session& session) {
  MIDGE_ASSERT(!session.is_set() && session.attachment == nullptr);
  while (Delivery* const delivery = dequeue(session)) deliveries_.destroy(delivery);
  metrics_.queued_messages -= session.queued_count;  // the journal forgets what it alone has
  while (!session.inflight.empty()) {
    deliveries_.destroy(land(session, {session.inflight.first(), nullptr}));
  }
  while (InboundIdentifier* const open = session.inbound.pop_front()) inbound_.destroy(open);
  drop_will(session);
  table_.remove(session);
  --metrics_.clients_total;
  session.is_over = true;
}

void Sessions::destroy(Session& session) {
  MIDGE_ASSERT(session.is_over && session.subscriptions.empty() && session.replays.empty());
  const std::size_t bytes = session_bytes(session);
  session.~Session();
  memory_.release(&session, bytes);
}

void Sessions::enqueue(Session& session, Delivery& delivery) {
  session.queued.push_back(delivery);
  ++session.queued_count;
  session.queued_bytes += delivery.message->payload_bytes();
}

void Sessions::requeue_front(Session& session, Delivery& delivery) {
  session.queued.push_front(delivery);
  ++session.queued_count;
  session.queued_bytes += delivery.message->payload_bytes();
}

Delivery* Sessions::dequeue(Session& session) {
  return dequeue_after(session, nullptr);
}

Delivery* Sessions::dequeue_after(Session& session, Delivery* before) {
  Delivery* const delivery = session.queued.pop_after(before);
  if (delivery != nullptr) {
    --session.queued_count;
    session.queued_bytes -= delivery->message->payload_bytes();
  }
  return delivery;
}

void Sessions::evict_after(Session& session, Delivery* before) {
  deliveries_.destroy(session.queued.pop_after(before));
  ++metrics_.queued_messages;
  session.has_evicted = true;
}

void Sessions::count_evicted(Session& session, std::uint32_t count, std::uint64_t payload_bytes) {
  session.has_evicted = true;
  session.queued_count += count;
  session.queued_bytes += static_cast<std::uint32_t>(payload_bytes);
  metrics_.queued_messages += count;
}

void Sessions::bring_back(Session& session, Delivery& delivery) {
  session.queued.push_back(delivery);
  --metrics_.queued_messages;
}

std::uint32_t Sessions::end_evicted(Session& session) {
  std::uint32_t count = 0;
  session.queued_bytes = 0;
  for (const Delivery* at = session.queued.first(); at != nullptr; at = at->next) {
    ++count;
    session.queued_bytes += at->message->payload_bytes();
  }
  session.has_evicted = false;
  const std::uint32_t lost = session.queued_count - std::min(session.queued_count, count);
  metrics_.queued_messages += count;
  metrics_.queued_messages -= std::exchange(session.queued_count, count);
  return lost;
}

wire::PacketIdentifier Sessions::free_identifier_after(const Session& session,
                                                       wire::PacketIdentifier id) {
  // What is in flight got its identifiers in order. So the first one is the next to be met again;
  // once it was passed by, it stays in front and the one behind it is met next.
  for (;;) {
    id = identifier_after(id);
    Delivery* open = session.inflight.first();
    while (open != nullptr && open->packet_id != id && open->is_passed) open = open->next;
    if (open == nullptr || open->packet_id != id) return id;
    open->is_passed = true;
  }
}

void Sessions::launch(Session& session, Delivery& delivery, OutboundState state) {
  session.last_packet_id = free_identifier_after(session, session.last_packet_id);
  delivery.packet_id = session.last_packet_id;
  delivery.is_passed = false;
  delivery.state = state;
  restore_flight(session, delivery);
}

void Sessions::restore_flight(Session& session, Delivery& delivery) {
  session.inflight.push_back(delivery);
  ++session.inflight_count;
  ++metrics_.inflight_messages;
}

Sessions::Found Sessions::find_inflight(const Session& session, wire::PacketIdentifier id) {
  Delivery* before = nullptr;
  for (Delivery* delivery = session.inflight.first(); delivery != nullptr;
       before = delivery, delivery = delivery->next) {
    if (delivery->packet_id == id) return {delivery, before};
  }
  return {};
}

Delivery* Sessions::land(Session& session, Found found) {
  if (session.is_online() && session.resend == found.delivery)
    session.resend = found.delivery->next;
  Delivery* const delivery = session.inflight.pop_after(found.before);
  MIDGE_ASSERT(delivery == found.delivery);
  if (delivery->takes_quota) {
    delivery->takes_quota = false;
    --session.quota_used;
  }
  --session.inflight_count;
  --metrics_.inflight_messages;
  return delivery;
}

void Sessions::restart_flight(Session& session) {
  for (Delivery* delivery = session.inflight.first(); delivery != nullptr;
       delivery = delivery->next) {
    delivery->takes_quota = false;
  }
  for (InboundIdentifier* open = session.inbound.first(); open != nullptr;
       open = session.inbound.next(*open)) {
    open->takes_quota = false;
  }
  session.quota_used = 0;
  session.resend = session.inflight.first();
}

void Sessions::drop_qos0(Session& session) {
  Delivery* before = nullptr;
  for (Delivery* delivery = session.queued.first(); delivery != nullptr;) {
    Delivery* const next = delivery->next;
    if (delivery->qos == wire::QoS::AtMostOnce) {
      deliveries_.destroy(dequeue_after(session, before));
      metrics_.count(metrics::Cause::Offline);
    } else {
      before = delivery;
    }
    delivery = next;
  }
}

bool Sessions::has_inbound(const Session& session, wire::PacketIdentifier id) {
  for (const InboundIdentifier* open = session.inbound.first(); open != nullptr;
       open = session.inbound.next(*open)) {
    if (open->packet_id == id) return true;
  }
  return false;
}

bool Sessions::open_inbound(Session& session, wire::PacketIdentifier id) {
  InboundIdentifier* const open = inbound_.create(Reserve::Keep);
  if (open == nullptr) return false;
  open->packet_id = id;
  open->takes_quota = true;
  session.inbound.push_back(*open);
  ++session.inbound_count;
  return true;
}

std::optional<bool> Sessions::close_inbound(Session& session, wire::PacketIdentifier id) {
  InboundIdentifier* before = nullptr;
  for (InboundIdentifier* open = session.inbound.first(); open != nullptr;
       before = open, open = session.inbound.next(*open)) {
    if (open->packet_id != id) continue;
    const bool took_quota = open->takes_quota;
    inbound_.destroy(session.inbound.pop_after(before));
    --session.inbound_count;
    return took_quota;
  }
  return std::nullopt;
}

bool Sessions::set_will(Session& session, message::Message& message, std::uint32_t delay_seconds,
                        std::optional<std::uint32_t> expiry_seconds) {
  drop_will(session);
  session.will = wills_.create(Reserve::Keep, &message, delay_seconds, expiry_seconds);
  if (session.will == nullptr) messages_.release(message);
  return session.will != nullptr;
}

void Sessions::drop_will(Session& session) {
  if (message::Message* const message = take_will(session)) messages_.release(*message);
}

message::Message* Sessions::take_will(Session& session) {
  if (session.will == nullptr) return nullptr;
  message::Message* const message = session.will->message;
  wills_.destroy(session.will);
  session.will = nullptr;
  return message;
}

}  // namespace midge::session
