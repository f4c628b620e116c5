// The one configuration text that is built into an image.
#pragma once

#include "broker/hal/text_source.hpp"

namespace midge::board {

class FlashTexts final : public hal::TextSource {
 public:
  // Both live in flash.
  FlashTexts(std::string_view name, std::string_view contents) : name_(name), contents_(contents) {}

  [[nodiscard]] std::optional<std::string_view> text(std::string_view name) override {
    if (name != name_) return {};
    return contents_;
  }
  [[nodiscard]] std::optional<std::string_view> entry(std::string_view, std::size_t) override {
    return {};
  }
  [[nodiscard]] bool has_folder(std::string_view) override { return false; }

 private:
  std::string_view name_;
  std::string_view contents_;
};

}  // namespace midge::board
