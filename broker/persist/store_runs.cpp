// Store: what waits on storage only. With memory short the far end of a queue leaves it, and what
// is queued behind that follows in its turn; it comes back when what was before it has gone.
#include <algorithm>
#include <chrono>
#include <utility>

#include "broker/persist/store.hpp"
#include "broker/routing/router.hpp"
#include "broker/session/sessions.hpp"

namespace midge::persist {

using message::Message;
using session::BroughtBack;
using session::Delivery;
using session::Session;
using wire::QoS;

namespace {

// Owners that a turn looks at.
constexpr int kVisits = 1'024;

}  // namespace

// --- out of memory ---

bool Store::is_short() {
  const Arena& arena = memory_.arena();
  return arena.used_pages() >
         (eviction_.from_pages != 0 ? eviction_.from_pages : arena.available_pages());
}

void Store::evict() {
  if (core_ == nullptr || reading_.empty()) return;
  for (Owner* at = evicted_.first(); at != nullptr; at = evicted_.next(*at)) {
    if (at->has_queued) evict(*at, 0);
  }
  for (int visits = 0; visits < kVisits && is_short(); ++visits) {
    if (evicted_owner_ == nullptr) {
      if (visits > 0) return;
      evicted_owner_ = owners_.first();
      if (evicted_owner_ == nullptr) return;
    }
    Owner& owner = *std::exchange(evicted_owner_, owners_.next(*evicted_owner_));
    if (!keeps_all(&owner)) continue;
    const std::uint32_t resident = owner.session->queued_count - owner.runs.count();
    if (owner.runs.empty() && resident > 2 * eviction_.kept) evict(owner, eviction_.kept);
  }
}

// What is being told again lies here for some and there for others.
bool Store::may_evict(const Delivery& delivery) const {
  const Message& message = *delivery.message;
  return !delivery.is_apart && message.stored()->number != 0 && !is_to_copy(message);
}

Evicted Store::describe(const Delivery& delivery) {
  const Message& message = *delivery.message;
  return {.number = message.stored()->number,
          .segment = message.stored()->segment,
          .frame = message.stored()->frame,
          .is_copy = delivery.is_copy,
          .stamp = delivery.hold,
          .commit = message.stored()->commit,
          .bytes = static_cast<std::uint32_t>(bytes_of(message) + kAroundDelivery),
          .payload_bytes = message.payload_bytes()};
}

// What is behind the first `kept`, or behind what is there already.
void Store::evict(Owner& owner, std::uint32_t kept) {
  owner.has_queued = false;
  Session& session = *owner.session;
  const bool begins = owner.runs.empty();
  Delivery* before = nullptr;
  Delivery* at = session.queued.first();
  for (; at != nullptr && kept > 0; --kept) {
    before = at;
    at = at->next;
  }
  // Nothing is evicted before what can't be, which would overtake it. That does not hold for what
  // is not in the order of the queue anyhow.
  const auto has_order = [](const Delivery& delivery) {
    return delivery.qos != QoS::AtMostOnce && delivery.group == nullptr && !delivery.is_late;
  };
  for (Delivery* look = begins ? at : nullptr; look != nullptr; look = look->next) {
    if (!has_order(*look) || may_evict(*look)) continue;
    before = look;
    at = look->next;
  }
  MessageNumber after = 0;
  while (at != nullptr) {
    Delivery* const following = at->next;
    const bool leaves = has_order(*at) && may_evict(*at) &&
                        at->message->stored()->number > owner.runs.last_number();
    if (leaves) {
      Evicted evicted = describe(*at);
      evicted.after = after;
      if (!owner.runs.put(run_pool_, evicted, fence_)) break;
      evicted_bytes_ += evicted.bytes;
      rooms_->sessions.evict_after(session, before);
    } else {
      if (has_order(*at)) after = at->message->stored()->number;
      before = at;
    }
    at = following;
  }
  if (begins && !owner.runs.empty()) evicted_.push_back(owner);
}

// --- and back ---

// What is in a run's reach and not of it: what was told again since, and a frame that the device
// was said not to have taken and that stands there once more.
bool Store::may_be_of(const Run& run, const Record& queued, const Position& position) {
  return ((queued.numbers[0] & flags::kCopy) != 0) == run.of_copies &&
         static_cast<std::int32_t>(position.frame - run.first_frame) >= 0;
}

// Takes what comes next of a queue out of frames.
class Store::QueueReader final : public FrameVisitor {
 public:
  QueueReader(Store& to, Runs& runs, OwnerNumber owner, Queue<Delivery>& out)
      : store_(to), runs_(runs), owner_(owner), out_(out) {}
  QueueReader(const QueueReader&) = delete;
  QueueReader& operator=(const QueueReader&) = delete;

