// The seam between a session and the connection it has at the moment, and the list of connections
// that have something to send at the end of the turn.
#pragma once

#include <cstdint>
#include <utility>

#include "broker/base/list.hpp"

namespace midge::session {

// Base of a connection. Only the connection knows what it really is.
struct Attachment {
  enum class Listed : std::uint8_t { No, Now, Wide };
  Attachment* next = nullptr;
  Listed listed : 2 = Listed::No;  // where in the ReadyList
  // The last write took all that could be sent: what is queued now leaves before long.
  bool keeps_up : 1 = true;
  bool reaches_few : 1 = false;  // the last message that came of it was for few
};

// Two queues: whom the next flush serves, and those with messages for many, served some at a time.
class ReadyList {
 public:
  void add(Attachment& attachment);
  void add_wide(Attachment& attachment);

  // Calls visit(attachment) for those to be served now, taken out; whom it adds comes next time.
  template <class Visit>
  void take_now(Visit visit) {
    Queue<Attachment> taken = std::exchange(now_, {});
    if (std::exchange(has_moved_, false)) move_to(taken);
    while (Attachment* const attachment = take_first(taken)) visit(*attachment);
  }
  // The first of those with messages for many, taken out; null when there is none.
  [[nodiscard]] Attachment* take_wide() { return take_first(wide_); }

  [[nodiscard]] bool has_wide() const { return !wide_.empty(); }
  [[nodiscard]] bool empty() const { return now_.empty() && wide_.empty(); }

 private:
  // Those that have come to be served now out of the others.
  void move_to(Queue<Attachment>& taken);
  static Attachment* take_first(Queue<Attachment>& from);

  Queue<Attachment> now_;
  Queue<Attachment> wide_;
  bool has_moved_ = false;
};

}  // namespace midge::session
