#include "sources/git_refs.h"

#include <gtest/gtest.h>

namespace plumb {
namespace {

std::string Id(char c) { return std::string(40, c); }

std::vector<GitRef> Refs() {
  auto refs = ParseGitRefs(Id('1') + "\trefs/heads/main\n" + Id('2') + "\trefs/heads/feature/x\n" + Id('3') +
                           "\trefs/tags/v1.2.0\n" + Id('4') + "\trefs/tags/v1.2.0^{}\n" + Id('5') +
                           "\trefs/tags/1.10.0\n" + Id('6') + "\trefs/tags/v2.0.0-rc.1\n" + Id('7') +
                           "\trefs/tags/main\n" + Id('8') + "\trefs/tags/nightly\n");
  EXPECT_TRUE(refs.ok());
  return *refs;
}

TEST(GitRefs, RevisionMeansBranchThenTagThenRange) {
  const struct {
    std::string_view revision, name;
    char commit;
  } kCases[] = {
      {"main", "refs/heads/main", '1'},
      {"feature/x", "refs/heads/feature/x", '2'},
      {"v1.2.0", "refs/tags/v1.2.0", '4'},
      {"nightly", "refs/tags/nightly", '8'},
      {"refs/tags/main", "refs/tags/main", '7'},
      {"^1.2", "refs/tags/1.10.0", '5'},
      {"*", "refs/tags/1.10.0", '5'},
      {"1.2.x", "refs/tags/v1.2.0", '4'},
      {">=2.0.0-0", "refs/tags/v2.0.0-rc.1", '6'},
      {"1.2.0", "refs/tags/v1.2.0", '4'},
  };
  for (const auto& c : kCases) {
    auto ref = SelectGitRef(Refs(), c.revision);
    ASSERT_TRUE(ref.ok() && *ref) << c.revision;
    EXPECT_EQ((*ref)->name, c.name) << c.revision;
    EXPECT_EQ((*ref)->commit, Id(c.commit)) << c.revision;
  }
}

TEST(GitRefs, AbbreviatedCommitIsLeftToTheHistory) {
  auto ref = SelectGitRef(Refs(), "abcdef1");
  ASSERT_TRUE(ref.ok());
  EXPECT_FALSE(ref->has_value());
}

TEST(GitRefs, UnknownRevisionNamesANearOne) {
  const struct {
    std::string_view revision, want;
  } kCases[] = {
      {"mian", "revision 'mian' does not exist, did you mean 'main'?"},
      {"production-eu", "revision 'production-eu' does not exist; it has 7 branches and tags"},
      {"x", "revision 'x' does not exist; it has 7 branches and tags"},
      {"^9", "no branch or tag '^9', and no tag is a version in that range"},
      {"refs/heads/gone", "reference 'refs/heads/gone' does not exist"},
      {"HEAD", "the repository has no default branch yet; push a commit or name a revision"},
  };
  for (const auto& c : kCases) {
    auto ref = SelectGitRef(Refs(), c.revision);
    ASSERT_FALSE(ref.ok()) << c.revision;
    EXPECT_EQ(ref.error().code(), Code::kNotFound);
    EXPECT_EQ(ref.error().message(), c.want);
  }
  EXPECT_EQ(SelectGitRef({}, "main").error().message(), "revision 'main' does not exist; the repository is empty");
}

TEST(GitRefs, ListingThatIsNoneIsRefused) {
  EXPECT_FALSE(ParseGitRefs("<html>\n").ok());
  EXPECT_FALSE(ParseGitRefs("deadbeef\trefs/heads/main\n").ok());
  EXPECT_EQ(ParseGitRefs(std::string(64, 'a') + "\tHEAD\n").error().message(),
            "its object ids are SHA-256, which is not supported");
  EXPECT_TRUE(ParseGitRefs("")->empty());
}

}  // namespace
}  // namespace plumb
