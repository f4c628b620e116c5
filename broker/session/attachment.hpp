// The seam between a session and the connection it has at the moment, and the list of connections
// that have something to send at the end of the turn.
#pragma once

namespace midge::session {

// Base of a connection. Only the connection knows what it really is.
struct Attachment {
  Attachment* next_ready = nullptr;
  bool is_ready = false;  // in the ReadyList
  // The last write took all that could be sent: what is queued now leaves at the end of the turn.
  bool keeps_up = true;
};

class ReadyList {
 public:
  void add(Attachment& attachment) {
    if (attachment.is_ready) return;
    attachment.is_ready = true;
    attachment.next_ready = nullptr;
    (last_ != nullptr ? last_->next_ready : first_) = &attachment;
    last_ = &attachment;
  }
  // The first, taken out; null when there is none.
  [[nodiscard]] Attachment* take() {
    Attachment* const attachment = first_;
    if (attachment == nullptr) return nullptr;
    first_ = attachment->next_ready;
    if (first_ == nullptr) last_ = nullptr;
    attachment->is_ready = false;
    return attachment;
  }
  [[nodiscard]] bool empty() const { return first_ == nullptr; }

 private:
  Attachment* first_ = nullptr;
  Attachment* last_ = nullptr;
};

}  // namespace midge::session
