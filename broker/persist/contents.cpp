#include "broker/persist/contents.hpp"

namespace midge::persist {

Contents::Contents(Arena& arena) : items_(arena), memory_(arena), index_(memory_) {}

std::uint32_t Contents::hash_of(Kind kind, std::uint64_t first, std::uint64_t second) {
  auto hash = static_cast<std::uint64_t>(kind);
  for (const std::uint64_t part : {first, second}) {
    hash = (hash ^ part) * 0x9E3779B97F4A7C15ULL;
    hash ^= hash >> 32U;
  }
  return static_cast<std::uint32_t>(hash);
}

std::uint64_t Contents::hash_of(std::string_view text) {
  return std::uint64_t{Hasher(1)(text)} << 32U | Hasher(2)(text);
}

Contents::Item* Contents::find(Kind kind, std::uint64_t first, std::uint64_t second) const {
  return index_.find(hash_of(kind, first, second), [&](const Item& item) {
    return item.kind == kind && item.first == first && item.second == second;
  });
}

Contents::Item* Contents::owner(OwnerNumber number) const {
  for (const Kind kind : {Kind::Session, Kind::Group, Kind::Untold}) {
    if (Item* const found = find(kind, number)) return found;
  }
  return nullptr;
}

Contents::Item* Contents::have(Kind kind, std::uint64_t first, std::uint64_t second, Item* owner) {
  Item* item = find(kind, first, second);
  if (item != nullptr) return item;
  item = items_.create(Reserve::Keep);
  is_complete_ = is_complete_ && item != nullptr;
  if (item == nullptr) return nullptr;
  item->kind = kind;
  item->first = first;
  item->second = second;
  item->hash = hash_of(kind, first, second);
  item->owner = owner;
  index_.insert(*item);
  if (owner != nullptr) owner->belongings.push_back(*item);
  ++count_of(kind);
  return item;
}

// Gets what was told of it before it was told what it is.
void Contents::have_owner(Kind kind, OwnerNumber number) {
  Item* const untold = find(Kind::Untold, number);
  Item* const told = have(kind, number);
  if (untold == nullptr || told == nullptr) return;
  while (Item* const item = untold->belongings.first()) {
    untold->belongings.remove(*item);
    told->belongings.push_back(*item);
    item->owner = told;
  }
  remove(untold);
}

// A message counts while something refers to it.
void Contents::refer(Item* item, Item* message) {
  if (item == nullptr || item->message == message) return;
  if (message != nullptr && message->references++ == 0) ++counts_.messages;
  if (item->message != nullptr && --item->message->references == 0) --counts_.messages;
  item->message = message;
}

void Contents::remove(Item* item) {
  if (item == nullptr) return;
  refer(item, nullptr);
  if (item->pair != nullptr) {
    item->pair->pair = nullptr;
    if (item->kind == Kind::Queued) remove(item->pair);
  }
  if (item->owner != nullptr) item->owner->belongings.remove(*item);
  --count_of(item->kind);
  index_.remove(*item);
  items_.destroy(item);
}

void Contents::remove_owner(OwnerNumber number) {
  Item* const found = owner(number);
  if (found == nullptr) return;
  while (Item* const item = found->belongings.first()) remove(item);
  remove(found);
}

// But for what waits with the message `from` or a later one; 0: for nothing.
void Contents::forget_contents(Item& owner, MessageNumber from) {
  List<Item, Item> kept;
  while (Item* const item = owner.belongings.first()) {
    const bool stays =
        from != 0 && item->kind == Kind::Queued && item->second >= from && item->pair == nullptr;
    if (stays) {
      owner.belongings.remove(*item);
      kept.push_back(*item);
    } else {
      remove(item);
    }
  }
  owner.belongings = kept;
}

void Contents::finish() {
  while (untold_owners_ > 0) {
    Item* untold = nullptr;
    index_.for_each([&](Item& item) {
      if (item.kind == Kind::Untold) untold = &item;
    });
    if (untold == nullptr) return;
    remove_owner(static_cast<OwnerNumber>(untold->first));
  }
}

std::size_t& Contents::count_of(Kind kind) {
  switch (kind) {
    case Kind::Session:
      return counts_.sessions;
    case Kind::Group:
      return counts_.groups;
    case Kind::Untold:
      return untold_owners_;
    case Kind::Message:
      break;
    case Kind::Subscription:
      return counts_.subscriptions;
    case Kind::Queued:
      return counts_.queued;
    case Kind::Launched:
      return counts_.launched;
    case Kind::Inbound:
      return counts_.inbound;
    case Kind::Retained:
      return counts_.retained;
    case Kind::Will:
      return counts_.wills;
  }
  return told_messages_;
}

// What names something unknown speaks of something that is over.
void Contents::add(const Record& record) {
  using enum RecordType;
  const OwnerNumber number = record.owner;
  Item* its = owner(number);
  if (its == nullptr && record.type == Queued) its = have(Kind::Untold, number);
  const bool is_told = its != nullptr && its->kind != Kind::Untold;
  Item* const message = find(Kind::Message, record.message);
  const std::uint64_t id = record.numbers[0] & 0xFFFFU;
  switch (record.type) {
    case Session:
      if (its != nullptr && (record.numbers[3] & flags::kAnew) != 0)
        forget_contents(*its, record.message);
      if ((record.numbers[3] & flags::kWhole) != 0) have_owner(Kind::Session, number);
      break;
    case Group:
      have_owner(Kind::Group, number);
      break;
    case OwnerEnded:
      remove_owner(number);
      break;
    case SessionAway:
      break;
    case Subscribed:
      if (is_told) have(Kind::Subscription, number, hash_of(record.texts[0]), its);
      break;
    case Unsubscribed:
      remove(find(Kind::Subscription, number, hash_of(record.texts[0])));
      break;
    case Message:
      if (Item* const told = have(Kind::Message, record.message))
        told->topic = hash_of(record.texts[0]);
      break;
    case Queued:
      if (its != nullptr && message != nullptr)
        refer(have(Kind::Queued, number, record.message, its), message);
      break;
    case Launched:
      launch(its, record.message, id);
      break;
    case Received:
      break;
    case Done:
      if (Item* const launched = find(Kind::Launched, number, id)) remove(launched->pair);
      break;
    case Discarded:
      remove(find(Kind::Queued, number, record.message));
      break;
    case InboundOpened:
      if (is_told) have(Kind::Inbound, number, id, its);
      break;
    case InboundClosed:
      remove(find(Kind::Inbound, number, id));
      break;
    case Retained:
      if (message != nullptr) refer(have(Kind::Retained, message->topic), message);
      break;
    case RetainedGone:
      remove(find(Kind::Retained, hash_of(record.texts[0])));
      break;
    case Will:
      if (is_told && message != nullptr) refer(have(Kind::Will, number, 0, its), message);
      break;
    case Released:
      break;
    case WillGone:
      remove(find(Kind::Will, number));
      break;
  }
}

// A delivery and its packet identifier, which may have been another one's until now.
void Contents::launch(Item* owner, std::uint64_t message, std::uint64_t id) {
  if (owner == nullptr) return;
  Item* const queued = find(Kind::Queued, owner->first, message);
  if (queued == nullptr) return;
  remove(find(Kind::Launched, owner->first, id));
  remove(queued->pair);
  Item* const launched = have(Kind::Launched, owner->first, id, owner);
  if (launched == nullptr) return;
  launched->pair = queued;
  queued->pair = launched;
}

}  // namespace midge::persist
