#include "broker/config/finish.hpp"

#include <algorithm>

#include "broker/base/text.hpp"
#include "broker/config/statement.hpp"

namespace midge::config {
namespace {

using settings::Listener;
using settings::Settings;

// False after an error was reported.
bool close_default_listener(Draft& draft, Reporter& reporter) {
  if (draft.default_is_open) return add_default_listener(draft, reporter);
  if (draft.stray.empty() || draft.settings.local_only) return true;
  // Mosquitto would open one more listener, on all interfaces, for the sake of this key.
  reporter.at(draft.stray_place);
  reporter.about(draft.stray);
  return reporter.error(kNeedsListener);
}

void settle_access(Listener& listener, const Access& own, const Access& shared, bool anonymous) {
  listener.allow_anonymous =
      own.allow_anonymous.value_or(shared.allow_anonymous.value_or(anonymous));
  listener.allow_zero_length_clientid =
      own.allow_zero_length_clientid.value_or(shared.allow_zero_length_clientid.value_or(true));
  for (const Access* access : {&shared, &own}) {
    if (!access->auto_id_prefix.empty()) listener.auto_id_prefix = access->auto_id_prefix;
  }
}

}  // namespace

Listener* add_listener(Draft& draft, const Reporter& reporter) {
  Settings& settings = draft.settings;
  if (settings.listener_count == settings::kMaximumListeners) {
    Text<8> count;
    count.add(settings::kMaximumListeners);
    reporter.error("Too many listeners: at most % can be defined.", count.view());
    return nullptr;
  }
  return &settings.listeners[settings.listener_count++];
}

bool add_default_listener(Draft& draft, const Reporter& reporter) {
  draft.access[draft.settings.listener_count] = draft.access[Draft::kDefault];
  Listener* const listener = add_listener(draft, reporter);
  if (listener != nullptr) *listener = draft.default_listener;
  return listener != nullptr;
}

bool finish(Draft& draft, Reporter& reporter) {
  reporter.at({});
  if (!close_default_listener(draft, reporter)) return false;

  Settings& settings = draft.settings;
  settings::Limits& limits = settings.limits;
  limits.topic_alias_maximum = limits.topic_alias_maximum_out = 0;
  bool can_connect = false;
  for (std::size_t i = 0; i < settings.listener_count; ++i) {
    Listener& listener = settings.listeners[i];
    // With a listener that anybody may reach, anonymous clients are let in only when asked for.
    settle_access(listener, draft.access[i], draft.access[Draft::kNone], settings.local_only);
    can_connect = can_connect || listener.allow_anonymous;
    // Memory is planned for the listener that needs most.
    limits.topic_alias_maximum = std::max(limits.topic_alias_maximum, listener.max_topic_alias);
    limits.topic_alias_maximum_out =
        std::max(limits.topic_alias_maximum_out, listener.max_topic_alias_broker);
  }
  if (!can_connect) {
    // The surprise of everybody's first mosquitto.conf with a listener in it.
    reporter.warning(
        "No client can connect: passwords are not checked yet, and 'allow_anonymous' is false on "
        "every listener.",
        {});
  }
  return true;
}

}  // namespace midge::config
