#include "sources/directory_tree.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace plumb {
namespace {

namespace fs = std::filesystem;

class DirectoryTreeTest : public testing::Test {
 protected:
  DirectoryTreeTest() {
    std::string pattern = testing::TempDir() + "plumb-XXXXXX";
    base_ = mkdtemp(pattern.data());
    Write("outside/secret", "secret");
    Write("tree/a.yaml", "a: 1\n");
    Write("tree/deploy/prod/web.yaml", "web");
    Write("tree/.git/config", "x");
    auto opened = OpenDirectoryTree(base_ + "/tree", {.file_bytes = 1000});
    EXPECT_TRUE(opened.ok());
    tree_ = *opened;
  }
  ~DirectoryTreeTest() override { fs::remove_all(base_); }

  void Write(const std::string& path, const std::string& bytes) {
    fs::create_directories(fs::path(base_ + "/" + path).parent_path());
    std::ofstream(base_ + "/" + path) << bytes;
  }
  void Link(const std::string& target, const std::string& path) {
    ASSERT_EQ(symlink(target.c_str(), (base_ + "/tree/" + path).c_str()), 0);
  }

  std::string base_;
  std::shared_ptr<const Tree> tree_;
};

TEST_F(DirectoryTreeTest, ListsSortedWithoutGit) {
  Link("a.yaml", "b");
  auto entries = tree_->List("");
  ASSERT_TRUE(entries.ok());
  ASSERT_EQ(entries->size(), 3u);
  EXPECT_EQ((*entries)[0].name, "a.yaml");
  EXPECT_EQ((*entries)[0].type, TreeEntry::Type::kFile);
  EXPECT_EQ((*entries)[1].type, TreeEntry::Type::kSymlink);
  EXPECT_EQ((*entries)[2].name, "deploy");
  EXPECT_EQ((*entries)[2].type, TreeEntry::Type::kDirectory);
}

TEST_F(DirectoryTreeTest, ReadsFilesAndFollowsLinksWithin) {
  Link("../../a.yaml", "deploy/prod/up");
  Link("deploy", "d");
  Link("d/prod/../prod/up", "chain");
  EXPECT_EQ(*tree_->Read("a.yaml"), "a: 1\n");
  EXPECT_EQ(*tree_->Read("deploy/./prod//web.yaml"), "web");
  EXPECT_EQ(*tree_->Read("deploy/prod/up"), "a: 1\n");
  EXPECT_EQ(*tree_->Read("d/prod/web.yaml"), "web");
  EXPECT_EQ(*tree_->Read("chain"), "a: 1\n");
  EXPECT_EQ(*tree_->RealPath("chain"), "a.yaml");
  EXPECT_EQ(*tree_->RealPath("d/prod/web.yaml"), "deploy/prod/web.yaml");
  EXPECT_EQ(*tree_->RealPath("d/prod"), "deploy/prod");
  EXPECT_EQ(*tree_->RealPath(""), "");
  EXPECT_EQ(tree_->RealPath("d/none").error().code(), Code::kNotFound);
  EXPECT_EQ(*tree_->Stat("d"), TreeEntry::Type::kDirectory);
  EXPECT_EQ(*tree_->Stat(""), TreeEntry::Type::kDirectory);
}

TEST_F(DirectoryTreeTest, NothingOutsideIsReachable) {
  Link("../outside/secret", "out");
  Link("../outside", "out-dir");
  Link(base_ + "/outside/secret", "absolute");
  Link("deploy/../../outside/secret", "sneaky");
  Link("/proc/self/cwd/README.md", "proc");  // the kernel resolves these by itself
  for (std::string_view path : {"../outside/secret", "deploy/../../outside/secret", "/etc/passwd", "out",
                                "out-dir/secret", "absolute", "sneaky", "proc"}) {
    auto bytes = tree_->Read(path);
    ASSERT_FALSE(bytes.ok()) << path;
    EXPECT_EQ(bytes.error().code(), Code::kDenied) << path << ": " << bytes.error().message();
    EXPECT_FALSE(tree_->Stat(path).ok()) << path;
  }
  EXPECT_EQ(tree_->Read("out").error().message(), "'out' leads out of the directory by a symlink");
}

TEST_F(DirectoryTreeTest, LinkLoopsEnd) {
  Link("loop", "loop");
  EXPECT_EQ(tree_->Read("loop").error().message(), "'loop' goes through more than 40 symlinks");
}

TEST_F(DirectoryTreeTest, PipesAndDevicesAreNotRead) {
  ASSERT_EQ(mkfifo((base_ + "/tree/pipe").c_str(), 0600), 0);
  EXPECT_EQ(tree_->Read("pipe").error().message(), "'pipe' is a device, socket or pipe, which is not read");
  EXPECT_EQ(tree_->Stat("pipe").error().code(), Code::kDenied);
}

TEST_F(DirectoryTreeTest, ErrorsTellWhatIsThere) {
  EXPECT_EQ(tree_->Read("none").error().message(), "'none' does not exist");
  EXPECT_EQ(tree_->Read("a.yaml/x").error().code(), Code::kNotFound);
  EXPECT_EQ(tree_->Read("deploy").error().message(), "'deploy' is a directory, not a file");
  EXPECT_EQ(tree_->List("a.yaml").error().message(), "'a.yaml' is a file, not a directory");
  Write("tree/large", std::string(1001, 'x'));
  EXPECT_EQ(tree_->Read("large").error().message(), "file 'large' is larger than 1000 bytes");
  EXPECT_EQ(tree_->Read("large").error().code(), Code::kLimit);
  Write("tree/full", std::string(1000, 'x'));
  EXPECT_EQ(tree_->Read("full")->size(), 1000u) << "the bound itself is allowed";
  EXPECT_EQ(OpenDirectoryTree(base_ + "/none").error().code(), Code::kNotFound);
  EXPECT_EQ(OpenDirectoryTree(base_ + "/tree/a.yaml").error().code(), Code::kInvalid);
}

}  // namespace
}  // namespace plumb
