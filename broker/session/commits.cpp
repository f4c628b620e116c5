#include "broker/session/commits.hpp"

namespace midge::session {

bool Commits::record(const Record& change) {
  if (!active_ || !journal_.record(change)) return false;
  pending_ = true;
  ++records_;
  return true;
}

bool Commits::record(RecordKind kind, const Group& group, const Delivery* delivery) {
  return record({.kind = kind, .group = &group, .delivery = delivery});
}

}  // namespace midge::session
