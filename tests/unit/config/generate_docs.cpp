// midge-config-doc: prints docs/config.md, made from the key table. With the name of a file it
// compares instead and ends with 1 when that file says something else.
#include <fstream>
#include <iostream>
#include <iterator>
#include <sstream>
#include <string>

#include "broker/config/key_docs.hpp"

namespace {

using namespace midge::config;
using table::Row;
using table::Status;

std::string name(const Row& key) {
  std::ostringstream text;
  text << '`' << key.name.view() << '`';
  for (const Alias& alias : documented_aliases()) {
    if (alias.key.view() == key.name.view()) text << ", `" << alias.name.view() << '`';
  }
  return text.str();
}

std::string place(const Row& key) {
  switch (key.scope) {
    case Scope::Global:
      return "global";
    case Scope::Shared:
      return "global or listener";
    case Scope::ThisListener:
    case Scope::ListenerAccess:
      return "listener";
    case Scope::DefaultListener:
      return "listener, or before any";
    case Scope::Bridge:
      return "bridge";
  }
  return {};
}

// "drop_new|drop_old" -> "drop_new, drop_old"
std::string choices(std::string_view values) {
  std::ostringstream text;
  for (const char c : values) {
    if (c == '|') {
      text << ", ";
    } else {
      text << c;
    }
  }
  return text.str();
}

std::string range(const Row& key, std::int32_t unit, const char* unit_name) {
  std::ostringstream text;
  if (key.no_limit == NoLimit::Zero && key.range.minimum > 0) text << "0, ";
  text << key.range.minimum / unit;
  if (key.range.maximum == kAnyMaximum) {
    text << " or more";
  } else {
    text << " to " << key.range.maximum / static_cast<std::uint32_t>(unit);
  }
  text << unit_name;
  return text.str();
}

std::string value(const Row& key) {
  if (key.scope == Scope::Bridge || key.status == Status::Refused) {
    return key.type == Type::Flag ? "true, false" : key.type == Type::Number ? "number" : "text";
  }
  switch (key.type) {
    case Type::Flag:
      return "true, false";
    case Type::Number:
      return range(key, 1, "");
    case Type::Size:
      return range(key, 1, " bytes; k, m, g");
    case Type::Wait:
      return range(key, 1'000, " s, or ms");
    case Type::Duration:
      return "number and s, h, d, w, m (30 days) or y";
    case Type::Text:
      return "text";
    case Type::Choice:
      return choices(key.note);
    case Type::Special:
      return std::string(key.values);
  }
  return {};
}

std::string status(const Row& key, bool is_everywhere) {
  switch (key.status) {
    case Status::Supported:
      return is_everywhere ? "supported" : "supported, not on boards";
    case Status::Ignored:
      return "accepted with a warning";
    case Status::Refused:
      return key.type == Type::Flag && key.scope != Scope::Bridge ? "true is refused" : "refused";
  }
  return {};
}

std::string text(const Row& key) {
  std::string found;
  if (key.status == Status::Refused) found = "Refused: ";
  if (key.status == Status::Ignored) found = "No effect: ";
  return found.append(key.text);
}

std::string document() {
  std::ostringstream out;
  out << "# Configuration keys\n"
         "\n"
         "Made from the tables of keys (`broker/config/broker_keys.hpp`, `system_keys.hpp`) by "
         "`midge-config-doc`; a test compares them.\n"
         "\n"
         "The file has the form of mosquitto.conf: one key and its value a line, `#` begins a "
         "comment line. What is wrong is an\n"
         "error with file and line, and midge does not start then. The file is read at the start "
         "only.\n"
         "\n"
         "- **global** keys may stand anywhere. **listener** keys belong to the `listener` (or "
         "`port`, `bind_address`) above them. Where it\n"
         "  says **or before any**, they may also stand before all listeners and count for the one "
         "that `port` or `bind_address` opens,\n"
         "  or for the local ones.\n"
         "- **global or listener** keys count for the whole file, or, with `per_listener_settings "
         "true`, for the listener above.\n"
         "- Without `listener`, `port` and `bind_address`, only this machine can connect: "
         "127.0.0.1 and ::1, port 1883 or those of `-p`.\n"
         "- **refused** keys end the start with an error: what they would forbid, encrypt or keep "
         "is not there yet, and midge does not\n"
         "  go on without it.\n"
         "- A board knows the **supported** keys, but for those that need an operating system. Any "
         "other is unknown there, which is an error.\n"
         "- Keys whose text begins with \"midge:\" are not in Mosquitto.\n"
         "\n"
         "| key | where | value | default | status | what it does |\n"
         "| --- | --- | --- | --- | --- | --- |\n";
  for (const DocumentedKey& documented : documented_keys()) {
    const Row& key = documented.row;
    out << "| " << name(key) << " | " << place(key) << " | " << value(key) << " | "
        << key.default_text.view() << " | " << status(key, documented.is_everywhere) << " | "
        << text(key) << " |\n";
  }
  return out.str();
}

}  // namespace

int main(int count, char** arguments) {
  const std::string generated = document();
  if (count < 2) {
    std::cout << generated;
    return 0;
  }
  std::ifstream file(arguments[1]);
  const std::string committed{std::istreambuf_iterator<char>(file), {}};
  if (committed == generated) return 0;
  std::cerr << arguments[1]
            << " differs from the tables of keys; renew it with\n  midge-config-doc > "
            << arguments[1] << '\n';
  return 1;
}
