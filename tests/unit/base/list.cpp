#include "broker/base/list.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace midge;

namespace {

struct Red {};
struct Blue {};
struct Item : ListNode<Red>, ListNode<Blue> {
  explicit Item(char n) : name(n) {}
  char name;
};

struct Link {
  Link* next = nullptr;
  char name = 0;
};

template <class L>
std::string names(const L& list) {
  std::string all;
  for (const Item* at = list.first(); at != nullptr; at = L::next(*at)) all += at->name;
  return all;
}

std::string names(const Queue<Link>& queue) {
  std::string all;
  for (const Link* at = queue.first(); at != nullptr; at = at->next) all += at->name;
  return all;
}

}  // namespace

TEST_CASE("an object hangs in two lists at once and leaves each alone") {
  Item a('a');
  Item b('b');
  Item c('c');
  List<Item, Red> red;
  SmallList<Item, Blue> blue;
  for (Item* const item : {&a, &b, &c}) {
    red.push_back(*item);
    blue.push_front(*item);
  }
  CHECK(names(red) == "abc");
  CHECK(names(blue) == "cba");
  red.remove(b);
  CHECK(names(red) == "ac");
  CHECK(names(blue) == "cba");
  blue.remove(c);
  blue.remove(a);
  CHECK(names(blue) == "b");
  red.remove(a);
  red.remove(c);
  CHECK(red.empty());
  red.push_back(b);
  CHECK(names(red) == "b");
}

TEST_CASE("a queue takes out of its middle and joins another") {
  Link links[5];
  for (int i = 0; i < 5; ++i) links[i].name = static_cast<char>('0' + i);
  Queue<Link> queue;
  for (Link& link : links) queue.push_back(link);
  CHECK(queue.pop_after(&links[1]) == &links[2]);
  CHECK(queue.pop_after(&links[3]) == &links[4]);
  CHECK(queue.last() == &links[3]);
  CHECK(queue.pop_front() == &links[0]);
  CHECK(names(queue) == "13");
  queue.insert_after(&links[1], links[4]);
  queue.insert_after(&links[3], links[0]);
  CHECK(names(queue) == "1430");
  CHECK(queue.last() == &links[0]);
  CHECK(queue.pop_after(&links[3]) == &links[0]);
  CHECK(queue.pop_after(&links[1]) == &links[4]);
  Queue<Link> other;
  other.push_front(links[0]);
  other.push_front(links[2]);
  queue.append(other);
  CHECK(names(queue) == "1320");
  CHECK(other.empty());
  CHECK(queue.last() == &links[0]);
}

TEST_CASE("a ring is a queue that knows its end") {
  Link links[4];
  for (int i = 0; i < 4; ++i) links[i].name = static_cast<char>('a' + i);
  Ring<Link> ring;
  const auto names = [&ring] {
    std::string all;
    for (const Link* at = ring.first(); at != nullptr; at = ring.next(*at)) all += at->name;
    return all;
  };
  CHECK(ring.empty());
  CHECK(ring.first() == nullptr);
  CHECK(ring.pop_front() == nullptr);
  for (Link& link : links) ring.push_back(link);
  CHECK(names() == "abcd");
  CHECK(ring.pop_after(&links[1]) == &links[2]);
  CHECK(names() == "abd");
  CHECK(ring.pop_after(&links[1]) == &links[3]);  // the last: the one before it is last now
  CHECK(names() == "ab");
  ring.push_back(links[2]);
  CHECK(names() == "abc");
  CHECK(ring.pop_front() == &links[0]);
  CHECK(ring.pop_front() == &links[1]);
  CHECK(ring.pop_front() == &links[2]);
  CHECK(ring.empty());
  CHECK(links[2].next == nullptr);
}
