#include "broker/session/attachment.hpp"

namespace midge::session {

void ReadyList::add(Attachment& attachment) {
  if (attachment.listed == Attachment::Listed::Now) return;
  if (attachment.listed == Attachment::Listed::Wide) {
    has_moved_ = true;  // take_now() finds it where it is
  } else {
    now_.push_back(attachment);
  }
  attachment.listed = Attachment::Listed::Now;
}

void ReadyList::add_wide(Attachment& attachment) {
  if (attachment.listed != Attachment::Listed::No) return;
  attachment.listed = Attachment::Listed::Wide;
  wide_.push_back(attachment);
}

void ReadyList::move_to(Queue<Attachment>& taken) {
  Attachment* before = nullptr;
  for (Attachment* at = wide_.first(); at != nullptr;) {
    Attachment* const following = at->next;
    if (at->listed == Attachment::Listed::Now) {
      taken.push_back(*wide_.pop_after(before));
    } else {
      before = at;
    }
    at = following;
  }
}

Attachment* ReadyList::take_first(Queue<Attachment>& from) {
  Attachment* const first = from.pop_front();
  if (first != nullptr) first->listed = Attachment::Listed::No;
  return first;
}

}  // namespace midge::session
