// Connection: the lines of the log.
#include "broker/connection/connection.hpp"

namespace midge::connection {

using namespace std::string_view_literals;

void Connection::log(LogLevel level, const char* format,
                     std::initializer_list<LogArgument> arguments) const {
  if (!context_.log.wants(level)) return;
  Text<512> line;
  const LogArgument* argument = arguments.begin();
  for (const char* at = format; *at != '\0'; ++at) {
    if (*at == '%') {
      line.add_untrusted({argument->text, argument->number});
      ++argument;
    } else if (*at == '#') {
      line.add(argument->number);
      ++argument;
    } else {
      line.add({at, 1});
    }
  }
  context_.log.write(level, line.view());
}

void Connection::log_connected(const wire::Connect& connect) const {
  if (!context_.settings.log.connection_messages) return;
  const unsigned protocol = is_v5() ? 5 : version_ == wire::Version::V311 ? 2 : 1;
  const std::string_view user_name = connect.user_name.value_or(""sv);
  log(LogLevel::Notice,
      user_name.empty() ? "New % connected from % as % (p#, c#, k#)."
                        : "New % connected from % as % (p#, c#, k#, u'%').",
      {is_bridge_ ? "bridge"sv : "client"sv, transport_->peer(), client_id(), protocol,
       unsigned{connect.clean_start}, keep_alive_seconds_, user_name});
}

void Connection::log_closed(std::string_view why) const {
  if (!context_.settings.log.connection_messages) return;
  log(LogLevel::Notice, "Client % [%] disconnected: %.", {client_id(), transport_->peer(), why});
}

}  // namespace midge::connection
