// A configuration in memory and what came of reading it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "broker/config/config.hpp"

namespace midge::config::test {

// Named texts, each in an allocation of its own size, so that ASan sees an over-read.
class Texts final : public hal::TextSource {
 public:
  Texts() = default;
  Texts(const Texts&) = delete;
  Texts& operator=(const Texts&) = delete;

  void add(const std::string& name, std::string_view text) {
    texts_[name] = std::vector<char>(text.begin(), text.end());
  }
  void add_folder(const std::string& name, std::vector<std::string> entries) {
    folders_[name] = std::move(entries);
  }

  std::optional<std::string_view> text(std::string_view name) override {
    const auto found = texts_.find(std::string(name));
    if (found == texts_.end()) return {};
    return std::string_view(found->second.data(), found->second.size());
  }
  std::optional<std::string_view> entry(std::string_view folder, std::size_t index) override {
    const auto found = folders_.find(std::string(folder));
    if (found == folders_.end() || index >= found->second.size()) return {};
    return found->second[index];
  }
  bool has_folder(std::string_view folder) override {
    return folders_.count(std::string(folder)) != 0;
  }

 private:
  std::map<std::string, std::vector<char>> texts_;
  std::map<std::string, std::vector<std::string>> folders_;
};

class Reports final : public Diagnostics {
 public:
  void report(LogLevel level, std::string_view text) override {
    (level == LogLevel::Error ? errors : warnings).emplace_back(text);
  }
  // The only error, or nothing.
  [[nodiscard]] std::string error() const {
    return errors.size() == 1 ? errors.front() : std::string{};
  }

  std::vector<std::string> errors;
  std::vector<std::string> warnings;
};

// Reads `midge.conf` and what it includes; `settings` is set iff `ok`.
struct Loaded {
  explicit Loaded(std::string_view text, CommandLine line = {}) {
    texts.add("midge.conf", text);
    load(std::move(line));
  }
  explicit Loaded(CommandLine line) { load(std::move(line)); }

  void load(CommandLine line = {}) {
    line.config_file = "midge.conf";
    if (!texts.text("midge.conf")) line.config_file = {};
    ok = load_settings(line, texts, settings, reports, Storage::Available);
  }
  [[nodiscard]] const settings::Listener& listener(std::size_t index = 0) const {
    return settings.listeners[index];
  }

  Texts texts;
  Reports reports;
  settings::Settings settings;
  bool ok = false;
};

// Every value in `settings`, for comparing two of them.
[[nodiscard]] std::string dump(const settings::Settings& settings);

}  // namespace midge::config::test
