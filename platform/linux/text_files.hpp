// Configuration texts from files. A file is copied when it is first asked for, so that a later
// change of it can't reach the views.
#pragma once

#include "broker/hal/text_source.hpp"

namespace midge::platform {

class TextFiles final : public hal::TextSource {
 public:
  static constexpr std::size_t kMaximumBytes = std::size_t{64} << 20;

  TextFiles() = default;
  TextFiles(const TextFiles&) = delete;
  TextFiles& operator=(const TextFiles&) = delete;
  ~TextFiles();

  // `name` is a path; asked twice it is read twice. Nothing for what is larger than kMaximumBytes.
  [[nodiscard]] std::optional<std::string_view> text(std::string_view name) override;
  // The entry's name inside the folder, without its path.
  [[nodiscard]] std::optional<std::string_view> entry(std::string_view folder,
                                                      std::size_t index) override;
  [[nodiscard]] bool has_folder(std::string_view folder) override;

 private:
  // Stands in front of each text; all hang in a list until the end.
  struct Block {
    Block* next;
    std::size_t bytes;  // of the mapping, this header included
  };
  struct Folder;

  [[nodiscard]] Folder* list(std::string_view name);

  Block* blocks_ = nullptr;
  Folder* folders_ = nullptr;
};

}  // namespace midge::platform
