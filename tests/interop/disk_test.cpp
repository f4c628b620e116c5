// The real program on a disk that fails, and works again.
#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>

#include "tests/interop/broker.hpp"
#include "tests/interop/raw_client.hpp"

namespace midge::interop {

namespace {

constexpr std::string_view kTenMinutes = "11 00 00 02 58";  // Session Expiry Interval

// A disk that does as it is told; see faulty_disk.cpp.
class Disk {
 public:
  ProcessOptions options() const {
    return {.environment = {"LD_PRELOAD=" + std::string(std::getenv("MIDGE_FAULTY_DISK")),
                            "MIDGE_DISK_FAULT=" + path().string(),
                            // The sanitizer wants to be the first library.
                            "ASAN_OPTIONS=verify_asan_link_order=0"}};
  }
  // Written beside its place first: nobody reads half of it.
  void becomes(const char* fault) const {
    const auto made = folder_.write("made", fault);
    std::filesystem::rename(made, path());
  }
  void works() const { std::filesystem::remove(path()); }

 private:
  std::filesystem::path path() const { return folder_.path() / "fault"; }

  TemporaryFolder folder_;
};

std::string settings() {
  return "persistence true\npersistence_location {folder}/store\nbackpressure_time 100ms\n";
}

bool is_logged(const Broker& broker, const std::string& text) {
  return broker.log().find(text) != std::string::npos;
}

// Whether it was acknowledged, and not refused.
bool publish(RawClient& client, const std::string& payload, int packet_id) {
  client.send(publish_packet(5, "kept/a", payload, 1, packet_id));
  const auto answer = client.must_read();
  REQUIRE(answer.type() == 4);
  return answer.body.size() == 2 || answer.body[2] == 0;
}

std::string value_of(const Broker& broker, const std::string& topic) {
  RawClient reader(broker.port());
  reader.connect(4, "reader");
  reader.subscribe(4, "$SYS/broker/" + topic, 0);
  return reader.must_read().body.substr(2 + std::string("$SYS/broker/").size() + topic.size());
}

void make_session(const Broker& broker) {
  RawClient subscriber(broker.port());
  subscriber.connect(5, "subscriber", 60, hex(kTenMinutes), /*clean=*/false);
  subscriber.subscribe(5, "kept/#", 1);
  subscriber.send(hex("e0 00"));
  CHECK(subscriber.closed());
}

}  // namespace

TEST_CASE("on a disk that fails nothing is acknowledged that may be lost, and it recovers") {
  struct Fault {
    const char* name;
    const char* reason;
  };
  constexpr Fault kFaults[] = {{"full", "No space left on device"},
                               {"broken", "Input/output error"},
                               {"unsure", "Input/output error"}};
  const Disk disk;
  Broker broker(settings(), disk.options());
  make_session(broker);
  std::vector<std::string> acknowledged;
  const auto publish_well = [&](RawClient& client, const std::string& payload, int packet_id) {
    CHECK(publish(client, payload, packet_id));
    acknowledged.push_back(payload);
  };

  for (const Fault& kind : kFaults) {
    CAPTURE(kind.name);
    const std::string fault = kind.name;
    RawClient publisher(broker.port());
    publisher.connect(5, "publisher");
    RawClient older(broker.port());
    older.connect(4, "older");
    RawClient other(broker.port());
    other.connect(5, "other");
    other.subscribe(5, "other", 0);
    publish_well(publisher, fault + " before", 1);

    disk.becomes(kind.name);
    // What was written when the disk failed has no answer.
    publisher.send(publish_packet(5, "kept/a", fault + " lost", 1, 2));
    const auto farewell = publisher.must_read();
    CHECK(farewell.type() == 14);
    CHECK(farewell.body.at(0) == '\x97');
    CHECK(publisher.closed());
    const std::string complaint = "The store cannot be written: " + std::string(kind.reason);
    CHECK(eventually([&] { return is_logged(broker, complaint); }));

    // What comes meanwhile is refused unwritten; QoS 0 goes on.
    CHECK_FALSE(publish(other, fault + " refused", 1));
    older.send(publish_packet(4, "kept/a", fault + " refused", 1, 1));
    CHECK(older.closed());
    other.send(publish_packet(5, "other", "goes on"));
    CHECK(other.must_read().body.ends_with("goes on"));
    CHECK(std::stoi(value_of(broker, "refused/storage failed")) >= 1);

    disk.works();
    CHECK(eventually([&] { return is_logged(broker, "The store can be written again."); }));
    publish_well(other, fault + " after", 3);
    // The rest of its life is another process's: what it acknowledged is there.
    broker.kill();
    CHECK(
        run({broker_program(), "--check-store", (broker.folder() / "store").string()}).exit_code ==
        0);
    broker.start_again();
  }

  RawClient subscriber(broker.port());
  const std::string connack =
      subscriber.connect(5, "subscriber", 60, hex(kTenMinutes), /*clean=*/false);
  CHECK(connack.at(0) == 1);
  std::vector<std::string> came;
  while (came.size() < 9 && (came.empty() || came.back() != acknowledged.back())) {
    const auto message = subscriber.must_read();
    REQUIRE(message.type() == 3);
    // Topic, packet identifier, no properties.
    came.push_back(message.body.substr(2 + std::string("kept/a").size() + 3));
    subscriber.send(packet(0x40, message.body.substr(8, 2)));
  }
  // Nobody was promised what was lost, and nobody was told that it is.
  std::erase_if(came, [](const std::string& payload) { return payload.ends_with(" lost"); });
  CHECK(came == acknowledged);
}

TEST_CASE("who connects while the store is read finds the session") {
  const Disk disk;
  Broker broker(settings(), disk.options());
  make_session(broker);
  broker.kill();
  disk.becomes("slow");
  broker.start_again();                            // returns when it listens
  WARN_FALSE(is_logged(broker, "Restored from"));  // so the test shows something
  RawClient subscriber(broker.port());
  const std::string connack =
      subscriber.connect(5, "subscriber", 60, hex(kTenMinutes), /*clean=*/false);
  CHECK(connack.at(0) == 1);
  CHECK(is_logged(broker, "Restored from"));
}

}  // namespace midge::interop
