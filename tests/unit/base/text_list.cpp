#include "broker/base/text_list.hpp"

#include <doctest/doctest.h>

#include <iterator>

namespace midge {
namespace {

struct Row {
  const char* name;
};
constexpr Row kRows[] = {{"one"}, {"two words"}, {"three"}};
constexpr auto kNames = names_of<kRows>();

}  // namespace

TEST_CASE("a text is found by its position and a position by its text") {
  constexpr const char* kList = "drop_new|drop_old|refuse";
  constexpr const char* kTexts[] = {"drop_new", "drop_old", "refuse"};
  for (std::size_t i = 0; i < std::size(kTexts); ++i) {
    CHECK(text_at(kList, i) == kTexts[i]);
    CHECK(position_in(kList, kTexts[i]) == static_cast<int>(i));
  }
  CHECK(text_at("alone", 0) == "alone");
}

TEST_CASE("what is only a part of the list, or more than one text of it, is not in it") {
  for (const char* text :
       {"", "drop", "drop_new|drop_old", "refuse|", "|", "|refuse", "refused", "efuse"}) {
    CAPTURE(text);
    CHECK(position_in("drop_new|drop_old|refuse", text) == -1);
  }
}

TEST_CASE("the names of a table's rows are a list") {
  CHECK(std::string_view(kNames.data()) == "one|two words|three");
}

}  // namespace midge
