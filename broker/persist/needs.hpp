// Store::needs(), while compiling: what a board's arena is sized by.
#pragma once

#include <cstddef>
#include <cstdint>

#include "broker/base/page_count.hpp"
#include "broker/persist/mounting.hpp"

namespace midge::persist {

constexpr Store::Needs Store::needs(std::size_t page_bytes, std::uint32_t sessions,
                                    std::uint32_t messages) {
  PageCount pages(page_bytes);
  const auto add_table = [&pages](std::uint32_t nodes) {
    HashTable::for_each_piece(nodes, HashTable::Load::Even,
                              [&pages](std::size_t bytes) { pages.add(pages.memory(bytes), 1); });
  };
  const SizeClassTable classes(page_bytes, Slab::usable_page_bytes(page_bytes));
  pages.add_pages(round_up(classes.bytes(sizeof(Slab)), page_bytes) / page_bytes);
  pages.add(pages.pool(sizeof(Owner)), sessions);
  add_table(sessions);
  const auto always = static_cast<std::size_t>(pages.pages());
  pages.add(pages.memory(sizeof(Mounting::Held)), sessions);
  pages.add(pages.pool(sizeof(Mounting::Known)), messages);
  add_table(sessions);
  add_table(messages);
  return {.pages = always, .mount_pages = static_cast<std::size_t>(pages.pages()) - always};
}

}  // namespace midge::persist
