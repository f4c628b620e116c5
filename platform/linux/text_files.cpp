#include "platform/linux/text_files.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <new>

#include "broker/base/bytes.hpp"
#include "platform/linux/descriptor.hpp"

namespace midge::platform {

namespace {

// A path that ends with a zero, as the system wants it; empty when it is too long.
class Path {
 public:
  explicit Path(std::string_view name) {
    if (name.size() >= sizeof text_ || name.find('\0') != std::string_view::npos) name = {};
    text_[name.copy(text_, name.size())] = '\0';
  }
  [[nodiscard]] const char* get() const { return text_; }

 private:
  char text_[PATH_MAX];
};

int is_configuration(const dirent* entry) {
  return std::string_view(entry->d_name).ends_with(".conf") ? 1 : 0;
}

int in_ascii_order(const dirent** a, const dirent** b) {
  return strcmp((*a)->d_name, (*b)->d_name);
}

// Reads until the end or until `out` is full; nothing after an error.
std::optional<std::size_t> read_all(int file, MutableBytes out) {
  std::size_t size = 0;
  while (size < out.size()) {
    const ssize_t got = read(file, out.data() + size, out.size() - size);
    if (got < 0) return {};
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  return size;
}

}  // namespace

struct TextFiles::Folder {
  Folder* next;
  Path name;
  dirent** entries;
  std::size_t count;
};

TextFiles::~TextFiles() {
  while (blocks_ != nullptr) {
    Block* const block = blocks_;
    blocks_ = block->next;
    munmap(block, block->bytes);
  }
  while (folders_ != nullptr) {
    Folder* const folder = folders_;
    folders_ = folder->next;
    for (std::size_t i = 0; i < folder->count; ++i) free(folder->entries[i]);
    free(folder->entries);
    free(folder);
  }
}

std::optional<std::string_view> TextFiles::text(std::string_view name) {
  const Descriptor file(open(Path(name).get(), O_RDONLY | O_CLOEXEC));
  struct stat status {};
  if (!file || fstat(file.get(), &status) != 0 || S_ISDIR(status.st_mode)) return {};
  // A pipe (`-c <(...)`) has no size: it may have as much as is sensible for a pipe.
  const std::size_t size =
      S_ISREG(status.st_mode) ? static_cast<std::size_t>(status.st_size) : std::size_t{1} << 20;
  if (size > kMaximumBytes) return {};
  const std::size_t bytes = sizeof(Block) + size;
  void* const memory =
      mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return {};
  auto* const block = new (memory) Block{blocks_, bytes};
  blocks_ = block;
  const MutableBytes content(static_cast<std::uint8_t*>(memory) + sizeof(Block), size);
  const std::optional<std::size_t> got = read_all(file.get(), content);
  if (!got) return {};
  return as_text(content.first(*got));
}

TextFiles::Folder* TextFiles::list(std::string_view name) {
  const Path path(name);
  for (Folder* folder = folders_; folder != nullptr; folder = folder->next) {
    if (strcmp(folder->name.get(), path.get()) == 0) return folder;
  }
  dirent** entries = nullptr;
  const int count = scandir(path.get(), &entries, is_configuration, in_ascii_order);
  if (count < 0) return nullptr;
  void* const memory = malloc(sizeof(Folder));
  if (memory == nullptr) return nullptr;
  folders_ = new (memory) Folder{folders_, path, entries, static_cast<std::size_t>(count)};
  return folders_;
}

std::optional<std::string_view> TextFiles::entry(std::string_view folder, std::size_t index) {
  const Folder* const listed = list(folder);
  if (listed == nullptr || index >= listed->count) return {};
  return std::string_view(listed->entries[index]->d_name);
}

bool TextFiles::has_folder(std::string_view folder) {
  return list(folder) != nullptr;
}

}  // namespace midge::platform
