// File patterns.
#include "core/glob.h"

#include <gtest/gtest.h>

namespace plumb {
namespace {

TEST(Glob, Matches) {
  const struct {
    std::string_view pattern, path;
    bool want;
  } kCases[] = {
      {"*.yaml", "a.yaml", true}, {"*.yaml", "deep/er/a.yaml", true}, {"*.yaml", "a.yml", false}, {"a*c", "abbc", true}, {"a*c", "abb", false},
      {"base/*.yaml", "base/a.yaml", true}, {"base/*.yaml", "base/x/a.yaml", false}, {"base/*.yaml", "x/base/a.yaml", false},
      {"base/**", "base/x/y.yaml", true}, {"base/", "base/x/y.yaml", true}, {"base/**", "based/x", false}, {"/base/**", "base/x", true},
      {"**/test/*", "test/x", true}, {"**/test/*", "a/b/test/x", true}, {"**/test/*", "a/contest/x", false},
      {"a/**/z", "a/z", true}, {"a/**/z", "a/b/c/z", true}, {"a/**/z", "a/bz", false}, {"a/**b/c", "a/x/yb/c", true},
      {"**/a*/**/b", "x/ab/c/d/b", true}, {"**/a*/**/b", "x/b/c/d/b", false},
      {"?.json", "a.json", true}, {"x/?", "x//", false}, {"[a-c].yaml", "b.yaml", true}, {"[!a-c].yaml", "b.yaml", false}, {"[]x].y", "].y", true},
      {"{dev,prod}/*.yaml", "prod/a.yaml", true}, {"{dev,prod}/*.yaml", "test/a.yaml", false}, {"*.{yaml,y{m,}l}", "a.yml", true},
      {"a\\*", "a*", true}, {"a\\*", "ab", false}, {"*", "", true}, {"**", "a/b", true},
  };
  for (const auto& c : kCases) {
    const auto glob = Glob::Parse(c.pattern);
    ASSERT_TRUE(glob.ok()) << c.pattern;
    EXPECT_EQ(glob->Matches(c.path), c.want) << c.pattern << " against " << c.path;
  }
}

TEST(Glob, RefusesWhatHasNoEnd) {
  EXPECT_EQ(Glob::Parse("a[b").error().message(), "pattern 'a[b': '[' without its ']'");
  EXPECT_EQ(Glob::Parse("a{b").error().message(), "pattern 'a{b': '{' without its '}'");
  EXPECT_FALSE(Glob::Parse("").ok());
  EXPECT_FALSE(Glob::Parse("{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}").ok()) << "128 alternatives";
}

TEST(Glob, ManyStarsTakeNoTime) {
  std::string pattern, text(5000, 'a');
  for (int i = 0; i < 200; ++i) pattern += "*a";
  EXPECT_FALSE(Glob::Parse(pattern + "b")->Matches(text));
}

}  // namespace
}  // namespace plumb
