#include "tests/interop/process.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace midge::interop {

namespace {

std::vector<char*> c_strings(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

bool is_installed(const std::string& program) {
  if (program.find('/') != std::string::npos) return access(program.c_str(), X_OK) == 0;
  const char* path = std::getenv("PATH");
  std::istringstream folders(path == nullptr ? "" : path);
  for (std::string folder; std::getline(folders, folder, ':');) {
    if (access((folder + "/" + program).c_str(), X_OK) == 0) return true;
  }
  return false;
}

}  // namespace

void sleep_for(Clock::duration time) {
  std::this_thread::sleep_for(time);
}

TemporaryFolder::TemporaryFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "midge-interop-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
  path_ = pattern;
  // A broker that gives up root still has to reach its files here.
  std::filesystem::permissions(path_, std::filesystem::perms::all);
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::filesystem::path TemporaryFolder::write(const std::string& name,
                                             const std::string& content) const {
  const auto file = path_ / name;
  std::ofstream(file, std::ios::binary) << content;
  return file;
}

Process::Process(std::vector<std::string> arguments, const ProcessOptions& options) {
  const std::string program = arguments.front();
  if (!is_installed(program))
    throw std::runtime_error("there is no program " + program + ": is it installed?");
  if (options.line_buffered) arguments.insert(arguments.begin(), {"stdbuf", "-oL"});
  if (options.open_files) {
    // exec keeps the pid, so the limit holds from the program's first instruction on.
    arguments.insert(arguments.begin(), {"/bin/sh", "-c", "ulimit -n \"$0\" && exec \"$@\"",
                                         std::to_string(*options.open_files)});
  }
  // A test that is killed for taking too long takes its children with it.
  arguments.insert(arguments.begin(), {"setpriv", "--pdeathsig", "KILL"});
  std::vector<std::string> environment = options.environment;
  for (char** entry = environ; *entry != nullptr; ++entry) environment.emplace_back(*entry);

  const auto input = folder_.write("in", options.standard_input);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, input.c_str(), O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, (folder_.path() / "out").c_str(),
                                   O_WRONLY | O_CREAT | O_APPEND, 0666);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, (folder_.path() / "err").c_str(),
                                   O_WRONLY | O_CREAT | O_APPEND, 0666);
  const auto argv = c_strings(arguments);
  const auto envp = c_strings(environment);
  const int failed = posix_spawnp(&pid_, argv.front(), &actions, nullptr, argv.data(), envp.data());
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) {
    pid_ = -1;
    throw std::runtime_error("cannot start " + program);
  }
}

Process::~Process() {
  if (pid_ <= 0 || !running()) return;
  signal(SIGKILL);
  (void)wait_exit();
}

std::optional<int> Process::poll_exit() {
  if (exit_code_ || pid_ <= 0) return exit_code_;
  int status = 0;
  if (waitpid(pid_, &status, WNOHANG) != pid_) return std::nullopt;
  if (WIFEXITED(status)) exit_code_ = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) exit_code_ = 128 + WTERMSIG(status);
  return exit_code_;
}

std::optional<int> Process::wait_exit(Clock::duration limit) {
  (void)eventually([&] { return poll_exit().has_value(); }, limit);
  return exit_code_;
}

void Process::signal(int number) {
  if (pid_ > 0 && !exit_code_) kill(pid_, number);
}

std::string Process::output() const {
  return read_file(folder_.path() / "out");
}
std::string Process::errors() const {
  return read_file(folder_.path() / "err");
}

std::chrono::milliseconds Process::cpu_time() const {
  // proc(5): the fields after the parenthesised name; utime and stime are numbers 14 and 15.
  const std::string text = read_file("/proc/" + std::to_string(pid_) + "/stat");
  const auto name_end = text.rfind(')');
  if (name_end == std::string::npos) throw std::runtime_error("the process is gone");
  std::istringstream fields(text.substr(name_end + 2));
  std::string skipped;
  for (int field = 3; field < 14; ++field) fields >> skipped;
  long user = 0;
  long system = 0;
  fields >> user >> system;
  return std::chrono::milliseconds((user + system) * 1000 / sysconf(_SC_CLK_TCK));
}

Finished run(std::vector<std::string> arguments, const ProcessOptions& options) {
  const std::string program = arguments.front();
  Process process(std::move(arguments), options);
  const auto code = process.wait_exit();
  if (!code) throw std::runtime_error(program + " did not end; it said: " + process.errors());
  return {*code, process.output(), process.errors()};
}

std::string difference(const std::vector<std::string>& got, const std::vector<std::string>& want) {
  if (got == want) return {};
  std::size_t at = 0;
  while (at < got.size() && at < want.size() && got[at] == want[at]) ++at;
  std::string text =
      std::to_string(got.size()) + " of " + std::to_string(want.size()) + ", number ";
  text += std::to_string(at) + " is ";
  return text + (at < got.size() ? got[at] : "missing");
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream content;
  content << file.rdbuf();
  return content.str();
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

}  // namespace midge::interop
