#include "sources/git_source.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <thread>

#include "tests/sources/test_repo.h"

namespace plumb {
namespace {

// Runs real programs and counts the git commands by name.
class CountingRunner final : public ProcessRunner {
 public:
  Result<ProcessResult> Run(const Process& process, std::stop_token stop) override {
    for (const std::string& word : process.argv) {
      if (word == "fetch") ++fetches;
      if (word == "ls-remote") ++lists;
    }
    return ProcessRunner::Real().Run(process, std::move(stop));
  }
  int fetches = 0;
  int lists = 0;
};

class GitSourceTest : public testing::Test {
 protected:
  std::unique_ptr<GitSource> Source(std::string revision = "", std::string url = "") {
    auto source = GitSource::Make({.url = url.empty() ? repo_.url() : url, .revision = std::move(revision)},
                                  {.cache_directory = cache_.path()}, runner_);
    EXPECT_TRUE(source.ok()) << source.error().message();
    return *std::move(source);
  }

  TestRepo repo_;
  TempDir cache_;
  CountingRunner runner_;
};

TEST_F(GitSourceTest, EmptyRevisionIsTheDefaultBranch) {
  const std::string commit = repo_.Commit("web.yaml", "one", "first: the subject\n\nbody");
  auto resolved = Source()->Resolve();
  ASSERT_TRUE(resolved.ok()) << resolved.error().message();
  EXPECT_EQ(resolved->commit, commit);
  EXPECT_EQ(resolved->reference, "HEAD");
  EXPECT_EQ(resolved->subject, "first: the subject");
  EXPECT_EQ(FormatTime(resolved->authored), "2023-11-14T22:13:20Z");
  EXPECT_EQ(FormatTime(resolved->committed), "2023-11-14T22:14:20Z");
  EXPECT_TRUE(resolved->fetched);
  EXPECT_EQ(*resolved->tree->Read("web.yaml"), "one");
}

TEST_F(GitSourceTest, EveryKindOfRevisionResolves) {
  const std::string first = repo_.Commit("f", "1");
  repo_.Git({"tag", "v1.0.0"});
  const std::string second = repo_.Commit("f", "2");
  repo_.Git({"tag", "-a", "v1.1.0", "-m", "annotated"});
  repo_.Git({"branch", "stable"});
  const std::string third = repo_.Commit("f", "3");
  repo_.Git({"update-ref", "refs/changes/7", first});
  const struct {
    std::string revision, commit, reference;
  } kCases[] = {
      {"main", third, "refs/heads/main"},
      {"stable", second, "refs/heads/stable"},
      {"v1.0.0", first, "refs/tags/v1.0.0"},
      {"v1.1.0", second, "refs/tags/v1.1.0"},
      {"^1", second, "refs/tags/v1.1.0"},
      {"1.0.x", first, "refs/tags/v1.0.0"},
      {first, first, ""},
      {second.substr(0, 10), second, ""},
      {"refs/changes/7", first, "refs/changes/7"},
      {"refs/tags/v1.1.0", second, "refs/tags/v1.1.0"},
      {"HEAD", third, "HEAD"},
  };
  for (const auto& c : kCases) {
    auto resolved = Source(c.revision)->Resolve();
    ASSERT_TRUE(resolved.ok()) << c.revision << ": " << resolved.error().message();
    EXPECT_EQ(resolved->commit, c.commit) << c.revision;
    EXPECT_EQ(resolved->reference, c.reference) << c.revision;
    EXPECT_TRUE(resolved->tree->Read("f").ok()) << c.revision;
  }
}

TEST_F(GitSourceTest, UnchangedRemoteIsAskedButNotFetched) {
  repo_.Commit("f", "1");
  auto source = Source("main");
  auto first = source->Resolve();
  ASSERT_TRUE(first.ok());
  auto second = source->Resolve();
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(second->tree, first->tree) << "an unchanged commit is the very same tree";
  EXPECT_EQ(runner_.fetches, 1);
  EXPECT_EQ(runner_.lists, 2);

  auto other = Source("main")->Resolve();  // another process, say: the mirror on disk knows the commit
  ASSERT_TRUE(other.ok());
  EXPECT_FALSE(other->fetched);
  EXPECT_EQ(runner_.fetches, 1);
}

TEST_F(GitSourceTest, KnownCommitIdNeedsNoNetwork) {
  const std::string commit = repo_.Commit("f", "1");
  ASSERT_TRUE(Source(commit)->Resolve().ok());
  const std::string moved = repo_.path() + ".moved";
  std::filesystem::rename(repo_.path(), moved);
  auto resolved = Source(commit)->Resolve();
  std::filesystem::rename(moved, repo_.path());
  ASSERT_TRUE(resolved.ok()) << resolved.error().message();
  EXPECT_EQ(*resolved->tree->Read("f"), "1");
}

TEST_F(GitSourceTest, NewCommitIsFetchedAndTheOldTreeStays) {
  repo_.Commit("f", "1");
  auto source = Source("main");
  auto first = source->Resolve();
  ASSERT_TRUE(first.ok());
  repo_.Commit("f", "2");
  auto second = source->Resolve();
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(*second->tree->Read("f"), "2");
  EXPECT_EQ(*first->tree->Read("f"), "1");
}

TEST_F(GitSourceTest, PushedBranchIsFetchedWithoutAsking) {
  for (const std::string revision : {"main", ""}) {
    repo_.Commit("f", "1 " + revision);
    auto source = Source(revision);
    ASSERT_TRUE(source->Resolve({}, true).ok()) << "not known yet: asked and fetched";
    runner_.fetches = runner_.lists = 0;
    const std::string commit = repo_.Commit("f", "2 " + revision);
    auto pushed = source->Resolve({}, true);
    ASSERT_TRUE(pushed.ok()) << pushed.error().message();
    EXPECT_EQ(pushed->commit, commit);
    EXPECT_TRUE(pushed->fetched);
    EXPECT_EQ(*pushed->tree->Read("f"), "2 " + revision);
    EXPECT_EQ(runner_.lists, 0);
    EXPECT_EQ(runner_.fetches, 1);
    auto again = source->Resolve({}, true);  // the push was of something else
    ASSERT_TRUE(again.ok());
    EXPECT_EQ(again->tree, pushed->tree);
    EXPECT_FALSE(again->fetched);
    auto polled = source->Resolve();
    ASSERT_TRUE(polled.ok());
    EXPECT_EQ(polled->tree, pushed->tree);
    EXPECT_EQ(runner_.lists, 1);
    EXPECT_EQ(runner_.fetches, 2);
    EXPECT_FALSE(Source(revision)->Resolve()->fetched) << "the mirror on disk has it by its name";
  }
}

TEST_F(GitSourceTest, PushedTagsAndRangesAreAskedFor) {
  repo_.Commit("f", "1");
  repo_.Git({"tag", "v1.0.0"});
  auto range = Source("^1"), tag = Source("v1.0.0");
  ASSERT_TRUE(range->Resolve().ok() && tag->Resolve().ok());
  const std::string commit = repo_.Commit("f", "2");
  repo_.Git({"tag", "v1.1.0"});
  EXPECT_EQ(range->Resolve({}, true)->commit, commit);
  repo_.Git({"tag", "-f", "v1.0.0"});
  EXPECT_EQ(tag->Resolve({}, true)->commit, commit);
}

TEST_F(GitSourceTest, ForcePushIsFollowed) {
  const std::string base = repo_.Commit("f", "1");
  auto source = Source("main");
  for (const bool pushed : {false, true}) {
    repo_.Commit("f", "2");
    auto before = source->Resolve();
    ASSERT_TRUE(before.ok());
    repo_.Git({"reset", "-q", "--hard", base});
    repo_.Commit("f", "other history");
    repo_.Git({"reflog", "expire", "--expire=now", "--all"});
    repo_.Git({"gc", "-q", "--prune=now"});
    auto after = source->Resolve({}, pushed);
    ASSERT_TRUE(after.ok()) << after.error().message();
    EXPECT_EQ(*after->tree->Read("f"), "other history");
    EXPECT_EQ(*before->tree->Read("f"), "2");
  }
}

TEST_F(GitSourceTest, DeletedBranchIsGoneAndNeverBecomesAVersionRange) {
  repo_.Commit("f", "1");
  repo_.Git({"tag", "v1.9.0"});
  repo_.Git({"branch", "1.x"});
  auto source = Source("1.x");
  auto before = source->Resolve();
  ASSERT_TRUE(before.ok());
  EXPECT_EQ(before->reference, "refs/heads/1.x");
  repo_.Git({"branch", "-q", "-D", "1.x"});
  for (const bool pushed : {false, true}) {
    auto after = source->Resolve({}, pushed);
    ASSERT_FALSE(after.ok());
    EXPECT_EQ(after.error().code(), Code::kNotFound);
    EXPECT_EQ(after.error().message(), "branch '1.x' is gone from git repository '" + repo_.url() + "'");
  }
  EXPECT_EQ(*before->tree->Read("f"), "1");

  repo_.Git({"branch", "1.x"});
  EXPECT_TRUE(source->Resolve().ok()) << "a branch that comes back is followed again";
}

TEST_F(GitSourceTest, PlainPathIsARepository) {
  repo_.Commit("f", "1");
  auto resolved = Source("main", repo_.path())->Resolve();
  ASSERT_TRUE(resolved.ok()) << resolved.error().message();
  EXPECT_EQ(*resolved->tree->Read("f"), "1");
}

TEST_F(GitSourceTest, OnlyOneCommitIsFetched) {
  for (int i = 0; i < 20; ++i) repo_.Commit("f" + std::to_string(i), std::string(1000, 'x'));
  auto resolved = Source("main")->Resolve();
  ASSERT_TRUE(resolved.ok());
  auto mirror = *std::filesystem::directory_iterator(cache_ / "git");
  TestRepo reader;
  EXPECT_EQ(reader.Git({"--git-dir", mirror.path().string() + "/1", "rev-list", "--all", "--count"}), "1");
}

TEST_F(GitSourceTest, HooksAndConfigurationOfTheUserDoNotRun) {
  repo_.Commit("f", "1");
  TempDir home;
  WriteFile(home / ".gitconfig", "[url \"file:///no/such/place\"]\n  insteadOf = file://\n");
  const std::string old_home = getenv("HOME") ? getenv("HOME") : "";
  setenv("HOME", home.path().c_str(), 1);
  setenv("GIT_DIR", "/no/such/place", 1);  // as inside of a git hook
  auto resolved = Source("main")->Resolve();
  setenv("HOME", old_home.c_str(), 1);
  unsetenv("GIT_DIR");
  EXPECT_TRUE(resolved.ok()) << resolved.error().message();
}

TEST_F(GitSourceTest, ManySourcesShareOneMirror) {
  repo_.Commit("f", "1");
  std::vector<std::jthread> threads;
  std::array<bool, 6> fine{};
  for (size_t i = 0; i < fine.size(); ++i) {
    threads.emplace_back([&, i] {
      auto source = GitSource::Make({.url = repo_.url(), .revision = "main"}, {.cache_directory = cache_.path()});
      auto resolved = (*source)->Resolve();
      fine[i] = resolved.ok() && *resolved->tree->Read("f") == "1";
    });
  }
  threads.clear();
  for (bool ok : fine) EXPECT_TRUE(ok);
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(cache_ / "git"), {}), 1);
}

