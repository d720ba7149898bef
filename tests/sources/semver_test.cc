#include "sources/semver.h"

#include <gtest/gtest.h>

namespace plumb {
namespace {

TEST(Version, ParsesWhatTagsLookLike) {
  const struct {
    std::string_view text, want;  // want "": no version
  } kCases[] = {
      {"1.2.3", "1.2.3"},
      {"v1.2.3", "1.2.3"},
      {"v1.2", "1.2.0"},
      {"7", "7.0.0"},
      {"1.2.3-rc.1+build.5", "1.2.3-rc.1"},
      {"1.2.3+meta", "1.2.3"},
      {"1.0.0-x.7.z", "1.0.0-x.7.z"},
      {"", ""},
      {"v", ""},
      {"1.2.3.4", ""},
      {"1.x", ""},
      {"*", ""},
      {"1..2", ""},
      {"1.2.3-", ""},
      {"1.2.3-a..b", ""},
      {"release-1", ""},
      {"1.2.3 ", ""},
      {"99999999999999999999.0.0", ""},
      {"-1.0.0", ""},
  };
  for (const auto& c : kCases) {
    auto version = Version::Parse(c.text);
    EXPECT_EQ(version ? version->ToString() : "", c.want) << c.text;
  }
}

TEST(Version, PrecedenceIsThatOfSemver) {  // semver.org item 11
  const std::string_view kAscending[] = {"1.0.0-alpha",  "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta",
                                         "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1",       "1.0.0",
                                         "1.0.1",        "1.2.0",         "1.10.0",           "2.0.0-0",
                                         "2.0.0"};
  for (size_t i = 0; i < std::size(kAscending); ++i) {
    for (size_t j = 0; j < std::size(kAscending); ++j) {
      EXPECT_EQ(*Version::Parse(kAscending[i]) <=> *Version::Parse(kAscending[j]), i <=> j)
          << kAscending[i] << " and " << kAscending[j];
    }
  }
}

TEST(VersionRange, ContainsWhatItSays) {
  const struct {
    std::string_view range;
    std::vector<std::string_view> in, out;
  } kCases[] = {
      {"1.2.3", {"1.2.3", "v1.2.3+meta"}, {"1.2.4", "1.2.3-rc.1"}},
      {"=1.2", {"1.2.0", "1.2.9"}, {"1.3.0"}},
      {"1", {"1.0.0", "1.9.9"}, {"2.0.0", "0.9.0"}},
      {"1.x", {"1.0.0", "1.9.9"}, {"2.0.0"}},
      {"1.2.*", {"1.2.0", "1.2.9"}, {"1.3.0", "1.1.9"}},
      {"*", {"0.0.1", "9.9.9"}, {"1.0.0-rc.1"}},
      {">=1.2 <2", {"1.2.0", "1.9.9"}, {"2.0.0", "1.1.9"}},
      {">=1.2, <2", {"1.2.0"}, {"2.0.0"}},
      {"> 1.2", {"1.3.0", "2.0.0"}, {"1.2.9"}},
      {">1.2.3", {"1.2.4"}, {"1.2.3"}},
      {"<=1.2", {"1.2.9", "0.1.0"}, {"1.3.0"}},
      {"<=1.2.3", {"1.2.3"}, {"1.2.4"}},
      {"<1.2", {"1.1.9"}, {"1.2.0"}},
      {"!=1.2.3", {"1.2.4"}, {"1.2.3"}},
      {"~1.2.3", {"1.2.3", "1.2.9"}, {"1.3.0", "1.2.2"}},
      {"~1.2", {"1.2.0", "1.2.9"}, {"1.3.0"}},
      {"~1", {"1.0.0", "1.9.0"}, {"2.0.0"}},
      {"~> 1.2.3", {"1.2.9"}, {"1.3.0"}},
      {"^1.2.3", {"1.2.3", "1.9.0"}, {"2.0.0", "1.2.2"}},
      {"^0.2.3", {"0.2.3", "0.2.9"}, {"0.3.0"}},
      {"^0.0.3", {"0.0.3"}, {"0.0.4"}},
      {"^0.0", {"0.0.0", "0.0.9"}, {"0.1.0"}},
      {"^0", {"0.0.1", "0.9.0"}, {"1.0.0"}},
      {"^1", {"1.0.0", "1.9.9"}, {"2.0.0"}},
      {"1.2 - 1.4", {"1.2.0", "1.4.9"}, {"1.5.0", "1.1.0"}},
      {"1.2.3 - 2.0.0", {"1.2.3", "2.0.0"}, {"2.0.1"}},
      {"^1.2 || ^3", {"1.2.0", "3.1.0"}, {"2.0.0"}},
      {">=1.0.0-0", {"1.0.0-rc.1", "1.0.0", "2.0.0-beta"}, {"0.9.0"}},
      {"^1.2.3-beta.2", {"1.2.3-beta.2", "1.2.3-rc.1", "1.9.0"}, {"1.2.3-beta.1", "2.0.0-rc.1", "2.0.0"}},
      {"^1.2.3", {}, {"1.3.0-rc.1", "2.0.0-rc.1"}},
  };
  for (const auto& c : kCases) {
    auto range = VersionRange::Parse(c.range);
    ASSERT_TRUE(range.ok()) << c.range << ": " << range.error().message();
    for (auto version : c.in) EXPECT_TRUE(range->Contains(*Version::Parse(version))) << c.range << " has " << version;
    for (auto version : c.out)
      EXPECT_FALSE(range->Contains(*Version::Parse(version))) << c.range << " has not " << version;
  }
}

TEST(VersionRange, WrongOnesSayWhatIsWrong) {
  const struct {
    std::string_view range, want;
  } kCases[] = {
      {"", "version range '': a range is empty; '*' means every version"},
      {"^1 ||", "version range '^1 ||': a range is empty; '*' means every version"},
      {"main", "version range 'main': 'main' is not a version"},
      {">=", "version range '>=': a version is missing after '>='"},
      {"=>1.2", "version range '=>1.2': '=>' is not an operator; use one of = != > >= < <= ~ ^"},
      {"!=1", "version range '!=1': '!=1' needs a whole version"},
      {"<*", "version range '<*': nothing is below '*'"},
  };
  for (const auto& c : kCases) {
    auto range = VersionRange::Parse(c.range);
    ASSERT_FALSE(range.ok()) << c.range;
    EXPECT_EQ(range.error().message(), c.want);
  }
  EXPECT_EQ(VersionRange::Parse(std::string(2000, '1')).error().code(), Code::kLimit);
}

}  // namespace
}  // namespace plumb
