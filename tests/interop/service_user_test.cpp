// Started by root with `user`: what becomes of the files that root made. Only root can test it.
#include <doctest/doctest.h>
#include <pwd.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/interop/broker.hpp"
#include "tests/interop/raw_client.hpp"

namespace midge::interop {

namespace {

constexpr const char* kUser = "nobody";  // every Linux has it

struct stat status_of(const std::filesystem::path& path) {
  struct stat status {};
  CHECK(lstat(path.c_str(), &status) == 0);
  return status;
}

bool is_the_users(const std::filesystem::path& path) {
  const passwd* const user = getpwnam(kUser);
  REQUIRE(user != nullptr);
  const struct stat status = status_of(path);
  return status.st_uid == user->pw_uid && status.st_gid == user->pw_gid;
}

bool is_roots(const std::filesystem::path& path) {
  return status_of(path).st_uid == 0;
}

// The broker as kUser, with a log, a pid file and a Unix socket in its folder.
std::string as_user(const std::string& more = {}) {
  return "user " + std::string(kUser) +
         "\nlog_dest file {folder}/midge.log\npid_file {folder}/midge.pid\n" +
         "listener 0 {folder}/midge.sock\nallow_anonymous true\n" + more;
}

}  // namespace

TEST_SUITE("as root" * doctest::skip(geteuid() != 0)) {
  TEST_CASE("the log and the Unix socket become the user's, the pid file stays root's") {
    Broker broker(as_user());
    CHECK(is_the_users("/proc/" + std::to_string(broker.process().pid())));
    CHECK(is_the_users(broker.folder() / "midge.log"));
    CHECK(is_the_users(broker.folder() / "midge.sock"));
    CHECK(is_roots(broker.folder() / "midge.pid"));
    CHECK(read_file(broker.folder() / "midge.pid") ==
          std::to_string(broker.process().pid()) + "\n");
  }

  TEST_CASE("the user goes on writing the log, and opens it again") {
    Broker broker(as_user());
    const auto log = broker.folder() / "midge.log";
    RawClient(broker.port()).connect(5, "before");
    CHECK(eventually([&] { return read_file(log).find(" as before ") != std::string::npos; }));
    std::filesystem::rename(log, broker.folder() / "midge.log.1");
    broker.process().signal(SIGUSR1);
    CHECK(eventually([&] { return std::filesystem::exists(log); }));
    RawClient(broker.port()).connect(5, "after");
    CHECK(eventually([&] { return read_file(log).find(" as after ") != std::string::npos; }));
  }

  TEST_CASE("at the end the pid file and the socket are gone") {
    Broker broker(as_user());
    const auto pid_file = broker.folder() / "midge.pid";
    const auto socket = broker.folder() / "midge.sock";
    CHECK(std::filesystem::exists(pid_file));
    CHECK(broker.stop() == 0);
    CHECK_FALSE(std::filesystem::exists(pid_file));
    CHECK_FALSE(std::filesystem::exists(socket));
  }

  TEST_CASE("a pid file in a folder that is root's is empty at the end") {
    Broker broker(as_user());
    const auto pid_file = broker.folder() / "midge.pid";
    std::filesystem::permissions(broker.folder(), std::filesystem::perms{0755});
    CHECK(broker.stop() == 0);
    CHECK(std::filesystem::exists(pid_file));
    CHECK(read_file(pid_file).empty());
  }

  TEST_CASE("what a log file's name links to stays whose it was") {
    const TemporaryFolder elsewhere;
    const auto secret = elsewhere.write("secret", "");
    const auto link = elsewhere.path() / "linked.log";
    std::filesystem::create_symlink(secret, link);
    Broker broker("user " + std::string(kUser) + "\nlog_dest file " + link.string() + "\n");
    CHECK(eventually([&] { return !read_file(secret).empty(); }));
    CHECK(is_roots(secret));
  }

  TEST_CASE("a user that does not exist is an error before anything is opened") {
    const TemporaryFolder folder;
    const auto file = folder.write("nobody.conf", "user no-such-user\nlistener 1883 127.0.0.1\n");
    const auto result = run({broker_program(), "-q", "-c", file.string()});
    CHECK(result.exit_code == 1);
    CHECK(result.errors.find("Error: Unknown user 'no-such-user'") != std::string::npos);
  }
}

}  // namespace midge::interop