  [[nodiscard]] bool is_enough() const {
    const Eviction& eviction = store_.eviction_;
    return count_ >= eviction.brought || (count_ >= eviction.kept && store_.is_short());
  }
  [[nodiscard]] bool is_full() const { return is_full_; }
  // Whether what was read is behind all of the run.
  [[nodiscard]] bool is_done() const { return is_done_; }
  // Whether something of the frame is left.
  [[nodiscard]] bool has_stopped() const { return has_stopped_; }

  void on_frame(Bytes records, Position position) override {
    Record message;
    Record record;
    has_stopped_ = is_done_ = false;
    while (!records.empty() && !is_full_) {
      if (decode(records, record) != Decoded::Record) continue;
      if (record.type == RecordType::Message) {
        has_stopped_ = is_enough();
        if (has_stopped_) return;
        message = record;
      } else if (record.type == RecordType::Queued && record.owner == owner_ &&
                 record.message == message.message) {
        on_queued(record, message, position);
      }
    }
  }

 private:
  void on_queued(const Record& record, const Record& of, const Position& position) {
    if ((record.numbers[0] & flags::kApart) != 0) return;
    Run& run = *runs_.first();
    if (!may_be_of(run, record, position)) return;
    const bool changes = (record.numbers[0] & flags::kChanged) != 0;
    if (changes && out_.last() != nullptr &&
        out_.last()->message->stored()->number == record.message) {
      Message& message = *out_.last()->message;
      Delivery* const changed = store_.make_delivery(record, message);
      is_full_ = changed == nullptr;
      if (is_full_) return;
      drop_last();
      return out_.push_back(*changed);
    }
    if (changes) return;
    is_done_ = is_done_ || record.message == run.end;
    if (record.message < run.first || record.message > run.last) return;
    Message* const message = store_.make_message(of, position, 0);
    Delivery* const delivery =
        message != nullptr ? store_.make_delivery(record, *message) : nullptr;
    if (message != nullptr) store_.rooms_->messages.release(*message);
    is_full_ = delivery == nullptr;
    if (is_full_) return;
    if (run.commit > store_.safe_) message->stored()->commit = run.commit;
    out_.push_back(*delivery);
    ++count_;
    const auto bytes = static_cast<std::uint32_t>(bytes_of(*message) + kAroundDelivery);
    store_.evicted_bytes_ -= std::min<std::uint64_t>(store_.evicted_bytes_, bytes);
    runs_.take(bytes, message->payload_bytes(), record.message);
  }

  void drop_last() {
    Delivery* before = nullptr;
    for (Delivery* at = out_.first(); at != out_.last(); at = at->next) before = at;
    store_.rooms_->sessions.deliveries().destroy(out_.pop_after(before));
  }

