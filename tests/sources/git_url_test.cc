#include "sources/git_url.h"

#include <gtest/gtest.h>

namespace plumb {
namespace {

using Scheme = GitUrl::Scheme;

TEST(GitUrl, ReadsEveryForm) {
  const struct {
    std::string_view text;
    Scheme scheme;
    std::string_view user, host, port, path, shown;
  } kCases[] = {
      {"https://git.example/org/shop.git", Scheme::kHttps, "", "git.example", "", "org/shop.git",
       "https://git.example/org/shop.git"},
      {"https://ann@git.example:8443/shop", Scheme::kHttps, "ann", "git.example", "8443", "shop",
       "https://git.example:8443/shop"},
      {"HTTP://git.example//shop", Scheme::kHttp, "", "git.example", "", "shop", "http://git.example/shop"},
      {"ssh://git@git.example:2222/org/shop", Scheme::kSsh, "git", "git.example", "2222", "org/shop",
       "ssh://git@git.example:2222/org/shop"},
      {"git@git.example:org/shop.git", Scheme::kSsh, "git", "git.example", "", "org/shop.git",
       "git@git.example:org/shop.git"},
      {"https://[::1]:3000/shop", Scheme::kHttps, "", "[::1]", "3000", "shop", "https://[::1]:3000/shop"},
      {"file:///srv/shop.git", Scheme::kFile, "", "", "", "/srv/shop.git", "file:///srv/shop.git"},
      {"/srv/x/../shop.git", Scheme::kFile, "", "", "", "/srv/shop.git", "/srv/shop.git"},
  };
  for (const auto& c : kCases) {
    auto url = ParseGitUrl(c.text);
    ASSERT_TRUE(url.ok()) << c.text << ": " << url.error().message();
    EXPECT_EQ(url->scheme, c.scheme) << c.text;
    EXPECT_EQ(url->user, c.user) << c.text;
    EXPECT_EQ(url->host, c.host) << c.text;
    EXPECT_EQ(url->port, c.port) << c.text;
    EXPECT_EQ(url->path, c.path) << c.text;
    EXPECT_EQ(url->text, c.shown) << c.text;
  }
}

TEST(GitUrl, PasswordIsTakenOut) {
  auto url = ParseGitUrl("https://ann:p%40ss@git.example/shop");
  ASSERT_TRUE(url.ok());
  EXPECT_EQ(url->user, "ann");
  EXPECT_EQ(url->password, "p@ss");
  EXPECT_EQ(url->text, "https://git.example/shop");
  auto wrong = ParseGitUrl("https://ann:secret@:99x/shop");
  ASSERT_FALSE(wrong.ok());
  EXPECT_EQ(wrong.error().message().find("secret"), std::string::npos);
}

TEST(GitUrl, RefusesWhatGitWouldRunOrRead) {
  for (std::string_view text :
       {"", "-uhttps://x", "--upload-pack=touch x", "ext::sh -c touch%20x", "git://git.example/x", "ftp://x/y",
        "ssh://-oProxyCommand=x/y", "-oProxyCommand=x:y", "https://", "https://host", "https://host/", "file://host/x",
        "https://host/a\nb", "https://host:port/x"}) {
    auto url = ParseGitUrl(text);
    ASSERT_FALSE(url.ok()) << text;
    EXPECT_EQ(url.error().code(), Code::kInvalid) << text;
  }
}

TEST(GitUrl, SameRepositoryInAllItsForms) {
  const std::string_view kSame[] = {
      "https://git.example/Org/Shop.git",        "https://git.example/org/shop/",
      "http://git.example:80/org/shop",          "git@git.example:org/shop.git",
      "ssh://git@git.example:7999/org/shop.git", "https://token@GIT.example/scm/org/shop.git"};
  for (auto a : kSame) {
    for (auto b : kSame) EXPECT_TRUE(SameRepository(a, b)) << a << " and " << b;
  }
  EXPECT_TRUE(SameRepository("file:///srv/shop", "/srv/shop/.git"));
  EXPECT_FALSE(SameRepository("https://git.example/org/shop", "https://git.example/org/shop2"));
  EXPECT_FALSE(SameRepository("https://git.example/org/shop", "https://other.example/org/shop"));
  EXPECT_FALSE(SameRepository("", "")) << "what is no address is the same as nothing";
}

TEST(GitUrl, SubmodulesResolveAgainstTheirParent) {
  const struct {
    std::string_view parent, relative, want;
  } kCases[] = {
      {"https://git.example/org/shop.git", "../lib.git", "https://git.example/org/lib.git"},
      {"git@git.example:org/shop.git", "../lib.git", "git@git.example:org/lib.git"},
      {"/srv/shop", "../lib", "/srv/lib"},
      {"file:///srv/shop", "./lib", "file:///srv/shop/lib"},
      {"https://git.example/org/shop.git", "https://other.example/lib", "https://other.example/lib"},
  };
  for (const auto& c : kCases) {
    auto url = ResolveSubmoduleUrl(*ParseGitUrl(c.parent), c.relative);
    ASSERT_TRUE(url.ok()) << c.relative << ": " << url.error().message();
    EXPECT_EQ(url->text, c.want);
  }
  EXPECT_FALSE(ResolveSubmoduleUrl(*ParseGitUrl("https://git.example/shop"), "../../../etc").ok());
}

}  // namespace
}  // namespace plumb
