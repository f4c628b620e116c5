// A decoder that fills a struct in place, which the broker's own use, as one that returns it.
#pragma once

#include "broker/base/result.hpp"
#include "broker/wire/protocol.hpp"

namespace midge::wire {

// `decode(packet)` comes with a new one and returns Success or the error.
template <class Packet, class Decode>
[[nodiscard]] Result<Packet, ReasonCode> decoded(Decode decode) {
  Result<Packet, ReasonCode> result{Packet{}};
  const ReasonCode reason = decode(*result);
  if (is_error(reason)) result = Failure{reason};
  return result;
}

}  // namespace midge::wire
