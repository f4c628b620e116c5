#include "broker/base/hash_index.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "broker/base/hash.hpp"
#include "tests/unit/base/range.hpp"

using namespace midge;

namespace {

struct Node : HashNode {
  std::uint32_t value = 0;
};

}  // namespace

TEST_CASE("an index finds what is in it while it grows and shrinks, and gives all memory back") {
  test::Range range(8U << 20U);
  NoBacking backing;
  Arena arena(range.all(), 4096, 0, backing);
  Memory memory(arena);
  HashIndex<Node> index(memory);
  std::vector<Node> nodes(50'000);
  const Hasher hasher(42);
  for (std::uint32_t i = 0; i < nodes.size(); ++i) {
    nodes[i].value = i;
    nodes[i].hash = hasher(std::to_string(i));
    index.insert(nodes[i]);
  }
  const auto find = [&](std::uint32_t value) {
    return index.find(nodes[value].hash, [value](const Node& node) { return node.value == value; });
  };
  bool all = true;
  for (std::uint32_t i = 0; i < nodes.size(); ++i) all = all && find(i) == &nodes[i];
  CHECK(all);
  for (std::uint32_t i = 0; i < nodes.size(); i += 2) index.remove(nodes[i]);
  bool half = true;
  for (std::uint32_t i = 0; i < nodes.size(); ++i)
    half = half && (find(i) != nullptr) == (i % 2 == 1);
  CHECK(half);
  CHECK(index.size() == nodes.size() / 2);
  std::size_t visited = 0;
  index.for_each([&](const Node& node) { visited += node.value % 2; });
  CHECK(visited == nodes.size() / 2);
  for (std::uint32_t i = 1; i < nodes.size(); i += 2) index.remove(nodes[i]);
  CHECK(index.size() == 0);
  CHECK(arena.used_pages() == memory.own_pages());
}

TEST_CASE("an index is emptied node by node, however it shrinks meanwhile") {
  test::Range range(1U << 20U);
  NoBacking backing;
  Arena arena(range.all(), 4096, 0, backing);
  Memory memory(arena);
  HashIndex<Node> index(memory);
  std::vector<Node> nodes(5'000);
  for (std::uint32_t i = 0; i < nodes.size(); ++i) {
    nodes[i].hash = i * 2'654'435'761U;
    index.insert(nodes[i]);
  }
  std::size_t visited = 0;
  index.drain([&](Node& node) {
    index.remove(node);
    ++visited;
  });
  CHECK(visited == nodes.size());
  CHECK(index.size() == 0);
  CHECK(arena.used_pages() == memory.own_pages());
}

TEST_CASE("an index without memory for more buckets still finds everything") {
  test::Range range(8U << 10U);
  NoBacking backing;
  Arena arena(range.all(), 4096, 0, backing);
  while (arena.take(1) != nullptr) {
  }
  Memory memory(arena);
  HashIndex<Node> index(memory);
  std::vector<Node> nodes(200);
  for (std::uint32_t i = 0; i < nodes.size(); ++i) {
    nodes[i].hash = i * 2'654'435'761U;
    index.insert(nodes[i]);
  }
  for (Node& node : nodes) {
    CHECK(index.find(node.hash, [&](const Node& at) { return &at == &node; }) == &node);
  }
}

TEST_CASE("a hash depends on its key, its salt, and every byte") {
  const Hasher one(1);
  CHECK(one("abc") == Hasher(1)("abc"));
  CHECK(one("abc") != Hasher(2)("abc"));
  CHECK(one("abc") != one("abc", 7));
  CHECK(one("abc") != one("abd"));
  CHECK(one("") != one(std::string_view("\0", 1)));
  CHECK(one("12345678") != one("12345679"));
}
