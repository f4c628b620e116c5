// CONNECT options for a session that outlives its connection, in every version.
#pragma once

#include "tests/support/packet.hpp"

namespace midge::test {

// Clean Start 0; 5.0 with a Session Expiry Interval of `seconds`, before 5.0 without end.
[[nodiscard]] inline ConnectOptions kept_session(Version version, std::uint32_t seconds = 60) {
  ConnectOptions options{.clean_start = false};
  if (version == Version::V5) options.props.session_expiry_interval = seconds;
  return options;
}

}  // namespace midge::test
