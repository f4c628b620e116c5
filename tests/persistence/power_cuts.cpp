// The power goes in each write of a story in turn: what was acknowledged before is there after.
// MIDGE_STORY is how many messages the story has.
#include <cstdlib>

#include "tests/persistence/story.hpp"

namespace midge::test {
namespace {

int story_messages() {
  const char* const wanted = std::getenv("MIDGE_STORY");
  return wanted != nullptr ? std::atoi(wanted) : 40;
}

}  // namespace

TEST_CASE("a power cut in any write of a story loses nothing that was acknowledged") {
  const int messages = story_messages();
  for (const Device& device : kSmallDevices) {
    for (const QoS qos : {kQoS1, kQoS2}) {
      // Both versions in turn, so that it does not take twice as long.
      std::uint64_t operations = 1;
      for (std::uint64_t cut = 0; cut <= operations; ++cut) {
        CAPTURE(cut);
        KeptBroker broker(cut + 1, device.kind, device.geometry, 2'048);
        broker.start();
        Story story(broker, kBothVersions[cut % 2], qos);
        broker.device.cut_at = cut;
        story.run(messages);
        if (cut == 0) operations = broker.device.operations();
        broker.stop();
        broker.device.cut_at = 0;
        broker.device.power_on();
        broker.start();
        story.run(2);
        story.check();
        CHECK(broker.device.violations() == 0);
      }
      CHECK(operations > 80);
      MESSAGE(operations << " operations, each the last one once");
    }
  }
}

}  // namespace midge::test
