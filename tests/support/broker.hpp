// A broker in the simulator, for one test.
//
//   Broker broker;                                 // anonymous clients, one listener, seed 1
//   broker.settings.max_keepalive = 10;            // before the first client, or start()
//   broker.limits.connections = 2;
//   Client a(broker, version, "a");                // starts the broker
//   broker.advance(1500ms);                        // virtual time
//   broker.settle();                               // all that is due now; clients do it themselves
//
// Links are perfect and immediate unless `broker.link` (sim::LinkOptions, for the next clients)
// says otherwise. What else a test may turn: broker.journal, .authorizer, .entropy (see
// the top of platform/sim/<name>.hpp); and look at: broker.metrics, broker.log, broker.world.
//
// conformance_board is made of the same tests with a board in QEMU in the simulator's place: the
// folder of the one or the other is on the path.
#pragma once

// Of tests/support/simulator or tests/support/board.
#include <broker_under_test.hpp>
