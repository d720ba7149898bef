// Repositories over HTTP: a small server before git's own CGI program, with what real servers do: ask for credentials,
// refuse, speak the old protocol, serve plain files, redirect.
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "core/hash.h"
#include "engine/http/server.h"
#include "sources/git_source.h"
#include "tests/sources/git_server.h"
#include "tests/sources/test_repo.h"

namespace plumb {
namespace {

class GitHttpTest : public testing::Test {
 protected:
  enum class Mode { kSmart, kOldProtocol, kPlainFiles, kBroken };

  void SetUp() override {
    auto server = http::Server::Start({}, [this](http::Request request, std::shared_ptr<http::Responder> responder) {
      responder->Send(Answer(request));
    });
    ASSERT_TRUE(server.ok()) << server.error().message();
    server_ = *std::move(server);
  }
  void TearDown() override { server_->Stop(); }

  http::Response Answer(const http::Request& request) {
    if (!want_authorization_.empty()) {
      const std::string_view given = http::Find(request.headers, "Authorization");
      if (given.empty()) return {401, {{"WWW-Authenticate", "Basic realm=\"git\""}}, ""};
      if (given != want_authorization_) return {refusal_, {{"WWW-Authenticate", "Basic realm=\"git\""}}, ""};
    }
    if (mode_ == Mode::kBroken) return {500, {}, "oh"};
    const size_t question = request.target.find('?');
    const std::string path = request.target.substr(0, question);
    if (mode_ == Mode::kPlainFiles) {
      std::ifstream in(root() + path, std::ios::binary);
      if (!in || !std::filesystem::is_regular_file(root() + path)) return {404, {}, ""};
      return {200, {{"Content-Type", "application/octet-stream"}}, {std::istreambuf_iterator<char>(in), {}}};
    }
    return AskGit(request, root(), mode_ == Mode::kSmart);
  }

  std::string root() const { return std::filesystem::path(repo_.path()).parent_path(); }
  std::string url() const {
    return "http://127.0.0.1:" + std::to_string(server_->port()) + "/" +
           std::filesystem::path(repo_.path()).filename().string() + "/.git";
  }
  Result<ResolvedSource> Resolve(GitSpec spec) {
    if (spec.url.empty()) spec.url = url();
    PLUMB_TRY(source, GitSource::Make(std::move(spec), {.cache_directory = cache_.path()}));
    return source->Resolve();
  }

