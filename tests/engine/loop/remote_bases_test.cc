// Remote bases through real git repositories and a real HTTP server, and what must not be reached.
#include "engine/loop/remote_bases.h"

#include <gtest/gtest.h>

#include "core/memory_tree.h"
#include "engine/http/server.h"
#include "plugins/kustomize/render.h"
#include "tests/sources/test_repo.h"

namespace plumb {
namespace {

class RemoteBasesTest : public testing::Test {
 protected:
  void SetUp() override {
    repo_.Commit("base/kustomization.yaml", "resources: [cm.yaml]\n");
    repo_.Commit("base/cm.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: far\n");
    repo_.Git({"tag", "v1"});
    repo_.Commit("base/cm.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: later\n");
    auto server = http::Server::Start({}, [this](http::Request request, std::shared_ptr<http::Responder> responder) {
      ++requests_;
      if (request.target == "/cm.yaml") return responder->Send({200, {}, "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: fetched\n"});
      if (request.target == "/big.yaml") return responder->Send({200, {}, std::string(5000, 'x')});
      if (request.target == "/away.yaml") return responder->Send({302, {{"Location", "http://other.example/cm.yaml"}}, ""});
      if (request.target == "/loop.yaml") return responder->Send({302, {{"Location", "/loop.yaml"}}, ""});
      responder->Send({404, {}, "no"});
    });
    ASSERT_TRUE(server.ok()) << server.error().message();
    server_ = *std::move(server);
  }
  void TearDown() override { server_->Stop(); }

  RemoteBaseOptions Options(std::vector<std::string> hosts, bool inner = true) {
    RemoteBaseOptions options;
    options.hosts = std::move(hosts);
    options.inner_addresses = inner;
    options.git.cache_directory = cache_.path();
    return options;
  }
  std::string Url(const std::string& path) const { return "http://127.0.0.1:" + std::to_string(server_->port()) + path; }

  // What a kustomization with this one resource renders, or "error: ...".
  std::string Render(const std::string& resource, RemoteBaseOptions options) {
    RemoteBasesFromSources remote(std::move(options));
    const MemoryTree tree({{"kustomization.yaml", "resources: ['" + resource + "']\n"}});
    RenderRequest request;
    request.tree = &tree;
    const auto rendered = RenderKustomize(request, {.remote = &remote});
    return rendered.ok() ? WriteManifests(rendered->manifests) : "error: " + rendered.error().message();
  }

  TestRepo repo_;
  TempDir cache_;
  std::unique_ptr<http::Server> server_;
  std::atomic<int> requests_ = 0;
};

TEST_F(RemoteBasesTest, ARepositoryIsReadAtItsRevision) {
  EXPECT_NE(Render(repo_.url() + "//base?ref=v1", Options({"file"})).find("name: far"), std::string::npos);
  EXPECT_NE(Render(repo_.url() + "//base", Options({"file"})).find("name: later"), std::string::npos);
  EXPECT_NE(Render(repo_.url() + "//base?ref=nowhere", Options({"file"})).find("error"), std::string::npos);
}

TEST_F(RemoteBasesTest, OneAddressIsOneCommitWithinARender) {
  RemoteBasesFromSources remote(Options({"file"}));
  const auto first = remote.Open(repo_.url() + "//base");
  repo_.Commit("base/cm.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: third\n");
  const auto second = remote.Open(repo_.url() + "//base");
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_EQ(first->tree, second->tree);
}

TEST_F(RemoteBasesTest, FilesComeByHttp) {
  EXPECT_NE(Render(Url("/cm.yaml"), Options({"127.0.0.1"})).find("name: fetched"), std::string::npos);
  EXPECT_NE(Render(Url("/none.yaml"), Options({"127.0.0.1"})).find("status 404"), std::string::npos);
  EXPECT_NE(Render(Url("/loop.yaml"), Options({"127.0.0.1"})).find("more than 5 redirects"), std::string::npos);
  RemoteBaseOptions small = Options({"127.0.0.1"});
  small.git.file_bytes = 1000;
  EXPECT_NE(Render(Url("/big.yaml"), small).find("larger than 1000 bytes"), std::string::npos);
}

TEST_F(RemoteBasesTest, HostsMustBeOnTheList) {
  const int before = requests_;
  for (const auto& hosts : std::vector<std::vector<std::string>>{{}, {"github.com"}, {"file"}, {"*.0.0.1x"}})
    EXPECT_NE(Render(Url("/cm.yaml"), Options(hosts)).find("may not be asked"), std::string::npos);
  EXPECT_NE(Render(repo_.url() + "//base", Options({"*"})).find("may not be asked"), std::string::npos) << "'*' is no leave to read this machine";
  EXPECT_EQ(requests_, before);
  EXPECT_NE(Render(Url("/away.yaml"), Options({"127.0.0.1"})).find("host 'other.example' may not be asked"), std::string::npos) << "a redirect leads nowhere else";
}

TEST_F(RemoteBasesTest, InnerAddressesAreOutOfReachUnlessAllowed) {
  const int before = requests_;
  EXPECT_NE(Render(Url("/cm.yaml"), Options({"*"}, false)).find("loopback or link-local"), std::string::npos);
  const std::string port = std::to_string(server_->port());
  for (const std::string& url : {"http://localhost:" + port + "/cm.yaml", "http://[::1]:" + port + "/cm.yaml", std::string("http://169.254.169.254/latest/meta-data.yaml"),
                                 "http://[::ffff:127.0.0.1]:" + port + "/cm.yaml", "http://127.1:" + port + "/cm.yaml", "http://0:" + port + "/cm.yaml"})
    EXPECT_NE(Render(url, Options({"*"}, false)).find("error"), std::string::npos) << url;
  EXPECT_NE(Render("http://127.0.0.1:" + port + "/org/repo//base", Options({"*"}, false)).find("loopback or link-local"), std::string::npos) << "git neither";
  EXPECT_EQ(requests_, before);
}

TEST_F(RemoteBasesTest, CountIsBounded) {
  RemoteBaseOptions options = Options({"file"});
  options.bases = 1;
  RemoteBasesFromSources remote(options);
  EXPECT_TRUE(remote.Open(repo_.url() + "//base?ref=v1").ok());
  EXPECT_EQ(remote.Open(repo_.url() + "//base").error().code(), Code::kLimit);
}

}  // namespace
}  // namespace plumb
