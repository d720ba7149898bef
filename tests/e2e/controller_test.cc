// `plumb controller` and the commands around it, as a user has them, on an embedded cluster.
#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "core/json.h"
#include "tests/e2e/harness.h"

namespace plumb::e2e {
namespace {

using ::testing::HasSubstr;

class ControllerCommands : public ::testing::Test {
 protected:
  void SetUp() override {
    cluster_ = TestCluster::Sandbox(directory_);
    WriteAll(directory_ / "crds.yaml", Plumb({"crds"}).out);
    ASSERT_EQ(Apply(directory_ / "crds.yaml").status, 0);
    controller_ = std::make_unique<Background>(
        std::vector<std::string>{PlumbProgram(), "controller", "--kubeconfig", cluster_->kubeconfig, "--listen", "127.0.0.1:0", "--cache", directory_ / "cache"},
        directory_ / "events", directory_ / "log");
  }
  Outcome Plumb(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), PlumbProgram());
    return Execute(arguments, {{"KUBECONFIG", cluster_->kubeconfig}, {"USER", "ann"}});
  }
  // By plumb itself: a test of the controller must not need kubectl.
  Outcome Apply(const std::string& file) { return Plumb({"apply", file, "--name", "setup", "--inventory-namespace", "default"}); }

  TempDirectory directory_;
  std::unique_ptr<TestCluster> cluster_;
  std::unique_ptr<Background> controller_;
};

TEST_F(ControllerCommands, ABrokenSourceIsSaidByEveryCommandAndMistakesAreNamed) {
  WriteAll(directory_ / "app.yaml",
           "apiVersion: plumb.dev/v1alpha1\nkind: Application\nmetadata: {name: shop, namespace: default}\n"
           "spec: {sources: [{git: {url: 'https://127.0.0.1:1/shop.git'}}]}\n");
  ASSERT_EQ(Apply(directory_ / "app.yaml").status, 0);
  ASSERT_TRUE(Eventually([&] { return Plumb({"get", "shop"}).out.find("Failed: source:") != std::string::npos; })) << ReadAll(directory_ / "log");
  EXPECT_THAT(Plumb({"get"}).out, HasSubstr("NAMESPACE  NAME  SYNCED  HEALTHY"));
  EXPECT_THAT(Plumb({"get", "-A", "--output", "json"}).out, HasSubstr("\"kind\": \"ApplicationList\""));
  EXPECT_EQ(Plumb({"wait", "shop", "--timeout", "500ms"}).status, 1);
  EXPECT_THAT(Plumb({"history", "shop"}).out, HasSubstr("nothing was carried out yet"));

  const Outcome misspelt = Plumb({"get", "shpo"});
  EXPECT_EQ(misspelt.status, 3);
  EXPECT_THAT(misspelt.err, HasSubstr("there is no application 'shpo' in namespace 'default', did you mean 'shop'?"));
  const Outcome unknown = Plumb({"approve", "0123456789"});
  EXPECT_EQ(unknown.status, 3);
  EXPECT_THAT(unknown.err, HasSubstr("no application has a plan '0123456789'"));
  EXPECT_EQ(Plumb({"approve", "01"}).status, 2);
  EXPECT_EQ(Plumb({"sync"}).status, 2);

  EXPECT_THAT(Plumb({"suspend", "shop"}).out, HasSubstr("default/shop: suspended"));
  EXPECT_TRUE(Eventually([&] { return Plumb({"get", "shop"}).out.find("Suspended") != std::string::npos; }));
  EXPECT_THAT(Plumb({"suspend", "shop"}).out, HasSubstr("is suspended already"));
  EXPECT_THAT(Plumb({"sync", "shop"}).out, HasSubstr("'plumb resume default/shop'"));
  EXPECT_THAT(Plumb({"resume", "default/shop", "--output", "json"}).out, HasSubstr("\"action\": \"resume\""));
  EXPECT_THAT(Plumb({"tree", "shop"}).out, HasSubstr("default/shop"));
  controller_->Signal(SIGTERM);
  EXPECT_EQ(controller_->Wait(std::chrono::seconds(10)), 0) << ReadAll(directory_ / "log");
}

TEST_F(ControllerCommands, WithoutTheDefinitionsTheControllerSaysWhatToDo) {
  TempDirectory other;
  const auto bare = TestCluster::Sandbox(other);
  const Outcome outcome = Execute({PlumbProgram(), "controller", "--kubeconfig", bare->kubeconfig});
  EXPECT_EQ(outcome.status, 3);
  EXPECT_THAT(outcome.err, HasSubstr("plumb crds | kubectl apply"));
}

}  // namespace
}  // namespace plumb::e2e
