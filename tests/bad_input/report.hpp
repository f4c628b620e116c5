// Cases that go wrong: each is told with the packet and what was done to it, the first few of a
// test at least.
#pragma once

#include <doctest/doctest.h>

#include <string>

#include "tests/bad_input/answers.hpp"
#include "tests/bad_input/samples.hpp"

namespace midge::test::bad_input {

class Report {
 public:
  // Plays one case on `stage`; `what` tells how `bytes` came from `sample`.
  template <class What>
  void play(Stage& stage, const Sample& sample, Bytes bytes, const Travel& travel, What what) {
    ++cases_;
    const std::string wrong = stage.run(sample.scene, sample.version, bytes, travel);
    if (wrong.empty()) return;
    if (++failures_ > kMost) return;
    FAIL_CHECK(version_name(sample.version), ", ", std::string(sample.name), ", ", what(),
               travel.byte_by_byte ? ", byte by byte" : "", "\n  sent: ", hex_text(bytes),
               "\n  it was ", wrong);
  }
  ~Report() {
    CHECK(cases_ != 0);
    if (failures_ > kMost) FAIL_CHECK(failures_, " cases of ", cases_, " go wrong");
  }
  Report() = default;
  Report(const Report&) = delete;
  Report& operator=(const Report&) = delete;

 private:
  static constexpr std::size_t kMost = 10;
  std::size_t cases_ = 0;
  std::size_t failures_ = 0;
};

}  // namespace midge::test::bad_input
