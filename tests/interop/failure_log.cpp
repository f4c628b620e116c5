// Also the main() of every interop program.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "tests/interop/failure_log.hpp"

#include <doctest/doctest.h>

#include <iostream>
#include <string_view>

namespace midge::interop {

namespace {

std::string collected;

class FailureLog : public doctest::IReporter {
 public:
  explicit FailureLog(const doctest::ContextOptions& /*options*/) {}

  void test_case_start(const doctest::TestCaseData& /*test*/) override { collected.clear(); }

  void test_case_end(const doctest::CurrentTestCaseStats& stats) override {
    if (stats.testCaseSuccess || collected.empty()) return;
    // The end says most; a large payload can leave a long log before it.
    constexpr std::size_t kShownBytes = 12'000;
    std::string_view text = collected;
    if (text.size() > kShownBytes) text.remove_prefix(text.size() - kShownBytes);
    std::cerr << "---- the broker's log of this test ----\n" << text << "\n----\n";
  }

  void report_query(const doctest::QueryData& /*query*/) override {}
  void test_run_start() override {}
  void test_run_end(const doctest::TestRunStats& /*stats*/) override {}
  void test_case_reenter(const doctest::TestCaseData& /*test*/) override {}
  void test_case_exception(const doctest::TestCaseException& /*exception*/) override {}
  void subcase_start(const doctest::SubcaseSignature& /*subcase*/) override {}
  void subcase_end() override {}
  void log_assert(const doctest::AssertData& /*assertion*/) override {}
  void log_message(const doctest::MessageData& /*message*/) override {}
  void test_case_skipped(const doctest::TestCaseData& /*test*/) override {}
};

DOCTEST_REGISTER_LISTENER("failure_log", 1, FailureLog);

}  // namespace

void log_of_this_test(std::string text) {
  collected += std::move(text);
}

}  // namespace midge::interop
