// Connection: DISCONNECT and AUTH from the client (MQTT 5.0 sections 3.14 and 3.15).
#include "broker/connection/connection.hpp"
#include "broker/wire/disconnect.hpp"

namespace midge::connection {

using metrics::Cause;
using wire::ReasonCode;
using namespace std::string_view_literals;

void Connection::on_disconnect(Bytes body) {
  wire::Disconnect disconnect;
  const ReasonCode error = wire::decode_disconnect(version_, body, disconnect);
  if (wire::is_error(error)) return close_for(error);
  if (const auto expiry = disconnect.properties.session_expiry_interval) {
    // A session that its client wanted to end with the connection can't be kept after all.
    if (!asked_expiry_ && *expiry != 0) {
      return close(ReasonCode::ProtocolError, Cause::ProtocolError);
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

void Connection::on_auth(Bytes body) {
  wire::Auth auth;
  const ReasonCode error = wire::decode_auth(body, auth);
  // No exchange is under way: CONNECT named no method that is known here.
  close_for(wire::is_error(error) ? error : ReasonCode::ProtocolError);
}

}  // namespace midge::connection
