#include "broker/session/outbound_state.hpp"

#include <doctest/doctest.h>

using namespace midge::session;
using midge::wire::PacketType;
using midge::wire::ReasonCode;

TEST_CASE("each acknowledgement moves the sender's state as section 4.3 tells") {
  using enum OutboundState;
  struct Row {
    OutboundState state;
    PacketType ack;
    ReasonCode reason;
    OutboundState next;
    Action action;
  };
  constexpr auto kOk = ReasonCode::Success;
  constexpr auto kNo = ReasonCode::QuotaExceeded;
  constexpr Row kRows[] = {
      {AwaitPuback, PacketType::Puback, kOk, AwaitPuback, Action::Release},
      {AwaitPuback, PacketType::Puback, kNo, AwaitPuback, Action::Release},
      {AwaitPuback, PacketType::Pubrec, kOk, AwaitPuback, Action::Reject},
      {AwaitPuback, PacketType::Pubcomp, kOk, AwaitPuback, Action::Reject},
      {AwaitPubrec, PacketType::Pubrec, kOk, AwaitPubcomp, Action::SendPubrel},
      {AwaitPubrec, PacketType::Pubrec, ReasonCode::NoMatchingSubscribers, AwaitPubcomp,
       Action::SendPubrel},
      {AwaitPubrec, PacketType::Pubrec, kNo, AwaitPubrec, Action::Release},
      {AwaitPubrec, PacketType::Puback, kOk, AwaitPubrec, Action::Reject},
      {AwaitPubrec, PacketType::Pubcomp, kOk, AwaitPubrec, Action::Reject},
      {AwaitPubcomp, PacketType::Pubcomp, kOk, AwaitPubcomp, Action::Release},
      {AwaitPubcomp, PacketType::Pubcomp, ReasonCode::PacketIdentifierNotFound, AwaitPubcomp,
       Action::Release},
      {AwaitPubcomp, PacketType::Pubrec, kOk, AwaitPubcomp, Action::SendPubrel},
      {AwaitPubcomp, PacketType::Pubrec, kNo, AwaitPubcomp, Action::Release},
      {AwaitPubcomp, PacketType::Puback, kOk, AwaitPubcomp, Action::Reject},
      {AwaitCommit, PacketType::Pubrec, kOk, AwaitCommit, Action::Reject},
      {Queued, PacketType::Puback, kOk, Queued, Action::Reject},
  };
  for (const Row& row : kRows) {
    CAPTURE(static_cast<int>(row.state));
    CAPTURE(static_cast<int>(row.ack));
    CAPTURE(static_cast<int>(row.reason));
    const Step step = on_ack(row.state, row.ack, row.reason);
    CHECK(step.next == row.next);
    CHECK(step.action == row.action);
  }
}
