// Also main() of the tests against a board.
#define DOCTEST_CONFIG_IMPLEMENT
#include "tests/support/board/left_out.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <set>
#include <stdexcept>

namespace midge::test {

namespace {

std::size_t cases_run = 0;
std::map<std::string, std::size_t> left_out;  // how many, by what they need
std::map<std::string, std::string> named;     // what they need, by title

// Titles, each group below the line that tells what its cases need, which ends in a colon.
void read_names(const char* file) {
  std::ifstream lines(file);
  if (!lines) throw std::runtime_error(std::string("cannot read ") + file);
  std::string heading;
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line.front() == '#') continue;
    if (line.front() != ' ') {
      heading = line.substr(0, line.size() - 1);
    } else {
      named[line.substr(line.find_first_not_of(' '))] = heading;
    }
  }
  std::set<std::string> titles;
  for (const auto& test : doctest::detail::getRegisteredTests()) titles.insert(test.m_name);
  for (const auto& [title, need] : named) {
    if (!titles.contains(title))
      throw std::runtime_error(std::string(file) + " names no case: " + title);
  }
}

void tell_summary() {
  std::size_t sum = 0;
  for (const auto& [need, count] : left_out) sum += count;
  std::cout << cases_run << " cases ran on the board, " << sum << " were left out:\n";
  for (const auto& [need, count] : left_out) std::cout << "  " << count << " need " << need << '\n';
}

}  // namespace

void run_case(const char* title, void (*body)()) {
  if (const auto name = named.find(title); name != named.end()) {
    ++left_out[name->second];
    return;
  }
  try {
    body();
    ++cases_run;
  } catch (const NeedsSimulator& need) {
    ++left_out[need.what];
  }
}

}  // namespace midge::test

// MIDGE_LEFT_OUT: the file of those that are left out by name. MIDGE_LEAST_CASES: how many have to
// run.
int main(int argc, char** argv) {
  using namespace midge::test;
  if (const char* const file = std::getenv("MIDGE_LEFT_OUT")) read_names(file);
  doctest::Context context(argc, argv);
  int result = context.run();
  if (context.shouldExit()) return result;
  tell_summary();
  const char* const least = std::getenv("MIDGE_LEAST_CASES");
  if (least != nullptr && cases_run < std::strtoul(least, nullptr, 10)) {
    std::cout << "These are too few: at least " << least << " have to run.\n";
    result = 1;
  }
  return result;
}