  Store& store_;
  Runs& runs_;
  const OwnerNumber owner_;
  Queue<Delivery>& out_;
  std::uint32_t count_ = 0;
  bool is_full_ = false;
  bool has_stopped_ = false;
  bool is_done_ = false;
};

// Reads until it has some.
BroughtBack Store::read_back(Runs& runs, OwnerNumber owner, Queue<Delivery>& out) {
  QueueReader reader(*this, runs, owner, out);
  bool in_commit = false;
  bool is_later = false;
  while (!runs.empty() && !is_later && !reader.is_full() && !reader.has_stopped()) {
    Run& run = *runs.first();
    if (!in_commit && run.first > run.last) {
      runs.drop_first(run_pool_);
      continue;
    }
    // What was queued last may change in the rest of its commit.
    if (!in_commit && reader.is_enough()) break;
    is_later = copied_segment_ != 0 && run.from.segment <= copied_segment_;
    if (is_later) break;
    Cursor at = run.from;
    switch (log_.read_on(at, log_.newest(), reading_, reader)) {
      case ReadOn::Frame:
        if (reader.is_full() || reader.has_stopped()) break;
        run.from = at;
        in_commit = at.in_commit;
        if (reader.is_done()) run.first = run.last + 1;
        break;
      case ReadOn::Failed:
        is_later = true;
        break;
      case ReadOn::End:
        in_commit = false;
        is_later = !log_.is_written();
        // It is not there, whatever became of it.
        if (!is_later) run.first = run.last + 1;
        break;
    }
  }
  runs.drop_read(run_pool_);
  if (!out.empty() || runs.empty()) return BroughtBack::Done;
  if (!is_later) return BroughtBack::NoMemory;
  is_waited_for_ = true;
  wake_at_ = now_ + kRetry;
  return BroughtBack::Later;
}

BroughtBack Store::bring_back(Session& session) {
  Owner& owner = *find(&session);
  Queue<Delivery> out;
  const BroughtBack brought = read_back(owner.runs, owner.number, out);
  while (Delivery* const delivery = out.pop_front()) {
    rooms_->router.on_brought_back(session, *delivery->message);
    rooms_->sessions.bring_back(session, *delivery);
  }
  if (owner.runs.empty()) {
    evicted_.remove(owner);
    const std::uint32_t lost = rooms_->sessions.end_evicted(session);
    for (std::uint32_t i = 0; i < lost; ++i) rooms_->metrics.count(metrics::Cause::StorageFailed);
  }
  return brought;
}

void Store::wake() {
  if (std::exchange(is_waited_for_, false)) core_->on_loaded();
}

QoS Store::qos_of(std::uint64_t told_flags) {
  const std::uint64_t qos = told_flags & flags::kQoS;
  return qos > 2 ? QoS::ExactlyOnce : static_cast<QoS>(qos);
}

Message* Store::make_message(const Record& record, const Position& position,
                             std::uint32_t publisher) {
  const std::string_view payload = record.texts[2];
  Instant expires = kNever;
  if (record.numbers[1] != 0) {
    const bool is_left = (record.numbers[0] & flags::kTimeLeft) != 0;
    const Duration told(static_cast<std::int64_t>(
        std::min<std::uint64_t>(record.numbers[1], std::uint64_t{1} << 50U)));
    // Without a clock now it starts anew, as nobody knows how long that was.
    expires = now_ + (is_left || wall_.count() == 0 ? told : told - wall_);
  }
  message::Messages& messages = rooms_->messages;
  Message* const message =
      messages.create({.topic_name = record.texts[0],
                       .properties_bytes = static_cast<std::uint32_t>(record.texts[1].size()),
                       .payload_bytes = static_cast<std::uint32_t>(payload.size()),
                       .qos = qos_of(record.numbers[0]),
                       .retain = (record.numbers[0] & flags::kRetain) != 0,
                       .expires = expires});
  if (message == nullptr) return nullptr;
  if (!messages.append(*message, as_bytes(payload))) {
    messages.release(*message);
    return nullptr;
  }
  copy(message::Messages::properties_of(*message).data(), record.texts[1]);
  message->publisher = publisher;
  message_bytes_ += bytes_of(*message);
  message->stored()->number = record.message;
  message->stored()->segment = position.segment;
  message->stored()->frame = position.frame;
  return message;
}

Delivery* Store::make_delivery(const Record& record, Message& message) {
  session::Deliveries& deliveries = rooms_->sessions.deliveries();
  Delivery* const delivery = deliveries.create(message);
  if (delivery == nullptr) return nullptr;
  delivery->qos = qos_of(record.numbers[0]);
  delivery->retain = (record.numbers[0] & flags::kRetain) != 0;
  delivery->is_copy = (record.numbers[0] & flags::kCopy) != 0;
  Bytes identifiers = as_bytes(record.texts[0]);
  while (const auto identifier = take_varint(identifiers)) {
    if (deliveries.add_identifier(*delivery, static_cast<std::uint32_t>(*identifier))) continue;
    deliveries.destroy(delivery);
    return nullptr;
  }
  return delivery;
}

// --- making room ---

// Tells again what frames have of runs.
class Store::RunCopier final : public FrameVisitor {
 public:
  RunCopier(Store& to, std::uint32_t done) : store_(to), done_(done) {}
  RunCopier(const RunCopier&) = delete;
  RunCopier& operator=(const RunCopier&) = delete;

  [[nodiscard]] bool has_room() const { return has_room_; }
  // Bytes of the frame that need not be looked at any more.
  [[nodiscard]] std::uint32_t done() const { return done_; }