TEST_F(GitSourceTest, CrowdedMirrorIsMadeAnew) {
  repo_.Commit("f", "0");
  auto source = Source("main");
  auto first = source->Resolve();
  ASSERT_TRUE(first.ok());
  auto mirror = *std::filesystem::directory_iterator(cache_ / "git");
  TestRepo writer;
  for (int i = 0; i < 70; ++i) {  // as after seventy pushes
    writer.Git(
        {"--git-dir", mirror.path().string() + "/1", "update-ref", "refs/plumb/x" + std::to_string(i), first->commit});
  }
  repo_.Commit("f", "1");
  auto second = source->Resolve();
  ASSERT_TRUE(second.ok()) << second.error().message();
  EXPECT_TRUE(std::filesystem::exists(mirror.path() / "2"));
  EXPECT_EQ(*second->tree->Read("f"), "1");
  EXPECT_EQ(*first->tree->Read("f"), "0") << "the repository before stays for trees in use";
}

TEST_F(GitSourceTest, SweepRemovesWhatWasNotUsed) {
  repo_.Commit("f", "1");
  ASSERT_TRUE(Source("main")->Resolve().ok());
  const WallTime now = Clock::Real().Wall();
  auto swept = SweepGitMirrors(cache_.path(), {}, now);
  ASSERT_TRUE(swept.ok());
  EXPECT_EQ(swept->mirrors, 0u);
  swept = SweepGitMirrors(cache_.path(), {.bytes = 10}, now);
  EXPECT_EQ(swept->mirrors, 1u) << "above the bound in bytes";
  EXPECT_GT(swept->bytes, 10u);
  ASSERT_TRUE(Source("main")->Resolve().ok());
  swept = SweepGitMirrors(cache_.path(), {}, now + std::chrono::hours(24 * 30));
  EXPECT_EQ(swept->mirrors, 1u) << "not used for long";
  EXPECT_TRUE(SweepGitMirrors(cache_ / "none", {}, now).ok());
}

TEST_F(GitSourceTest, OperationsAreObserved) {
  repo_.Commit("f", "1");
  std::vector<GitOperation> seen;
  GitOptions options{.cache_directory = cache_.path()};
  options.observe = [&](const GitOperation& operation) { seen.push_back(operation); };
  ASSERT_TRUE((*GitSource::Make({.url = repo_.url()}, options))->Resolve().ok());
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_FALSE(seen[0].fetch);
  EXPECT_TRUE(seen[1].fetch && seen[1].ok);
  EXPECT_GT(seen[1].elapsed.count(), 0);
}

}  // namespace
}  // namespace plumb
