// `plumb diff` asks the server about what it is not sure of: on the embedded cluster, and on a real API server.
#include <fmt/core.h>
#include <gmock/gmock.h>

#include "core/json.h"
#include "tests/e2e/harness.h"

namespace plumb::e2e {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class ServerChecked : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    std::string why;
    cluster_ = std::string(GetParam()) == "sandbox" ? TestCluster::Sandbox(directory_) : TestCluster::Real(&why);
    if (!cluster_) GTEST_SKIP() << why;
    Write("700");
    ASSERT_EQ(Plumb("apply", "never").status, 0);
  }

  // A null asks for the server's default, which only the server knows.
  void Write(const std::string& deadline, int replicas = 1) {
    WriteAll(directory_ / "deploy/web.yaml",
             fmt::format("apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: checked}}\nspec:\n  replicas: {}\n  progressDeadlineSeconds: {}\n"
                         "  selector: {{matchLabels: {{app: web}}}}\n  template:\n    metadata: {{labels: {{app: web}}}}\n    spec: {{containers: [{{name: web, image: 'web:1'}}]}}\n",
                         replicas, deadline));
  }
  Outcome Plumb(const std::string& command, const std::string& check, std::vector<std::string> more = {}) {
    std::vector<std::string> argv = {PlumbProgram(), command, (directory_ / "deploy").string(), "--name", "checked", "--namespace", "default", "--server-check", check};
    argv.insert(argv.end(), more.begin(), more.end());
    return Execute(argv, {{"KUBECONFIG", cluster_->kubeconfig}});
  }

  TempDirectory directory_;
  std::unique_ptr<TestCluster> cluster_;
};

TEST_P(ServerChecked, WhatOnlyTheServerKnowsIsFoundAndHealed) {
  Write("null");
  const Outcome blind = Plumb("diff", "never");
  EXPECT_EQ(blind.status, 0) << blind.out << blind.err;
  EXPECT_THAT(blind.out, HasSubstr("no differences in 1 object, 1 uncertain"));

  const Outcome asked = Plumb("diff", "uncertain");
  EXPECT_EQ(asked.status, 1) << asked.err;
  EXPECT_THAT(asked.out, HasSubstr("spec.progressDeadlineSeconds: 700 -> 600"));
  EXPECT_THAT(asked.out, Not(HasSubstr("uncertain")));
  const auto json = ParseJson(Plumb("diff", "uncertain", {"--output", "json"}).out);
  ASSERT_TRUE(json.ok());
  EXPECT_TRUE(json->root().Get("objects")[0].Get("exact").AsBool());

  EXPECT_EQ(Plumb("apply", "uncertain").status, 0);
  const Outcome after = Plumb("diff", "uncertain");
  EXPECT_EQ(after.status, 0) << after.out;
  EXPECT_THAT(after.out, HasSubstr("no differences in 1 object\n"));
}

TEST_P(ServerChecked, WhatCannotBeAskedIsNeverInSync) {
  Write("null");
  const Outcome bounded = Plumb("diff", "uncertain", {"--server-check-limit", "0"});
  EXPECT_EQ(bounded.status, 3);
  EXPECT_THAT(bounded.err, HasSubstr("1 more objects were not asked about"));
}

TEST_P(ServerChecked, ARefusalIsShown) {
  if (std::string(GetParam()) == "sandbox") GTEST_SKIP() << "the embedded cluster does not validate numbers of replicas";
  Write("650", -1);
  EXPECT_EQ(Plumb("diff", "uncertain").status, 1) << "the diff is sure, and asks nothing";
  for (const char* command : {"diff", "apply"}) {
    const Outcome all = Plumb(command, "all", command == std::string("apply") ? std::vector<std::string>{"--dry-run"} : std::vector<std::string>{});
    EXPECT_EQ(all.status, 3) << all.out << all.err;
    EXPECT_THAT(all.out + all.err, HasSubstr("the server refuses it: "));
    EXPECT_THAT(all.out + all.err, HasSubstr("spec.replicas"));
  }
}

INSTANTIATE_TEST_SUITE_P(, ServerChecked, ::testing::Values("sandbox", "apiserver"), [](const auto& one) { return std::string(one.param); });

}  // namespace
}  // namespace plumb::e2e
