// Connection: DISCONNECT and AUTH from the client (MQTT 5.0 sections 3.14 and 3.15).
#include <algorithm>

#include "broker/connection/connection.hpp"
#include "broker/wire/disconnect.hpp"

namespace midge::connection {

using metrics::Cause;
using wire::ReasonCode;

void Connection::on_disconnect(Bytes body) {
  const auto disconnect = wire::decode_disconnect(version_, body);
  if (!disconnect) return close_for(disconnect.error());
  if (const auto expiry = disconnect->properties.session_expiry_interval) {
    // A session that its client wanted to end with the connection can't be kept after all.
    if (!asked_expiry_ && *expiry != 0) {
      return close(ReasonCode::ProtocolError, Cause::ProtocolError);
    }
    session_->expiry_seconds = *expiry;
    if (const auto& most = context_.settings.persistent_client_expiration) {
      session_->expiry_seconds = static_cast<std::uint32_t>(
          std::min<std::int64_t>(session_->expiry_seconds, most->count()));
    }
  }
  log_closed(disconnect->reason == ReasonCode::NormalDisconnection
                 ? std::string_view("client disconnected")
                 : wire::reason_name(disconnect->reason));
  // Only the normal reason takes the will along [MQTT-3.14.4-3].
  end_session(disconnect->reason != ReasonCode::NormalDisconnection);
  enter_closing();  // what is owed goes out first: CONNACK too may be among it [MQTT-3.1.4-5]
}

void Connection::on_auth(Bytes body) {
  const auto auth = wire::decode_auth(body);
  if (!auth) return close_for(auth.error());
  // No exchange is under way: CONNECT named no method that is known here.
  close(ReasonCode::ProtocolError, Cause::ProtocolError);
}

}  // namespace midge::connection
