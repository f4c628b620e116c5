// Connection: DISCONNECT from the client (MQTT 5.0 section 3.14).
#include "broker/connection/connection.hpp"

namespace midge::connection {

using wire::ReasonCode;
using namespace std::string_view_literals;

void Connection::on_disconnect(const wire::Ack& disconnect) {
  if (const auto expiry = disconnect.properties.session_expiry_interval) {
    // A session that its client wanted to end with the connection can't be kept after all.
    if (!asked_expiry_ && *expiry != 0) {
      return close_for(ReasonCode::ProtocolError);
    }
    set_expiry(*expiry);
  }
  log_closed(disconnect.reason == ReasonCode::NormalDisconnection
                 ? "client disconnected"sv
                 : wire::reason_name(disconnect.reason));
  // Only the normal reason takes the will along [MQTT-3.14.4-3].
  end_session(disconnect.reason != ReasonCode::NormalDisconnection);
  enter_closing();  // what is owed goes out first: CONNACK too may be among it [MQTT-3.1.4-5]
}

}  // namespace midge::connection
