// Paths of a tree, and the tree in memory.
#include "core/tree.h"

#include <gtest/gtest.h>

#include "core/memory_tree.h"

namespace plumb {
namespace {

TEST(JoinPath, NormalisesAndStaysInside) {
  const struct {
    std::string_view base, relative, want;
  } kCases[] = {
      {"a/b", "../c", "a/c"}, {"a", "./b//c/", "a/b/c"}, {"", "a", "a"}, {"a", "", "a"}, {"a/b", "../..", ""}, {"a/./b", "x/../y", "a/b/y"}, {"", "", ""},
  };
  for (const auto& c : kCases) {
    const auto joined = JoinPath(c.base, c.relative);
    ASSERT_TRUE(joined.ok()) << c.base << " + " << c.relative;
    EXPECT_EQ(*joined, c.want);
  }
  for (std::string_view path : {"..", "../x", "a/../../x"}) EXPECT_EQ(JoinPath("", path).error().code(), Code::kDenied) << path;
}

TEST(MemoryTree, ListsSortedAndReads) {
  const MemoryTree tree({{"b.yaml", "b"}, {"a/x.yaml", "x"}, {"a/deep/y.yaml", "y"}, {"a-b", ""}});
  const auto root = tree.List("");
  ASSERT_TRUE(root.ok());
  std::string names;
  for (const TreeEntry& e : *root) names += e.name + (e.type == TreeEntry::Type::kDirectory ? "/ " : " ");
  EXPECT_EQ(names, "a/ a-b b.yaml ");
  EXPECT_EQ(*tree.Read("a/deep/y.yaml"), "y");
  EXPECT_EQ(tree.Read("a").error().code(), Code::kInvalid);
  EXPECT_EQ(tree.Read("nope").error().code(), Code::kNotFound);
  EXPECT_EQ(tree.List("b.yaml").error().code(), Code::kInvalid);
  EXPECT_EQ(*tree.Stat("a/deep"), TreeEntry::Type::kDirectory);
}

TEST(MemoryTree, FollowsSymlinksWithinTheTree) {
  const MemoryTree tree({{"real/x", "content"}}, {{"link", "real"}, {"real/up", "../real/x"}, {"out", "../../etc/passwd"}, {"loop", "loop"}, {"abs", "/etc"}});
  EXPECT_EQ(*tree.Read("link/x"), "content");
  EXPECT_EQ(*tree.Read("link/up"), "content");
  EXPECT_EQ(tree.Read("out").error().code(), Code::kDenied);
  EXPECT_EQ(tree.Read("abs").error().code(), Code::kDenied);
  EXPECT_EQ(tree.Read("loop").error().code(), Code::kLimit);
  EXPECT_EQ(*tree.RealPath("link/up"), "real/x");
  EXPECT_EQ(*tree.RealPath("link"), "real");
  EXPECT_EQ(*tree.RealPath(""), "");
  EXPECT_EQ(tree.RealPath("link/none").error().code(), Code::kNotFound);
  EXPECT_EQ(tree.RealPath("out").error().code(), Code::kDenied);
}

TEST(MemoryTree, AddressFollowsContent) {
  const MemoryTree one({{"a/x", "1"}, {"b/x", "1"}, {"c/x", "2"}});
  EXPECT_EQ(one.Address("a"), one.Address("b")) << "equal bytes, equal address";
  EXPECT_NE(one.Address("a"), one.Address("c"));
}

}  // namespace
}  // namespace plumb
