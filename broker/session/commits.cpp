#include "broker/session/commits.hpp"

namespace midge::session {

bool Commits::record(const Record& change) {
  if (!active_ || !journal_.record(change)) return false;
  pending_ = true;
  ++records_;
  return true;
}

bool Commits::record(RecordKind kind, std::string_view text, const message::Message* message) {
  return record({.kind = kind, .message = message, .text = text});
}

}  // namespace midge::session
