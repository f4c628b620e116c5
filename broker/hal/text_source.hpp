// Named configuration texts: files on Linux, constants in flash on a board.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace midge::hal {

class TextSource {
 public:
  // The whole text called `name`, or nothing when there is none or it can't be read. The view
  // lives until the source does.
  [[nodiscard]] virtual std::optional<std::string_view> text(std::string_view name) = 0;

  // The name of entry number `index` of the folder `name`, in ASCII order, only names that end in
  // ".conf"; nothing after the last one or when there is no such folder.
  [[nodiscard]] virtual std::optional<std::string_view> entry(std::string_view folder,
                                                              std::size_t index) = 0;

  // True when `folder` exists and can be listed.
  [[nodiscard]] virtual bool has_folder(std::string_view folder) = 0;

 protected:
  ~TextSource() = default;
};

class NoTextSource final : public TextSource {
 public:
  [[nodiscard]] std::optional<std::string_view> text(std::string_view) override { return {}; }
  [[nodiscard]] std::optional<std::string_view> entry(std::string_view, std::size_t) override {
    return {};
  }
  [[nodiscard]] bool has_folder(std::string_view) override { return false; }
};

}  // namespace midge::hal
