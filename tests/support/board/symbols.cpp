#include "tests/support/board/symbols.hpp"

#include <elf.h>

#include <cstring>
#include <stdexcept>
#include <string>

#include "tests/interop/process.hpp"

namespace midge::test {

namespace {

template <class T>
T at(const std::string& image, std::size_t offset) {
  if (offset + sizeof(T) > image.size()) throw std::runtime_error("the image is cut short");
  T value;
  std::memcpy(&value, image.data() + offset, sizeof value);
  return value;
}

}  // namespace

std::uint32_t address_of(const std::filesystem::path& file, std::string_view symbol) {
  const std::string image = interop::read_file(file);
  const auto header = at<Elf32_Ehdr>(image, 0);
  const auto section = [&](std::size_t number) {
    return at<Elf32_Shdr>(image, header.e_shoff + number * sizeof(Elf32_Shdr));
  };
  for (std::size_t i = 0; i < header.e_shnum; ++i) {
    const Elf32_Shdr table = section(i);
    if (table.sh_type != SHT_SYMTAB) continue;
    const std::size_t names = section(table.sh_link).sh_offset;
    for (std::size_t offset = 0; offset < table.sh_size; offset += sizeof(Elf32_Sym)) {
      const auto entry = at<Elf32_Sym>(image, table.sh_offset + offset);
      if (image.c_str() + names + entry.st_name == symbol) return entry.st_value;
    }
  }
  throw std::runtime_error(file.string() + " has no " + std::string(symbol));
}

}  // namespace midge::test
