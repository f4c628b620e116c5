// The seam between a session and the connection it has at the moment, and the list of connections
// that have something to send at the end of the turn.
#pragma once

#include <cstdint>
#include <utility>

#include "broker/base/list.hpp"

namespace midge::session {

struct Ready {};  // tag

// Base of a connection. Only the connection knows what it really is.
struct Attachment : ListNode<Ready> {
  enum class Listed : std::uint8_t { No, Now, Wide };
  Listed listed = Listed::No;  // where in the ReadyList
  // The last write took all that could be sent: what is queued now leaves before long.
  bool keeps_up = true;
};

// Two queues: whom the next flush serves, and those with messages for many, served some at a time.
class ReadyList {
 public:
  void add(Attachment& attachment) {
    if (attachment.listed == Attachment::Listed::Now) return;
    if (attachment.listed == Attachment::Listed::Wide) wide_.remove(attachment);
    attachment.listed = Attachment::Listed::Now;
    now_.push_back(attachment);
  }
  void add_wide(Attachment& attachment) {
    if (attachment.listed != Attachment::Listed::No) return;
    attachment.listed = Attachment::Listed::Wide;
    wide_.push_back(attachment);
  }

  // Calls visit(attachment) for those to be served now, taken out; whom it adds comes next time.
  template <class Visit>
  void take_now(Visit visit) {
    List<Attachment, Ready> taken = std::exchange(now_, {});
    while (Attachment* const attachment = take_first(taken)) visit(*attachment);
  }
  // The first of those with messages for many, taken out; null when there is none.
  [[nodiscard]] Attachment* take_wide() { return take_first(wide_); }

  [[nodiscard]] bool has_wide() const { return !wide_.empty(); }
  [[nodiscard]] bool empty() const { return now_.empty() && wide_.empty(); }

 private:
  static Attachment* take_first(List<Attachment, Ready>& from) {
    Attachment* const first = from.first();
    if (first == nullptr) return nullptr;
    from.remove(*first);
    first->listed = Attachment::Listed::No;
    return first;
  }

  List<Attachment, Ready> now_;
  List<Attachment, Ready> wide_;
};

}  // namespace midge::session
