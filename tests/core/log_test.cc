// Log lines as people and as programs read them.
#include "core/log.h"

#include <gtest/gtest.h>

#include <regex>

#include "core/json.h"

namespace plumb {
namespace {

// What the function writes to standard error.
template <typename F>
std::string Logged(log::Level least, log::Format format, bool colour, F&& write) {
  log::Configure(least, format, colour);
  testing::internal::CaptureStderr();
  write();
  std::string text = testing::internal::GetCapturedStderr();
  log::Configure(log::Level::kInfo, log::Format::kText, false);
  return text;
}

TEST(Log, TextQuotesWhatIsNotOneWord) {
  const std::string line = Logged(log::Level::kInfo, log::Format::kText, false, [] {
    log::Info("synced", {{"app", "web"}, {"why", "a \"b\"\nc"}, {"empty", ""}});
  });
  EXPECT_TRUE(std::regex_match(line, std::regex(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ info synced app=web why="a \\"b\\"\\nc" empty=""\n)"))) << line;
}

TEST(Log, JsonIsOneObjectALine) {
  const std::string line = Logged(log::Level::kInfo, log::Format::kJson, true, [] { log::Warning("a \"b\"", {{"k", "v\n"}}); });
  ASSERT_EQ(line.find('\n'), line.size() - 1);
  const auto parsed = ParseJson(line);
  ASSERT_TRUE(parsed.ok()) << line;
  EXPECT_EQ((*parsed)->GetString("level"), "warning");
  EXPECT_EQ((*parsed)->GetString("message"), "a \"b\"");
  EXPECT_EQ((*parsed)->GetString("k"), "v\n");
}

TEST(Log, LevelsBelowTheLeastAreSilent) {
  EXPECT_EQ(Logged(log::Level::kWarning, log::Format::kText, false, [] { log::Info("x"); log::Debug("y"); }), "");
  EXPECT_NE(Logged(log::Level::kDebug, log::Format::kText, false, [] { log::Debug("y"); }), "");
}

TEST(Log, ColoursOnlyWhenAsked) {
  EXPECT_EQ(Logged(log::Level::kInfo, log::Format::kText, false, [] { log::Error("x"); }).find('\x1b'), std::string::npos);
  EXPECT_NE(Logged(log::Level::kInfo, log::Format::kText, true, [] { log::Error("x"); }).find("\x1b[31merror"), std::string::npos);
}

}  // namespace
}  // namespace plumb
