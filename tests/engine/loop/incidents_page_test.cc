// What docs/incidents.md and docs/operations.md say of the incidents and of holds, beside the suite and the code.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>

namespace plumb {
namespace {

using ::testing::HasSubstr;

// The page names each scenario by its number and test, and every test is on the page.
TEST(IncidentsPage, TableAndSuiteAgree) {
  std::ifstream page("docs/incidents.md");
  ASSERT_TRUE(page) << "the test must run in the project's root";
  static const std::regex kRow(R"(^\| (\d+) \|.*`(N(\d\d)\w+)`)");
  std::set<std::string> on_page, here;
  int rows = 0;
  for (std::string line; std::getline(page, line);) {
    std::smatch match;
    if (!std::regex_search(line, match, kRow)) continue;
    EXPECT_EQ(std::stoi(match[1]), ++rows);
    EXPECT_EQ(std::stoi(match[3]), rows);
    on_page.insert(match[2]);
  }
  EXPECT_EQ(rows, 28);
  const auto& program = *::testing::UnitTest::GetInstance();
  for (int i = 0; i < program.total_test_suite_count(); ++i) {
    const auto& suite = *program.GetTestSuite(i);
    const std::string name = suite.name();
    if (name != "Incidents" && name != "IncidentsOfMany") continue;
    for (int j = 0; j < suite.total_test_count(); ++j)
      if (const std::string test = suite.GetTestInfo(j)->name(); test.starts_with('N')) here.insert(test);
  }
  EXPECT_EQ(on_page, here);
}

TEST(IncidentsPage, EveryHoldHasARowForOperators) {
  std::ifstream page("docs/operations.md");
  const std::string text((std::istreambuf_iterator<char>(page)), {});
  for (const char* id : {"budget", "empty", "protected", "moved", "in-use", "frozen", "cluster", "source", "live", "fight", "window", "manual", "self-heal"})
    EXPECT_THAT(text, HasSubstr(std::string("| `") + id + "` |"));
}

}  // namespace
}  // namespace plumb
