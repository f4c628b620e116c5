// The program itself: its options, exit codes and messages. Made for midge; Mosquitto 2.0 has no
// --test-config and other exit codes.
#include <doctest/doctest.h>
#include <signal.h>

#include "tests/interop/broker.hpp"
#include "tests/interop/failure_log.hpp"
#include "tests/interop/listening.hpp"
#include "tests/interop/raw_client.hpp"

namespace midge::interop {

namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::string loopback(const char* address, std::uint16_t port) {
  return std::string(address) + ":" + std::to_string(port);
}

// The program with arguments of the test's choice, waited for until it listens on all of `wanted`
// and on nothing else.
void check_listens_exactly(const std::vector<std::string>& arguments,
                           const std::set<std::string>& wanted) {
  std::vector<std::string> command = {broker_program()};
  command.insert(command.end(), arguments.begin(), arguments.end());
  Process process(command);
  CHECK(eventually([&] {
    return listening_addresses(process.pid()).size() >= wanted.size() || !process.running();
  }));
  const auto addresses = listening_addresses(process.pid());
  for (const std::string& address : wanted) {
    CAPTURE(address);
    CHECK(addresses.contains(address));
  }
  CHECK(addresses.size() == wanted.size());
  process.signal(SIGTERM);
  CHECK(process.wait_exit() == std::optional(0));
  log_of_this_test(process.errors());
}

}  // namespace

TEST_CASE("--help and -h name every option and exit with 0") {
  for (const std::string option : {"--help", "-h"}) {
    const auto help = run({broker_program(), option});
    CHECK(help.exit_code == 0);
    for (const std::string name :
         {"-c", "-p", "-v", "-d", "--test-config", "--version", "--check-store", "--dump-store"}) {
      CAPTURE(name);
      CHECK(contains(help.output + help.errors, name));
    }
  }
}

TEST_CASE("--version names the program and its version and exits with 0") {
  const auto version = run({broker_program(), "--version"});
  CHECK(version.exit_code == 0);
  CHECK(contains(version.output, "midge version "));
}

TEST_CASE("an unknown option, a missing value and a bad port exit with 3 and say why") {
  const auto unknown = run({broker_program(), "--no-such-option"});
  CHECK(unknown.exit_code == 3);
  CHECK(contains(unknown.errors, "--no-such-option"));
  CHECK(run({broker_program(), "-c"}).exit_code == 3);
  for (const std::string port : {"0", "65536", "abc"}) {
    CAPTURE(port);
    const auto bad = run({broker_program(), "-p", port});
    CHECK(bad.exit_code == 3);
    CHECK(contains(bad.errors, "Invalid port specified (" + port + ")"));
  }
}

TEST_CASE("a config file that cannot be read exits with 3 and is named") {
  const TemporaryFolder folder;
  const std::string missing = (folder.path() / "missing.conf").string();
  const auto result = run({broker_program(), "-c", missing});
  CHECK(result.exit_code == 3);
  CHECK(contains(result.errors, missing));
}

TEST_CASE("--test-config accepts a good file with 0 and listens nowhere") {
  const TemporaryFolder folder;
  const auto file = folder.write("good.conf",
                                 "# a comment\nlistener 1883 127.0.0.1\nallow_anonymous true\n"
                                 "max_keepalive 300\n");
  const auto result = run({broker_program(), "-c", file.string(), "--test-config"});
  CHECK(result.exit_code == 0);
  CHECK_FALSE(contains(result.errors, "Error"));
}

TEST_CASE("--test-config and the start refuse a bad file with 3, the message, file and line") {
  struct Case {
    const char* text;
    const char* message;
    int line;
  };
  constexpr Case kCases[] = {
      {"listener 1883\nx 1\n", "Error: Unknown configuration variable 'x'", 2},
      {"# comment\n\nuser\n", "Error: Empty 'user' value in configuration.", 3},
      {"port 0\n", "value (0).", 1},
  };
  const TemporaryFolder folder;
  for (const Case& c : kCases) {
    CAPTURE(std::string(c.message));
    const std::string file = folder.write("bad.conf", c.text).string();
    for (const bool only_test : {true, false}) {
      std::vector<std::string> command = {broker_program(), "-c", file};
      if (only_test) command.emplace_back("--test-config");
      const auto result = run(command);
      CAPTURE(result.errors);
      CHECK(result.exit_code == 3);
      CHECK(contains(result.errors, c.message));
      CHECK(contains(result.errors, file + ":" + std::to_string(c.line)));
    }
  }
}

TEST_CASE("without a file it listens on 127.0.0.1 and ::1 only, for as many -p as are given") {
  const auto first = free_port();
  const auto second = free_port();
  check_listens_exactly({"-p", std::to_string(first)},
                        {loopback("127.0.0.1", first), loopback("[::1]", first)});
  check_listens_exactly({"-p", std::to_string(first), "-p", std::to_string(second)},
                        {loopback("127.0.0.1", first), loopback("[::1]", first),
                         loopback("127.0.0.1", second), loopback("[::1]", second)});
}

TEST_CASE("-p counts only where the file defines no listener") {
  const TemporaryFolder folder;
  const auto in_file = free_port();
  const auto on_command_line = free_port();
  const auto silent = folder.write("silent.conf", "max_keepalive 300\n");
  const auto defining =
      folder.write("defining.conf", "listener " + std::to_string(in_file) + " 127.0.0.1\n");
  check_listens_exactly(
      {"-c", silent.string(), "-p", std::to_string(on_command_line)},
      {loopback("127.0.0.1", on_command_line), loopback("[::1]", on_command_line)});
  check_listens_exactly({"-c", defining.string(), "-p", std::to_string(on_command_line)},
                        {loopback("127.0.0.1", in_file)});
}

