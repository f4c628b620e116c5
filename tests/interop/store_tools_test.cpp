// `midge --check-store` and `--dump-store` on stores that were made, and damaged, for it.
#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <map>

#include "broker/persist/log.hpp"
#include "broker/persist/record.hpp"
#include "platform/linux/clock.hpp"
#include "platform/linux/file_storage.hpp"
#include "tests/interop/broker.hpp"

namespace midge::interop {

namespace {

using persist::Record;
using enum persist::RecordType;

// Writes a store's files, a commit a record.
class StoreMaker final : public persist::LogHandler, public persist::FrameVisitor {
 public:
  explicit StoreMaker(const std::filesystem::path& path) : buffer_(std::size_t{512} * 1'024) {
    REQUIRE(loop_.open());
    REQUIRE(files_.open(path.c_str(), platform::kStoreGeometry, loop_) ==
            platform::FileStorage::Opened::Ok);
    persist::Findings findings;
    log_ = std::make_unique<persist::Log>(files_, *this, buffer_);
    REQUIRE(log_->mount(7, *this, findings) == persist::Mounted::Ok);
  }

  StoreMaker& add(const Record& record) {
    std::vector<std::uint8_t> bytes(persist::encoded_bytes(record));
    persist::encode(record, bytes.data());
    return add(Bytes(bytes));
  }
  StoreMaker& add(Bytes record) {
    REQUIRE(log_->append(record));
    log_->commit();
    while (log_->is_busy()) {
      loop_.wait(platform::monotonic_now() + Duration(10'000));
      loop_.dispatch(platform::monotonic_now());
    }
    return *this;
  }

  void on_frame(Bytes, persist::Position) override {}
  void on_committed(std::uint64_t) override {}
  void on_log_failed() override { FAIL("the log failed"); }

 private:
  platform::EventLoop loop_;
  platform::FileStorage files_;
  std::vector<std::uint8_t> buffer_;
  std::unique_ptr<persist::Log> log_;
};

// A session with all it can have, and three segments of messages that are queued for it.
constexpr int kMessages = 40;
void make_store(const std::filesystem::path& path) {
  StoreMaker store(path);
  const std::string payload(60'000, 'p');
  store
      .add({.type = Session,
            .owner = 1,
            .numbers = {60, 90, 0, persist::flags::kWhole},
            .texts = {"one"}})
      .add({.type = Subscribed, .owner = 1, .numbers = {1}, .texts = {"a/#"}})
      .add({.type = Group, .owner = 2, .texts = {"$share/g/a"}});
  for (std::uint64_t number = 1; number <= kMessages; ++number) {
    store.add({.type = Message, .message = number, .texts = {"a/b", "", payload}})
        .add({.type = Queued, .owner = 1, .message = number, .numbers = {1}});
  }
  store.add({.type = Retained, .message = 1})
      .add({.type = Will, .owner = 1, .message = 2})
      .add({.type = InboundOpened, .owner = 1, .numbers = {3}})
      .add({.type = Launched, .owner = 1, .message = 1, .numbers = {1}});
}

Finished look(const char* tool, const std::filesystem::path& path) {
  return run({broker_program(), tool, path.string()});
}

// The number behind a name in the output of a check; nothing when it has no such line.
std::optional<int> count(const Finished& check, const std::string& name) {
  for (const std::string& line : lines_of(check.output)) {
    if (line.starts_with(name + "  ")) return std::stoi(line.substr(name.size()));
  }
  return {};
}

std::map<std::string, std::string> contents(const std::filesystem::path& path) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(path))
    files[entry.path().filename().string()] = read_file(entry.path());
  return files;
}

// Changes the byte at `offset` of a file.
void flip(const std::filesystem::path& file, std::streamoff offset) {
  std::fstream bytes(file, std::ios::in | std::ios::out | std::ios::binary);
  bytes.seekg(offset);
  const int byte = bytes.get();
  bytes.seekp(offset);
  bytes.put(static_cast<char>(byte ^ 0x10));
  REQUIRE(bytes.good());
}

}  // namespace

TEST_CASE("an intact store is said to be so, with what is in it, and stays as it is") {
  const TemporaryFolder folder;
  const auto path = folder.path() / "store";
  make_store(path);
  const auto before = contents(path);
  const Finished check = look("--check-store", path);
  CHECK(check.exit_code == 0);
  CHECK(check.errors.empty());
  CHECK(count(check, "format") == 1);
  CHECK(count(check, "segments") == 3);
  CHECK(count(check, "records") == 3 + 2 * kMessages + 4);
  CHECK(count(check, "sessions") == 1);
  CHECK(count(check, "subscriptions") == 1);
  CHECK(count(check, "shared groups") == 1);
  CHECK(count(check, "messages") == kMessages);
  CHECK(count(check, "retained") == 1);
  CHECK(count(check, "queued") == kMessages);
  CHECK(count(check, "in flight") == 1);
  CHECK(count(check, "open incoming QoS 2") == 1);
  CHECK(count(check, "wills") == 1);
  CHECK_FALSE(count(check, "damaged frames"));
  CHECK(look("--dump-store", path).exit_code == 0);
  CHECK(contents(path) == before);

  // A copy need not have its lock file, and gets none.
  std::filesystem::remove(path / "lock");
  CHECK(look("--check-store", path).exit_code == 0);
  CHECK_FALSE(std::filesystem::exists(path / "lock"));
}

TEST_CASE("a flipped bit is damage, and the other frames are read") {
  const TemporaryFolder folder;
  make_store(folder.path());
  flip(folder.path() / "segment-0002", 100'000);
  const Finished check = look("--check-store", folder.path());
  CHECK(check.exit_code == 1);
  CHECK(check.errors.find("is damaged.") != std::string::npos);
  CHECK(count(check, "damaged frames") == 1);
  CHECK(count(check, "messages") == kMessages - 1);
  CHECK(look("--dump-store", folder.path()).exit_code == 1);
}

TEST_CASE("a start on a damaged store goes on with the rest, and keeps a copy of what was there") {
  const TemporaryFolder folder;
  const auto path = folder.path() / "store";
  make_store(path);
  flip(path / "segment-0002", 100'000);
  const std::string damaged = read_file(path / "segment-0002");
  for (const char* said : {"A copy of it, as it was, is in", "There is a copy already, in"}) {
    CAPTURE(said);
    Broker broker("persistence true\nmax_queued_messages 0\npersistence_location " + path.string() +
                  "\n");
    // It listens before it has read the store.
    CHECK(eventually([&] { return broker.log().find(" running") != std::string::npos; }));
    CHECK(broker.log().find("Warning: The store is damaged: 1 frames") != std::string::npos);
    CHECK(broker.log().find(said) != std::string::npos);
    CHECK(broker.log().find("1 sessions") != std::string::npos);
    CHECK(read_file(path / "damaged" / "segment-0002") == damaged);
  }
  CHECK(look("--check-store", path / "damaged").exit_code == 1);
}

TEST_CASE("a missing segment is damage") {
  const TemporaryFolder folder;
  make_store(folder.path());
  std::filesystem::remove(folder.path() / "segment-0002");
  const Finished check = look("--check-store", folder.path());
  CHECK(check.exit_code == 1);
  CHECK(count(check, "missing segments") == 1);
  CHECK(count(check, "segments") == 2);
}

TEST_CASE("what a crash leaves at the end is no damage, and is said") {
  const TemporaryFolder folder;
  make_store(folder.path());
  // The last frame that is there: its records are cut off.
  const std::string last = read_file(folder.path() / "segment-0003");
  const auto end = static_cast<std::streamoff>(last.find_last_not_of(std::string("\0\xFF", 2)));
  flip(folder.path() / "segment-0003", end);
  const Finished check = look("--check-store", folder.path());
  CHECK(check.exit_code == 0);
  CHECK(count(check, "torn frames") == 1);
  CHECK(count(check, "in flight") == 0);
}

TEST_CASE("a store that is not there or in use can't be read") {
  const TemporaryFolder folder;
  for (const char* tool : {"--check-store", "--dump-store"}) {
    CAPTURE(tool);
    const Finished nothing = look(tool, folder.path());
    CHECK(nothing.exit_code == 3);
    CHECK(nothing.errors.find("There is no store in") != std::string::npos);
    const Finished nowhere = look(tool, folder.path() / "nowhere");
    CHECK(nowhere.exit_code == 3);
    CHECK(nowhere.errors.find("No such file or directory.") != std::string::npos);
  }
  const auto path = folder.path() / "store";
  StoreMaker user(path);
  user.add({.type = WillGone, .owner = 1});
  const Finished used = look("--check-store", path);
  CHECK(used.exit_code == 3);
  CHECK(used.errors.find("is in use.") != std::string::npos);
  CHECK(used.output.empty());
}

TEST_CASE("a dump is an object a line, with where each record lies") {
  const TemporaryFolder folder;
  const auto path = folder.path() / "store";
  const std::vector<std::uint8_t> future = {0x63, 0x02, 0xAA, 0xBB};
  const std::vector<std::uint8_t> wrong = {0x0E, 0x01, 0x80};
  {
    StoreMaker store(path);
    store.add({.type = Session,
               .owner = 1,
               .numbers = {60, 90, 0, 1},
               .texts = {"a \"quoted\\\" \n id", "gr\xC3\xBC\xC3\x9F"}});
    store.add({.type = Subscribed, .owner = 1, .numbers = {2, 5}, .texts = {"no\xFFtext/#"}});
    store.add({.type = Message,
               .message = 18'446'744'073'709'551'615ULL,
               .numbers = {1, 1'700'000'000'000, 1},
               .texts = {"t", "", "Hello"}});
    store.add({.type = Queued, .owner = 1, .message = 7, .numbers = {1}, .texts = {"\x05"}});
    store.add(Bytes(future));
    store.add(Bytes(wrong));
  }
  const Finished dump = look("--dump-store", path);
  const std::vector<std::string> wanted = {
      R"({"segment":1,"offset":40,"type":"Session","session":1,"from":0,"expiry":60,"grace":90,)"
      R"("last_packet_id":0,"flags":1,"client_id":"a \"quoted\\\" \u000a id","user_name":"grüß"})",
      R"({"segment":1,"offset":520,"type":"Subscribed","session":1,"options":2,"identifier":5,)"
      R"("filter":"no\u00fftext/#"})",
      R"({"segment":1,"offset":1032,"type":"Message","message":18446744073709551615,"flags":1,)"
      R"("expires":1700000000000,"publisher":1,"topic":"t","properties_base64":"",)"
      R"("payload_base64":"SGVsbG8="})",
      R"({"segment":1,"offset":1544,"type":"Queued","owner":1,"message":7,"flags":1,)"
      R"("identifiers_base64":"BQ=="})",
      R"({"segment":1,"offset":2056,"unknown_base64":"YwKquw=="})",
      R"({"segment":1,"offset":2568,"damaged_base64":"DgGA"})",
  };
  CHECK(difference(lines_of(dump.output), wanted) == "");
  CHECK(dump.exit_code == 1);
}

}  // namespace midge::interop
