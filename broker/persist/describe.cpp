#include "broker/persist/describe.hpp"

namespace midge::persist {

namespace {

constexpr RecordNames kNames[kRecordTypes] = {
    {},
    {.type = "Session",
     .owner = "session",
     .message = "from",
     .numbers = {"expiry", "grace", "last_packet_id", "flags"},
     .texts = {"client_id", "user_name"}},
    {.type = "OwnerEnded", .owner = "owner"},
    {.type = "SessionAway", .owner = "session", .numbers = {"since"}},
    {.type = "Subscribed",
     .owner = "session",
     .numbers = {"options", "identifier"},
     .texts = {"filter"}},
    {.type = "Unsubscribed", .owner = "session", .texts = {"filter"}},
    {.type = "Message",
     .message = "message",
     .numbers = {"flags", "expires", "publisher"},
     .texts = {"topic", "properties_base64", "payload_base64"}},
    {.type = "Queued",
     .owner = "owner",
     .message = "message",
     .numbers = {"flags"},
     .texts = {"identifiers_base64"}},
    {.type = "Launched",
     .owner = "session",
     .message = "message",
     .numbers = {"packet_id", "flags"}},
    {.type = "Received", .owner = "session", .numbers = {"packet_id"}},
    {.type = "Done", .owner = "session", .numbers = {"packet_id"}},
    {.type = "Discarded", .owner = "owner", .message = "message", .numbers = {"flags"}},
    {.type = "InboundOpened", .owner = "session", .numbers = {"packet_id"}},
    {.type = "InboundClosed", .owner = "session", .numbers = {"packet_id"}},
    {.type = "Retained", .message = "message"},
    {.type = "RetainedGone", .texts = {"topic"}},
    {.type = "Will", .owner = "session", .message = "message", .numbers = {"delay", "expiry"}},
    {.type = "WillGone", .owner = "session"},
    {.type = "Group", .owner = "group", .texts = {"filter"}},
    {.type = "Released", .numbers = {"segment"}},
};

}  // namespace

const RecordNames& names_of(RecordType type) {
  return kNames[static_cast<std::size_t>(type)];
}

}  // namespace midge::persist