  TestRepo repo_;
  TempDir cache_;
  std::unique_ptr<http::Server> server_;
  Mode mode_ = Mode::kSmart;
  std::string want_authorization_;
  int refusal_ = 401;
};

TEST_F(GitHttpTest, SmartServer) {
  const std::string commit = repo_.Commit("f", "1");
  repo_.Commit("f", "2");
  auto resolved = Resolve({.revision = "main"});
  ASSERT_TRUE(resolved.ok()) << resolved.error().message();
  EXPECT_EQ(*resolved->tree->Read("f"), "2");
  resolved = Resolve({.revision = commit});
  ASSERT_TRUE(resolved.ok()) << resolved.error().message();
  EXPECT_EQ(*resolved->tree->Read("f"), "1");
}

TEST_F(GitHttpTest, CredentialsGoToTheirHost) {
  repo_.Commit("f", "1");
  want_authorization_ = "Basic " + Base64("ann:p%s'\"$x");
  auto resolved = Resolve({.credentials = {.username = "ann", .password = {.value = "p%s'\"$x"}}});
  ASSERT_TRUE(resolved.ok()) << resolved.error().message();

  want_authorization_ = "Basic " + Base64("git:token");
  WriteFile(cache_ / "token", "token\n");
  EXPECT_TRUE(Resolve({.credentials = {.password = {.file = cache_ / "token"}}}).ok());
  setenv("PLUMB_TEST_TOKEN", "token", 1);
  EXPECT_TRUE(Resolve({.credentials = {.password = {.env = "PLUMB_TEST_TOKEN"}}}).ok());
  unsetenv("PLUMB_TEST_TOKEN");
  std::string with_password = url();
  with_password.insert(7, "git:token@");
  EXPECT_TRUE(Resolve({.url = with_password}).ok());

  want_authorization_ = "Bearer token";
  EXPECT_TRUE(Resolve({.credentials = {.bearer = {.value = "token"}}}).ok());
}

TEST_F(GitHttpTest, WrongCredentialsAreDenied) {
  repo_.Commit("f", "1");
  want_authorization_ = "Basic " + Base64("git:right");
  const auto expect = [&](const GitCredentials& credentials, const std::string& want) {
    auto resolved = Resolve({.credentials = credentials});
    ASSERT_FALSE(resolved.ok());
    EXPECT_EQ(resolved.error().code(), Code::kDenied);
    EXPECT_EQ(resolved.error().message(), "git repository '" + url() + "': " + want);
  };
  expect({.password = {.value = "wrong"}}, "the user name or password was refused");
  expect({}, "it needs credentials, and none are configured");
  refusal_ = 403;
  expect({.password = {.value = "wrong"}}, "the credentials have no right to read it");
}

TEST_F(GitHttpTest, MirrorOfOneUserIsNotReadByAnother) {
  const std::string commit = repo_.Commit("f", "1");
  want_authorization_ = "Basic " + Base64("git:right");
  ASSERT_TRUE(Resolve({.revision = commit, .credentials = {.password = {.value = "right"}}}).ok());
  EXPECT_TRUE(Resolve({.revision = commit, .credentials = {.password = {.value = "right"}}}).ok());
  auto other = Resolve({.revision = commit});
  ASSERT_FALSE(other.ok()) << "a commit id is no key to what another's credentials fetched";
  EXPECT_EQ(other.error().code(), Code::kDenied);
}

TEST_F(GitHttpTest, MissingRepositoryAndBrokenServer) {
  auto resolved = Resolve({.url = "http://127.0.0.1:" + std::to_string(server_->port()) + "/none.git"});
  ASSERT_FALSE(resolved.ok());
  EXPECT_EQ(resolved.error().code(), Code::kNotFound) << resolved.error().message();
  mode_ = Mode::kBroken;
  resolved = Resolve({});
  ASSERT_FALSE(resolved.ok());
  EXPECT_EQ(resolved.error().code(), Code::kUnavailable) << resolved.error().message();
}

TEST_F(GitHttpTest, OldProtocolThatRefusesCommitIdsIsAskedForEverything) {
  const std::string first = repo_.Commit("f", "1");
  repo_.Commit("f", "2");
  mode_ = Mode::kOldProtocol;
  auto resolved = Resolve({.revision = first});
  ASSERT_TRUE(resolved.ok()) << resolved.error().message();
  EXPECT_EQ(*resolved->tree->Read("f"), "1");
  repo_.Commit("f", "3");
  resolved = Resolve({.revision = "main"});
  ASSERT_TRUE(resolved.ok()) << resolved.error().message();
  EXPECT_EQ(*resolved->tree->Read("f"), "3");
}

TEST_F(GitHttpTest, ServerOfPlainFilesIsRead) {
  repo_.Commit("f", "1");
  repo_.Commit("f", "2");
  repo_.Git({"update-server-info"});
  mode_ = Mode::kPlainFiles;
  auto resolved = Resolve({.revision = "main"});
  ASSERT_TRUE(resolved.ok()) << resolved.error().message();
  EXPECT_EQ(*resolved->tree->Read("f"), "2");
}

TEST_F(GitHttpTest, SubmoduleOfANetworkRepositoryMayNotBeALocalPath) {
  TestRepo library;
  library.Commit("secret", "secret");
  repo_.Git({"-c", "protocol.file.allow=always", "submodule", "--quiet", "add", library.url(), "lib"});
  repo_.CommitAll();
  auto resolved = Resolve({.submodules = true});
  ASSERT_FALSE(resolved.ok());
  EXPECT_EQ(resolved.error().message(),
            "git repository '" + url() + "': submodule 'lib': a repository from the network may not name a local path");
}

}  // namespace
}  // namespace plumb
