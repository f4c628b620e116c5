// Keys of Mosquitto's that midge does not have.
#include "broker/config/special_keys.hpp"
#include "broker/config/statement.hpp"

namespace midge::config {
namespace {

bool ignore(const Statement& statement, const char* why) {
  statement.reporter.warning("The '$' option has no effect: %", why);
  return true;
}

bool refuse(const Statement& statement) {
  statement.reporter.report(LogLevel::Error, "The '$' option is not supported: %",
                            statement.note());
  return false;
}

}  // namespace

bool ignore(Statement& statement, const Value&) {
  return ignore(statement, statement.note());
}

bool ignore_packet_buffer_size(Statement& statement, const Value&) {
  return ignore(statement, kOneBuffer.text());
}

bool ignore_retain_expiry(Statement& statement, const Value&) {
  return ignore(statement, kOwnExpiry.text());
}

// Whatever it says.
bool refuse(Statement& statement, const Value&) {
  return statement.words.rest().empty() ? empty_value(statement) : refuse(statement);
}

// False asks for nothing.
bool refuse_if_true(Statement& statement, const Value& value) {
  return value.number == 0 || refuse(statement);
}

bool ask_for_a_bridge(Statement& statement, const Value&) {
  return statement.reporter.error("The '$' option requires a bridge to be defined first.");
}

}  // namespace midge::config
