// The power goes in each write of a story in turn: what was acknowledged before is there after. The
// story is told once: before each write another broker starts with what a cut in it would leave.
// MIDGE_STORY is how many messages the story has.
#include <cstdlib>

#include "tests/persistence/story.hpp"

namespace midge::test {
namespace {

constexpr std::size_t kBuffer = 2'048;

int story_messages() {
  const char* const wanted = std::getenv("MIDGE_STORY");
  return wanted != nullptr ? std::atoi(wanted) : 600;
}

class CutEverywhere final : public sim::StorageWitness {
 public:
  CutEverywhere(const Story& story, KeptBroker& broker) : story_(story), broker_(broker) {
    broker_.device.witness = this;
  }
  ~CutEverywhere() { broker_.device.witness = nullptr; }
  CutEverywhere(const CutEverywhere&) = delete;
  CutEverywhere& operator=(const CutEverywhere&) = delete;

  [[nodiscard]] std::uint64_t cuts() const { return cuts_; }

  void on_operation(const sim::Storage& cut) override {
    ++cuts_;
    CAPTURE(cuts_);
    KeptBroker after(cut, kBuffer);
    // Its clocks go on where those of the other one are.
    after.world.jump_wall(broker_.now() - after.now());
    Story story(story_, after);
    story.run(2);
    story.check();
    CHECK(after.device.violations() == 0);
  }

 private:
  const Story& story_;
  KeptBroker& broker_;
  std::uint64_t cuts_ = 0;
};

}  // namespace

TEST_CASE("a power cut in any write of a story loses nothing that was acknowledged") {
  const int messages = story_messages();
  Version version = Version::V5;
  for (const Device& device : kSmallDevices) {
    for (const QoS qos : {kQoS1, kQoS2}) {
      CAPTURE(version);
      CAPTURE(qos);
      KeptBroker broker(1, device.kind, device.geometry, kBuffer);
      broker.start();
      Story story(broker, version, qos);
      CutEverywhere cut(story, broker);
      story.run(messages);
      CHECK(cut.cuts() > 2 * static_cast<std::uint64_t>(messages));
      MESSAGE(cut.cuts() << " operations, each the last one once");
      // Each kind of device sees both versions.
      version = version == Version::V5 ? Version::V311 : Version::V5;
    }
  }
}

}  // namespace midge::test
