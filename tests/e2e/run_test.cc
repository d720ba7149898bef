// `plumb run --sandbox`: repository, cluster and loop in one process.
#include <fmt/core.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "core/json.h"
#include "core/mac.h"
#include "tests/e2e/harness.h"

namespace plumb::e2e {
namespace {

constexpr const char* kDeployment =
    "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web}}\nspec:\n  replicas: 2\n  selector: {{matchLabels: {{app: web}}}}\n"
    "  template:\n    metadata: {{labels: {{app: web}}}}\n    spec: {{containers: [{{name: web, image: 'nginx:{}'}}]}}\n";

TEST(Run, OnASandboxOfItsOwnAPushBecomesAHealthyDeployment) {
  TempDirectory directory;
  const std::string work = directory / "work";
  ASSERT_EQ(Execute({"git", "init", "-q", "-b", "main", work}).status, 0);
  const auto commit = [&](const std::string& image) {
    WriteAll(directory / "work/web.yaml", fmt::format(fmt::runtime(kDeployment), image));
    Execute({"git", "-C", work, "add", "."});
    Execute({"git", "-C", work, "-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-q", "-m", image});
    const std::string id = Execute({"git", "-C", work, "rev-parse", "HEAD"}).out;
    return id.substr(0, 40);
  };
  const std::string first = commit("1.25");
  RunningPlumb plumb(directory, "",
                     fmt::format("apiVersion: plumb.dev/v1alpha1\nkind: Application\nmetadata: {{name: web}}\nspec:\n"
                                 "  sources: [{{git: {{url: '{}', revision: main}}}}]\n", work));
  EXPECT_FALSE(plumb.Await({"healthy"}, first, 0)->is_null()) << plumb.Log();
  const std::string second = commit("1.26");
  ASSERT_TRUE(plumb.Push(work)) << plumb.Log();
  EXPECT_FALSE(plumb.Await({"healthy"}, second, 0)->is_null()) << plumb.Log();
  EXPECT_NE(plumb.Metrics().find("plumb_application_healthy{application=\"web\"} 1"), std::string::npos);
  plumb.process().Signal(SIGTERM);
  EXPECT_EQ(plumb.process().Wait(std::chrono::seconds(10)), 0) << "a clean stop on SIGTERM\n" << plumb.Log();
}

// Each git host's call, signed with the secret in the environment, makes its push immediate; the polls are minutes apart. One
// with a wrong signature is refused and changes nothing.
TEST(Run, AGitHostsSignedCallMakesAPushImmediate) {
  TempDirectory directory;
  const std::string work = directory / "work", secret = "s3cret-of-the-hook";
  ASSERT_EQ(Execute({"git", "init", "-q", "-b", "main", work}).status, 0);
  const auto commit = [&](const std::string& text) {
    WriteAll(directory / "work/one.yaml", fmt::format("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: one}}\ndata: {{text: {}}}\n", text));
    Execute({"git", "-C", work, "add", "."});
    Execute({"git", "-C", work, "-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-q", "-m", text});
    return Execute({"git", "-C", work, "rev-parse", "HEAD"}).out.substr(0, 40);
  };
  const std::string first = commit("first");
  setenv("PLUMB_WEBHOOK_SECRET", secret.c_str(), 1);
  RunningPlumb plumb(directory, "",
                     fmt::format("apiVersion: plumb.dev/v1alpha1\nkind: Application\nmetadata: {{name: one}}\nspec:\n"
                                 "  sources: [{{git: {{url: '{}', revision: main}}}}]\n  sync: {{interval: 1h}}\n", work));
  unsetenv("PLUMB_WEBHOOK_SECRET");
  ASSERT_FALSE(plumb.Await({"synced"}, first, 0)->is_null()) << plumb.Log();
  // The status that the call was answered with.
  const auto call = [&](const std::string& body, const std::vector<std::string>& headers) {
    std::vector<std::string> argv = {"curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "-X", "POST", "--data-binary", "@-", "-H", "Content-Type: application/json", fmt::format("http://{}/webhook", plumb.address())};
    for (const std::string& header : headers) argv.insert(argv.end(), {"-H", header});
    return Execute(argv, {}, body).out;
  };
  const std::string url = "file://" + work;
  const std::string github = fmt::format(R"({{"ref": "refs/heads/main", "repository": {{"clone_url": "{}"}}}})", url);
  const std::string gitlab = fmt::format(R"({{"object_kind": "push", "ref": "refs/heads/main", "project": {{"git_http_url": "{}"}}}})", url);
  const struct {
    const char* host;
    std::string body;
    std::vector<std::string> right, wrong;
  } kHosts[] = {
      {"github", github, {"X-GitHub-Event: push", "X-Hub-Signature-256: sha256=" + HmacSha256Hex(secret, github)}, {"X-GitHub-Event: push", "X-Hub-Signature-256: sha256=" + HmacSha256Hex("other", github)}},
      {"gitlab", gitlab, {"X-Gitlab-Event: Push Hook", "X-Gitlab-Token: " + secret}, {"X-Gitlab-Event: Push Hook", "X-Gitlab-Token: other"}},
      {"gitea", github, {"X-Gitea-Event: push", "X-Gitea-Signature: " + HmacSha256Hex(secret, github)}, {"X-Gitea-Event: push", "X-Gitea-Signature: " + HmacSha256Hex(secret, github + " ")}},
      {"plain", fmt::format(R"({{"url": "{}"}})", url), {"Authorization: Bearer " + secret}, {}},
  };
  for (const auto& host : kHosts) {
    SCOPED_TRACE(host.host);
    const std::string id = commit(host.host);
    EXPECT_EQ(call(host.body, host.wrong), "401");
    EXPECT_TRUE(plumb.Await({"synced", "revision"}, id, 0, std::chrono::seconds(0))->is_null()) << "a refused call changes nothing";
    EXPECT_EQ(call(host.body, host.right).substr(0, 1), "2");
    EXPECT_FALSE(plumb.Await({"synced"}, id, 0)->is_null()) << plumb.Log();
  }
  EXPECT_EQ(plumb.Log().find(secret), std::string::npos) << "the secret is in no log";
}

}  // namespace
}  // namespace plumb::e2e
