// The version is a semantic one, and the commit is that of the checkout.
#include "core/version.h"

#include <gtest/gtest.h>

#include <regex>
#include <string>

#include "core/process.h"

namespace plumb {
namespace {

TEST(Version, IsSemantic) { EXPECT_TRUE(std::regex_match(std::string(kVersion), std::regex(R"(\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?)"))) << kVersion; }

TEST(Version, TheCommitIsOneOfThisCheckout) {
  const auto inside = ProcessRunner::Real().Run({.argv = {"git", "rev-parse", "--is-inside-work-tree"}});
  if (!inside.ok() || !inside->ok()) GTEST_SKIP() << "not in a git checkout";
  const auto known = ProcessRunner::Real().Run({.argv = {"git", "cat-file", "-t", std::string(BuildCommit())}});
  ASSERT_TRUE(known.ok());
  EXPECT_EQ(known->out, "commit\n") << BuildCommit();
}

}  // namespace
}  // namespace plumb
