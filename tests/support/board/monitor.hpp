// QEMU's monitor, which is a Unix socket in a folder.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace midge::test {

class Monitor {
 public:
  explicit Monitor(std::filesystem::path folder) : folder_(std::move(folder)) {}
  ~Monitor();
  Monitor(const Monitor&) = delete;
  Monitor& operator=(const Monitor&) = delete;

  // QEMU's options for it.
  [[nodiscard]] std::vector<std::string> options() const;

  // The answer to a command as it is typed, in one line. Connects first, if need be.
  std::string ask(const std::string& command);

 private:
  [[nodiscard]] std::filesystem::path path() const { return folder_ / "monitor"; }
  std::string ask_json(const std::string& request);

  std::filesystem::path folder_;
  int socket_ = -1;
  std::string unread_;
};

}  // namespace midge::test
