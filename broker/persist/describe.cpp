#include "broker/persist/describe.hpp"

#include "broker/base/text_list.hpp"

namespace midge::persist {

namespace {

// type | owner | message | 4 numbers | 3 texts
constexpr const char* kNames[kRecordTypes] = {
    "",
    "Session|session|from|expiry|grace|last_packet_id|flags|client_id|user_name",
    "OwnerEnded|owner",
    "SessionAway|session||since",
    "Subscribed|session||options|identifier|||filter",
    "Unsubscribed|session||||||filter",
    "Message||message|flags|expires|publisher||topic|properties_base64|payload_base64",
    "Queued|owner|message|flags||||identifiers_base64",
    "Launched|session|message|packet_id|flags",
    "Received|session||packet_id",
    "Done|session||packet_id",
    "Discarded|owner|message|flags",
    "InboundOpened|session||packet_id",
    "InboundClosed|session||packet_id",
    "Retained||message",
    "RetainedGone|||||||topic",
    "Will|session|message|delay|expiry",
    "WillGone|session",
    "Group|group||||||filter",
    "Released|||segment",
};

}  // namespace

RecordNames names_of(RecordType type) {
  const char* const names = kNames[static_cast<std::size_t>(type)];
  RecordNames of{
      .type = text_at(names, 0), .owner = text_at(names, 1), .message = text_at(names, 2)};
  std::size_t at = 3;
  for (std::string_view& name : of.numbers) name = text_at(names, at++);
  for (std::string_view& name : of.texts) name = text_at(names, at++);
  return of;
}

}  // namespace midge::persist
