// What each board supplies to the code that all share. One board is linked into an image.
#pragma once

#include "broker/base/bytes.hpp"

struct netif;  // lwIP's network interface

namespace midge::hal {
class Storage;
}

namespace midge::board {

// Clocks, the console's line and the millisecond tick. Comes first.
void start_hardware();

// Sends one character over the console's line; waits while that is full (87 us each at 115,200
// baud). May be called from a fault handler.
void put(char c);

// lwIP's netif_init_fn. A result other than 0 (ERR_OK): the controller does not answer.
signed char start_ethernet(netif* interface);

// Hands all received frames to the stack, and lets the next one interrupt again.
void poll_ethernet(netif& interface);

[[nodiscard]] bool ethernet_has_frame();

// What sessions and messages can be kept on, ready for use and never Pending; null: it does not
// answer. Only of boards with keeping.cpp.
[[nodiscard]] hal::Storage* start_storage();

}  // namespace midge::board
