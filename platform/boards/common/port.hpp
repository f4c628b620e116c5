// What an image's maker supplies: two functions with C names that no board has. Without them the
// image does not link, so that no device goes out with numbers that can be guessed.
// platform/boards/qemu has them for the emulator; docs/boards.md tells how to write them for a
// chip.
#pragma once

#include <cstddef>
#include <cstdint>

extern "C" {

// Fills all of `out` from the chip's own source of unpredictable bytes (a true random number
// generator, not a counter, serial number or clock). False when it failed; the broker does not
// start then. Called once at start, with 32 bytes, before the network is up. Of platforms with more
// than one task: from the broker's.
bool midge_port_entropy(std::uint8_t* out, std::size_t bytes);

// The program's end: the configuration is wrong (`code` below 126) or a fault was met (126). Why is
// on the console already. Called with interrupts in any state, from a handler too, and must not
// return: restart the chip (board::cortex_m::restart()), wait for a watchdog, or blink.
[[noreturn]] void midge_port_stop(int code);
}
