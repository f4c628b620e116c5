#include "broker/metrics/metrics.hpp"

#include "broker/base/text_list.hpp"

namespace midge::metrics {

void Metrics::count(Cause cause) {
  count(cause, 1);
}

void Metrics::count(Cause cause, std::uint32_t times) {
  refused[static_cast<std::size_t>(cause)] += times;
}

std::string_view cause_name(Cause cause) {
  // In the order of Cause.
  constexpr const char* kNames =
      "connection limit|"
      "listener limit|"
      "session limit|"
      "not authorized|"
      "client identifier|"
      "protocol version|"
      "connect timeout|"
      "keep alive timeout|"
      "taken over|"
      "shutdown|"
      "malformed packet|"
      "protocol error|"
      "packet too large|"
      "receive maximum exceeded|"
      "topic alias invalid|"
      "unknown packet identifier|"
      "publish denied|"
      "topic invalid|"
      "payload too large|"
      "qos not supported|"
      "retain not supported|"
      "retained limit|"
      "memory full|"
      "subscribe denied|"
      "filter invalid|"
      "subscription limit|"
      "feature off|"
      "queue messages|"
      "queue bytes|"
      "queue total|"
      "offline|"
      "expired|"
      "too large for client|"
      "session ended|"
      "storage failed";
  return text_at(kNames, static_cast<std::size_t>(cause));
}

}  // namespace midge::metrics
