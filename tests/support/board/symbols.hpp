// Where a board's image has its variables.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

namespace midge::test {

// Throws std::runtime_error when the image has no such symbol.
[[nodiscard]] std::uint32_t address_of(const std::filesystem::path& image, std::string_view symbol);

}  // namespace midge::test
