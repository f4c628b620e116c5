// What happens to a session when its connection ends, when it is taken over and when its time is
// up: wills, Will Delay, Session Expiry (MQTT 5.0 sections 3.1.2.5, 3.1.2.11.2, 3.1.3.2.2).
#pragma once

#include "broker/auth/authorizer.hpp"
#include "broker/routing/router.hpp"

namespace midge::routing {

class Lifecycle {
 public:
  Lifecycle(session::Sessions& sessions, Router& router, Deadlines& deadlines,
            metrics::Metrics& metrics, auth::Authorizer& authorizer)
      : sessions_(sessions),
        router_(router),
        deadlines_(deadlines),
        metrics_(metrics),
        authorizer_(authorizer) {}

  // `now` holds until the next turn.
  void start_turn(Instant now) {
    now_ = now;
    sweeps_ = kSweeps;
    sweep();
  }
  // Whether sessions that are over wait for their subscriptions to be taken away.
  [[nodiscard]] bool is_sweeping() const { return !over_.empty(); }

  // A connection takes the session. Its flight starts anew.
  void attach(session::Session& session, session::Attachment& attachment);

  // The connection has ended. The session stays for its expiry interval or ends now; the will goes
  // out, waits for its delay, or is dropped when not `with_will`. The session may be gone after
  // this.
  void detach(session::Session& session, bool with_will);

  // Another connection takes the session: the first half of a detach, wills are the caller's.
  void leave(session::Session& session);

  // Ends the session at once; a will that is left is published [MQTT-3.1.2-8].
  void end(session::Session& session);

  // Publishes the will, if there is one, and forgets it [MQTT-3.1.2-10].
  void publish_will(session::Session& session);

  // Gives it up unpublished.
  void drop_will(session::Session& session);

  // A session that a journal brought back: its connection ended at `left`.
  void restore(session::Session& session, Instant left);

  // The session's deadline has come.
  void on_deadline(session::Session& session);

 private:
  // Subscriptions of sessions that are over that a turn takes away.
  static constexpr std::uint32_t kSweeps = 512;

  void wait(session::Session& session, Instant left);
  void arm(session::Session& session);
  void record_will_gone(const session::Session& session, message::Message& message);
  void sweep();

  session::Sessions& sessions_;
  Router& router_;
  Deadlines& deadlines_;
  metrics::Metrics& metrics_;
  auth::Authorizer& authorizer_;

  Instant now_{};
  std::uint32_t sweeps_ = kSweeps;  // left in this turn
  Queue<Deadline> over_;            // sessions whose subscriptions are being taken away
};

}  // namespace midge::routing
