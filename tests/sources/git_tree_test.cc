#include "sources/git_tree.h"

#include <gtest/gtest.h>
#include <filesystem>
#include <unistd.h>

#include <thread>

#include "sources/git_source.h"
#include "tests/sources/test_repo.h"

namespace plumb {
namespace {

class GitTreeTest : public testing::Test {
 protected:
  void Link(const std::string& target, const std::string& path) {
    ASSERT_EQ(symlink(target.c_str(), (repo_.path() + "/" + path).c_str()), 0);
  }
  std::shared_ptr<const Tree> Open(bool submodules = false) {
    auto source = GitSource::Make({.url = repo_.url(), .submodules = submodules},
                                  {.cache_directory = cache_.path(), .file_bytes = 1000});
    auto resolved = (*source)->Resolve();
    EXPECT_TRUE(resolved.ok()) << resolved.error().message();
    return resolved.ok() ? resolved->tree : nullptr;
  }

  TestRepo repo_;
  TempDir cache_;
};

TEST_F(GitTreeTest, ListsSortedBytewise) {
  WriteFile(repo_.path() + "/a/x", "1");
  WriteFile(repo_.path() + "/a.yaml", "1");
  WriteFile(repo_.path() + "/a-b", "1");
  repo_.CommitAll();
  auto entries = Open()->List("");
  ASSERT_TRUE(entries.ok());
  ASSERT_EQ(entries->size(), 3u);
  EXPECT_EQ((*entries)[0].name, "a") << "git itself sorts it after 'a.yaml'";
  EXPECT_EQ((*entries)[1].name, "a-b");
  EXPECT_EQ((*entries)[2].name, "a.yaml");
}

TEST_F(GitTreeTest, ChangesNameWhatDiffersAndTheDirectoriesAboveIt) {
  for (const char* file : {"apps/a/x.yaml", "apps/a/gone.yaml", "apps/b/x.yaml", "apps/kind", "other/y"}) WriteFile(repo_.path() + "/" + file, "1");
  Link("other", "link");
  repo_.CommitAll();
  const auto before = Open();
  WriteFile(repo_.path() + "/apps/a/x.yaml", "2");
  std::filesystem::remove(repo_.path() + "/apps/a/gone.yaml");
  std::filesystem::remove(repo_.path() + "/apps/kind");
  WriteFile(repo_.path() + "/apps/kind/z", "1");
  WriteFile(repo_.path() + "/fresh/deep/z", "1");
  std::filesystem::remove(repo_.path() + "/link");
  Link("apps", "link");
  repo_.CommitAll();
  const auto after = Open();
  const auto changes = after->ChangesSince(*before, 100);
  ASSERT_TRUE(changes.has_value());
  EXPECT_EQ(changes->changed, (std::set<std::string, std::less<>>{"", "apps", "apps/a", "apps/a/x.yaml"}));
  EXPECT_EQ(changes->replaced, (std::set<std::string, std::less<>>{"apps/a/gone.yaml", "apps/kind", "fresh", "link"}));
  for (const char* path : {"", "apps/a", "apps/a/gone.yaml", "apps/kind/z", "fresh/deep/other"}) EXPECT_TRUE(changes->Concern(path)) << path;
  for (const char* path : {"apps/b", "apps/b/x.yaml", "other/y", "apps/a/z.yaml", "freshly"}) EXPECT_FALSE(changes->Concern(path)) << path;
  EXPECT_TRUE(after->ChangesSince(*after, 0)->changed.empty());
  EXPECT_FALSE(after->ChangesSince(*before, 5).has_value()) << "more than the bound";
}

TEST_F(GitTreeTest, LinksAreFollowedWithinAndRefusedOut) {
  WriteFile(repo_.path() + "/deploy/prod/web.yaml", "web");
  WriteFile(repo_.path() + "/a.yaml", "a");
  Link("../../a.yaml", "deploy/prod/up");
  Link("deploy", "d");
  Link("../x", "out");
  Link("/etc/passwd", "absolute");
  Link("loop", "loop");
  repo_.CommitAll();
  auto tree = Open();
  EXPECT_EQ(*tree->Read("deploy/prod/up"), "a");
  EXPECT_EQ(*tree->Read("d/prod/web.yaml"), "web");
  EXPECT_EQ(*tree->RealPath("deploy/prod/up"), "a.yaml");
  EXPECT_EQ(*tree->RealPath("d/prod/web.yaml"), "deploy/prod/web.yaml");
  EXPECT_EQ(*tree->RealPath("d"), "deploy");
  EXPECT_EQ(tree->RealPath("out").error().code(), Code::kDenied);
  EXPECT_EQ(*tree->Stat("d"), TreeEntry::Type::kDirectory);
  EXPECT_EQ(tree->Read("out").error().code(), Code::kDenied);
  EXPECT_EQ(tree->Read("absolute").error().message(), "'absolute' leads out of the tree by an absolute symlink");
  EXPECT_EQ(tree->Read("../x").error().code(), Code::kDenied);
  EXPECT_EQ(tree->Read("loop").error().code(), Code::kInvalid);
}

TEST_F(GitTreeTest, ErrorsTellWhatIsThere) {
  WriteFile(repo_.path() + "/dir/f", "1");
  WriteFile(repo_.path() + "/large", std::string(1001, 'x'));
  repo_.CommitAll();
  auto tree = Open();
  EXPECT_EQ(tree->Read("none").error().message(), "'none' does not exist");
  EXPECT_EQ(tree->Read("dir/f/x").error().code(), Code::kNotFound);
  EXPECT_EQ(tree->Read("dir").error().code(), Code::kInvalid);
  EXPECT_EQ(tree->List("dir/f").error().code(), Code::kInvalid);
  EXPECT_EQ(tree->Read("large").error().message(), "'large': the file has 1001 bytes, more than 1000");
  EXPECT_EQ(tree->Read("large").error().code(), Code::kLimit);
}

TEST_F(GitTreeTest, AddressesFollowTheContent) {
  WriteFile(repo_.path() + "/one/f", "1");
  WriteFile(repo_.path() + "/two/f", "1");
  WriteFile(repo_.path() + "/common/c", "1");
  repo_.CommitAll();
  auto before = Open();
  EXPECT_EQ(before->Address("one"), before->Address("two")) << "the same bytes";
  EXPECT_NE(before->Address("one"), before->Address("common"));
  EXPECT_EQ(before->Address("none"), "");
  repo_.Commit("common/c", "2");
  auto after = Open();
  EXPECT_EQ(before->Address("one"), after->Address("one")) << "a change elsewhere changes nothing here";
  EXPECT_NE(before->Address(""), after->Address(""));
}

TEST_F(GitTreeTest, AddressOfADirectoryWhoseLinksLeaveItChangesWithTheRest) {
  WriteFile(repo_.path() + "/common/c", "1");
  WriteFile(repo_.path() + "/app/f", "1");
  WriteFile(repo_.path() + "/inner/deep/f", "1");
  Link("../common", "app/common");
  Link("deep/f", "inner/f");
  Link("../f", "inner/deep/up");
  repo_.CommitAll();
  auto before = Open();
  repo_.Commit("common/c", "2");
  auto after = Open();
  EXPECT_NE(before->Address("app"), after->Address("app")) << "app/common/c reads differently";
  EXPECT_EQ(before->Address("inner"), after->Address("inner")) << "its links stay inside";
}

TEST_F(GitTreeTest, SubmodulesAreDirectoriesWhereAskedFor) {
  TestRepo library, inner;
  inner.Commit("deep", "deep");
  library.Commit("lib.yaml", "lib one");
  library.Git({"-c", "protocol.file.allow=always", "submodule", "--quiet", "add", inner.url(), "inner"});
  library.CommitAll();
  repo_.Commit("top.yaml", "top");
  repo_.Git({"-c", "protocol.file.allow=always", "submodule", "--quiet", "add", library.url(), "vendor/lib"});
  Link("vendor/lib/lib.yaml", "link");
  repo_.CommitAll();
  library.Commit("lib.yaml", "lib two");  // the parent still means the commit before

  auto with = Open(true);
  ASSERT_NE(with, nullptr);
  EXPECT_EQ(*with->Read("vendor/lib/lib.yaml"), "lib one");
  EXPECT_EQ(*with->Read("vendor/lib/inner/deep"), "deep");
  EXPECT_EQ(*with->Read("link"), "lib one");
  EXPECT_EQ(with->List("vendor/lib")->size(), 3u);

  auto without = Open(false);
  EXPECT_EQ(*without->Read("top.yaml"), "top");
  EXPECT_EQ(without->List("vendor")->size(), 1u);
  EXPECT_EQ(without->List("vendor/lib").error().message(),
            "'vendor/lib' is in a submodule; set 'submodules: true' on the git source to fetch it")
      << "what is unknown must not look empty";
  EXPECT_EQ(without->Read("vendor/lib/lib.yaml").error().code(), Code::kInvalid);
}

TEST_F(GitTreeTest, ForbiddenNamesAreRefused) {
  // mktree makes trees that `git add` would refuse.
  repo_.Commit("f", "1");
  const std::string blob = repo_.Git({"rev-parse", "HEAD:f"});
  WriteFile(repo_.path() + "/tree", "100644 blob " + blob + "\t..\n");
  Process mktree{.argv = {"git", "mktree"}, .directory = repo_.path(), .input = "100644 blob " + blob + "\t..\n"};
  auto made = ProcessRunner::Real().Run(mktree);
  ASSERT_TRUE(made.ok() && made->ok());
  const std::string commit = repo_.Git({"commit-tree", "-m", "x", made->out.substr(0, 40)});
  repo_.Git({"update-ref", "refs/heads/main", commit});
  auto entries = Open()->List("");
  ASSERT_FALSE(entries.ok());
  EXPECT_EQ(entries.error().code(), Code::kInvalid);
}

TEST_F(GitTreeTest, ManyThreadsReadOneTree) {
  for (int i = 0; i < 50; ++i) WriteFile(repo_.path() + "/d/f" + std::to_string(i), std::to_string(i));
  repo_.CommitAll();
  auto tree = Open();
  std::vector<std::jthread> threads;
  std::array<int, 4> right{};
  for (auto& count : right) {
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) count += *tree->Read("d/f" + std::to_string(i)) == std::to_string(i);
    });
  }
  threads.clear();
  for (int count : right) EXPECT_EQ(count, 50);
}

}  // namespace
}  // namespace plumb
