#include "broker/session/delivery.hpp"

#include <new>

#include "broker/session/subscription.hpp"

namespace midge::session {

Delivery* Deliveries::create(message::Message& message) {
  Slot* const slot = pool_.create(Reserve::Keep);
  if (slot == nullptr) return nullptr;
  auto* const delivery = new (&slot->delivery) Delivery;
  delivery->message = &message;
  message::Messages::add_reference(message);
  ++metrics_.queued_messages;
  return delivery;
}

bool Deliveries::add_identifier(Delivery& delivery, std::uint32_t identifier) {
  if (!delivery.has_list && delivery.identifier == 0) {
    delivery.identifier = identifier;
    return true;
  }
  IdentifierList* list = delivery.has_list ? delivery.identifiers : nullptr;
  if (list == nullptr || list->count == IdentifierList::kIdentifiers) {
    Slot* const slot = pool_.create(Reserve::Keep);
    if (slot == nullptr) return false;
    auto* const front = new (&slot->list) IdentifierList{.next = list};
    if (list == nullptr) front->identifiers[front->count++] = delivery.identifier;
    delivery.identifiers = list = front;
    delivery.has_list = true;
  }
  list->identifiers[list->count++] = identifier;
  return true;
}

void Deliveries::destroy(Delivery* delivery) {
  if (delivery->has_list) {
    for (IdentifierList* list = delivery->identifiers; list != nullptr;) {
      IdentifierList* const next = list->next;
      pool_.destroy(reinterpret_cast<Slot*>(list));
      list = next;
    }
  }
  if (Group* const group = delivery->group; group != nullptr) {
    --group->references;
    release_if_unused(*group);
  }
  messages_.release(*delivery->message);
  --metrics_.queued_messages;
  pool_.destroy(reinterpret_cast<Slot*>(delivery));
}

void Deliveries::set_group(Delivery& delivery, Group& group) {
  delivery.group = &group;
  ++group.references;
}

void Deliveries::release_if_unused(Group& group) {
  if (group.references > 0 || group.member_count > 0) return;
  const std::size_t bytes = sizeof(Group) + group.name_bytes;
  group.~Group();
  memory_.release(&group, bytes);
}

}  // namespace midge::session
