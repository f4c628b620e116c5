#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "broker/config/lines.hpp"

using namespace midge::config;

namespace {

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> found;
  for (Lines lines(text); lines.next();) {
    found.push_back(std::to_string(lines.number()) + ":" + std::string(lines.line()));
  }
  return found;
}

using Found = std::vector<std::string>;

}  // namespace

TEST_CASE("comments and empty lines say nothing but are counted") {
  CHECK(lines_of("# one\n\na 1\n  \t \n#\nb 2\n") == Found{"3:a 1", "6:b 2"});
  CHECK(lines_of("").empty());
  CHECK(lines_of("#only a comment").empty());
}

TEST_CASE("a line may end with LF, CR LF or the text, and its blanks are no part of it") {
  CHECK(lines_of("a 1\r\n\r\nb 2 \t\r\nc") == Found{"1:a 1", "3:b 2", "4:c"});
}

TEST_CASE("a byte-order mark before the first line is passed over") {
  CHECK(lines_of("\xEF\xBB\xBF"
                 "a 1\n") == Found{"1:a 1"});
}

TEST_CASE("a line of a million bytes is a line") {
  const std::string text = "a " + std::string(1'000'000, 'x') + "\nb 2\n";
  const auto found = lines_of(text);
  REQUIRE(found.size() == 2);
  CHECK(found[0].size() == 1'000'004);
  CHECK(found[1] == "2:b 2");
}

TEST_CASE("words are separated by blanks of any kind and number") {
  Words words("listener\t 1883   10.0.0.1");
  CHECK(words.next() == "listener");
  CHECK(words.rest() == "1883   10.0.0.1");
  CHECK(words.next() == "1883");
  CHECK_FALSE(words.done());
  CHECK(words.next() == "10.0.0.1");
  CHECK(words.done());
  CHECK(words.next().empty());
}

TEST_CASE("a comment after the words ends them") {
  Words words("port 1883 # as ever");
  (void)words.next();
  (void)words.next();
  CHECK(words.done());
}
