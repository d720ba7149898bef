// `plumb run --sandbox`: repository, cluster and loop in one process.
#include <fmt/core.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "core/json.h"
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

}  // namespace
}  // namespace plumb::e2e