TEST_CASE("a port that is taken is a clear error and exit code 1, and its holder is left alone") {
  Broker holder;
  const std::string port = std::to_string(holder.port());
  const TemporaryFolder folder;
  const auto file = folder.write("taken.conf", "listener " + port + " 127.0.0.1\n");
  for (const auto& arguments :
       {std::vector<std::string>{"-p", port}, std::vector<std::string>{"-c", file.string()}}) {
    const auto result = run({broker_program(), arguments[0], arguments[1]});
    CAPTURE(result.errors);
    CHECK(result.exit_code == 1);
    CHECK(contains(result.errors, port));
    CHECK(contains(result.errors, "in use"));
  }
  RawClient client(holder.port());
  CHECK_NOTHROW(client.connect(5, "client"));
}

TEST_CASE("why it can't start is on stderr, whatever the log settings are") {
  Broker holder;
  const std::string port = std::to_string(holder.port());
  const TemporaryFolder folder;
  const std::string log = (folder.path() / "midge.log").string();
  const std::string listener = "listener " + port + " 127.0.0.1\nallow_anonymous true\n";
  const std::string nowhere = folder.write("nowhere.conf", listener + "log_dest none\n").string();
  const std::string untyped = folder.write("untyped.conf", listener + "log_type none\n").string();
  const std::string file =
      folder.write("file.conf", listener + "log_dest file " + log + "\n").string();
  for (const auto& arguments : std::vector<std::vector<std::string>>{{"-q", "-p", port},
                                                                     {"-c", nowhere},
                                                                     {"-c", untyped},
                                                                     {"-c", file},
                                                                     {"-d", "-p", port}}) {
    std::vector<std::string> command = {broker_program()};
    command.insert(command.end(), arguments.begin(), arguments.end());
    const auto result = run(command);
    CAPTURE(arguments.front() + " " + arguments.back());
    CAPTURE(result.errors);
    CHECK(result.exit_code == 1);
    CHECK(contains(result.errors, "Error: Address already in use (127.0.0.1:" + port + ")"));
    CHECK(lines_of(result.errors).size() == 1);
  }
  CHECK(contains(read_file(log), "Error: Address already in use"));
}

TEST_CASE("-d ends with 0 when the broker runs, and with its exit code when it can't") {
  const TemporaryFolder folder;
  const auto pid_file = folder.path() / "midge.pid";
  const std::string listener =
      "listener " + std::to_string(free_port()) + " 127.0.0.1\nallow_anonymous true\n";
  const auto good = folder.write("good.conf", listener + "pid_file " + pid_file.string() + "\n");
  const auto bad = folder.write("bad.conf", listener + "pid_file /nonexistent/midge.pid\n");
  const auto started = run({broker_program(), "-d", "-c", good.string()});
  CHECK(started.exit_code == 0);
  CHECK(started.errors.empty());
  const auto pid = static_cast<pid_t>(std::stol(read_file(pid_file)));
  CHECK(listening_addresses(pid).size() == 1);
  kill(pid, SIGTERM);
  CHECK(eventually([&] { return !std::filesystem::exists(pid_file); }));

  const auto failed = run({broker_program(), "-d", "-c", bad.string()});
  CHECK(failed.exit_code == 1);
  CHECK(contains(failed.errors, "Error: Unable to write pid file /nonexistent/midge.pid"));
}

TEST_CASE("without a file anonymous clients may connect, with a listener they may not") {
  const auto port = free_port();
  Process local({broker_program(), "-p", std::to_string(port)});
  REQUIRE(eventually([&] { return listening_addresses(local.pid()).size() == 2; }));
  CHECK_NOTHROW(RawClient(port).connect(5, "client"));
  local.signal(SIGTERM);
  CHECK(local.wait_exit() == std::optional(0));

  Broker closed("allow_anonymous false\n");
  RawClient client(closed.port());
  client.send(connect_packet(5, "client"));
  CHECK(static_cast<unsigned char>(client.must_read().body.at(1)) == 0x87);
  RawClient old(closed.port());
  old.send(connect_packet(4, "old"));
  CHECK(static_cast<unsigned char>(old.must_read().body.at(1)) == 5);
}

TEST_CASE("SIGTERM and SIGINT end it with 0 after DISCONNECT 0x8B to 5.0 clients") {
  for (const int number : {SIGTERM, SIGINT}) {
    CAPTURE(number);
    Broker broker;
    RawClient client(broker.port());
    RawClient old(broker.port());
    RawClient undecided(broker.port());  // no CONNECT yet: nothing may be sent to it
    client.connect(5, "client");
    old.connect(4, "old");
    broker.process().signal(number);
    const auto farewell = client.must_read();
    CHECK(farewell.first_byte == 0xe0);
    CHECK(static_cast<unsigned char>(farewell.body.at(0)) == 0x8b);
    CHECK_FALSE(old.read().has_value());
    CHECK_FALSE(undecided.read().has_value());
    CHECK(client.closed());
    CHECK(broker.process().wait_exit() == std::optional(0));
  }
}

TEST_CASE("a will that waits for its delay does not keep the broker from ending") {
  Broker broker;
  RawClient service(broker.port());
  service.send(
      hex("10 21 00 04 4d 51 54 54 05 0e 00 3c 00 00 02 6f 31 "
          "05 18 00 00 0e 10 00 04 67 6f 6e 65 00 04 6c 6f 73 74"));
  CHECK(service.must_read().type() == 2);
  CHECK(broker.stop() == std::optional(0));
}

}  // namespace midge::interop
