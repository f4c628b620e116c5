// Must not link: a static constructor would run before anything is ready for it.
#include "platform/boards/common/hardware.hpp"

namespace {

struct Talkative {
  Talkative() { midge::board::put('!'); }
};

[[gnu::used]] Talkative talkative;

}  // namespace