  void on_frame(Bytes records, Position position) override {
    const std::size_t whole = records.size();
    records = records.subspan(std::min<std::size_t>(done_, whole));
    Record message;
    Record record;
    bool is_told = false;
    while (!records.empty()) {
      const auto here = static_cast<std::uint32_t>(whole - records.size());
      if (decode(records, record) != Decoded::Record) continue;
      if (record.type == RecordType::Message) {
        message = record;
        is_told = false;
        done_ = here;
        continue;
      }
      if (record.type != RecordType::Queued || record.message != message.message) continue;
      Owner* const owner = find(record, position);
      if (owner == nullptr || changes_again(record, records)) continue;
      has_room_ = tell(*owner, record, message, is_told);
      // Its message is said once more then.
      if (!has_room_) return;
    }
    done_ = 0;
  }

 private:
  // Who has it in a run that lies here; null: nobody.
  [[nodiscard]] Owner* find(const Record& record, const Position& position) const {
    if ((record.numbers[0] & flags::kApart) != 0) return nullptr;
    for (Owner* at = store_.evicted_.first(); at != nullptr; at = store_.evicted_.next(*at)) {
      if (at->number != record.owner) continue;
      for (const Run* run = at->runs.first(); run != nullptr; run = run->next) {
        const bool has_it = run->first <= record.message && record.message <= run->last;
        if (!has_it) continue;
        const bool lies_here = run->from.segment <= store_.copied_segment_;
        return lies_here && may_be_of(*run, record, position) ? at : nullptr;
      }
      return nullptr;
    }
    return nullptr;
  }

  // Whether what follows says another thing of it.
  [[nodiscard]] static bool changes_again(const Record& record, Bytes rest) {
    Record look;
    while (!rest.empty()) {
      if (decode(rest, look) != Decoded::Record) continue;
      if (look.type == RecordType::Message) return false;
      if (look.type == RecordType::Queued && look.owner == record.owner &&
          (look.numbers[0] & flags::kChanged) != 0) {
        return true;
      }
    }
    return false;
  }

  [[nodiscard]] bool tell(Owner& owner, const Record& record, const Record& message,
                          bool& is_told) {
    const std::size_t queued = record.texts[0].size() + kRecord;
    const std::size_t all = encoded_bytes(message) + queued;
    if (!store_.has_copy_room(all)) return false;
    is_told = is_told && store_.is_told_here(message.message) && store_.log_.fits_frame(queued);
    if (!is_told) {
      if (!store_.log_.keep_together(all)) return false;
      segment_ = store_.here();
      static_cast<void>(store_.put(nullptr, message));
      store_.last_told_ = message.message;
      store_.told_frame_ = store_.log_.filling_frame();
      is_told = true;
    }
    constexpr std::uint64_t kPlain = flags::kQoS | flags::kRetain;
    static_cast<void>(store_.put(nullptr, {.type = RecordType::Queued,
                                           .owner = record.owner,
                                           .message = record.message,
                                           .numbers = {(record.numbers[0] & kPlain) | flags::kCopy},
                                           .texts = {record.texts[0]}}));
    return owner.runs.move(store_.run_pool_,
                           {.number = record.message,
                            .segment = segment_,
                            .frame = store_.told_frame_,
                            .is_copy = true,
                            .stamp = ++store_.stamps_},
                           store_.fence_, store_.copied_segment_);
  }

  Store& store_;
  std::uint32_t done_;
  SegmentNumber segment_ = 0;
  bool has_room_ = true;
};

bool Store::copy_runs() {
  bool is_needed = false;
  for (Owner* at = evicted_.first(); at != nullptr && copied_segment_ != 0 && !is_needed;
       at = evicted_.next(*at)) {
    is_needed = at->runs.reaches_back_to(copied_segment_);
  }
  while (is_needed) {
    RunCopier copier(*this, copied_records_);
    Cursor at = copied_frame_;
    const ReadOn read = log_.read_on(at, copied_segment_, reading_, copier);
    if (read == ReadOn::Failed) {
      copy_at_ = now_ + kRetry;
      return false;
    }
    is_needed = read == ReadOn::Frame;
    copied_records_ = copier.done();
    if (!copier.has_room()) return false;
    if (is_needed) copied_frame_ = at;
  }
  for (Owner* at = evicted_.first(); at != nullptr; at = evicted_.next(*at)) {
    at->runs.leave(copied_segment_);
  }
  return true;
}

}  // namespace midge::persist
