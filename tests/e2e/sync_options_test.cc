// Each row of the table of sync options in docs/ordering.md, on a cluster: what stays, what waits, what is made anew, what is said.
#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "core/json.h"
#include "tests/e2e/harness.h"

namespace plumb::e2e {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const std::string kArgo = "argocd.argoproj.io/sync-options: ", kFlux = "kustomize.toolkit.fluxcd.io/";

std::string Config(const std::string& name, const std::string& annotation, const std::string& value = "1") {
  return fmt::format("---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {}, annotations: {{{}}}}}\ndata: {{value: '{}'}}\n", name, annotation, value);
}
std::string Job(const std::string& name, const std::string& annotation, int version) {
  return fmt::format("---\napiVersion: batch/v1\nkind: Job\nmetadata: {{name: {}, annotations: {{{}}}}}\n"
                     "spec: {{template: {{spec: {{restartPolicy: Never, containers: [{{name: c, image: 'work:{}'}}]}}}}}}\n",
                     name, annotation, version);
}

class SyncOptionsOn : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    std::string why_not;
    cluster_ = std::string(GetParam()) == "sandbox" ? TestCluster::Sandbox(directory_) : TestCluster::Real(&why_not);
    if (!cluster_) GTEST_SKIP() << why_not;
  }
  Outcome Apply(const std::string& manifests, std::vector<std::string> more = {}) {
    WriteAll(directory_ / "set/all.yaml", "apiVersion: v1\nkind: Namespace\nmetadata: {name: options}\n" + manifests);
    std::vector<std::string> argv = {PlumbProgram(), "apply", directory_ / "set", "--name", "options", "--namespace", "options", "--kubeconfig", cluster_->kubeconfig, "--prune", "--delete-budget", "100"};
    argv.insert(argv.end(), more.begin(), more.end());
    return Execute(argv);
  }
  // name -> what `field` of each object of a collection says.
  std::map<std::string, std::string> All(const std::string& collection, const std::function<std::string(Value)>& field) {
    std::vector<std::string> curl = cluster_->curl;
    curl.push_back(cluster_->server + collection);
    std::map<std::string, std::string> all;
    const auto list = ParseJson(Execute(curl).out);
    if (!list.ok()) return all;
    for (const Value item : list->root().Get("items").items()) all[std::string(item.Get("metadata").GetString("name"))] = field(item);
    return all;
  }
  std::map<std::string, std::string> Configs() {
    auto all = All("/api/v1/namespaces/options/configmaps", [](Value item) { return std::string(item.Get("data").GetString("value")); });
    all.erase("kube-root-ca.crt");
    return all;
  }
  std::map<std::string, std::string> Jobs() {
    return All("/apis/batch/v1/namespaces/options/jobs", [](Value item) {
      return fmt::format("{} {}", item.Get("metadata").GetString("uid"), item.Get("spec").Get("template").Get("spec").Get("containers")[0].GetString("image"));
    });
  }

  TempDirectory directory_;
  std::unique_ptr<TestCluster> cluster_;
};

TEST_P(SyncOptionsOn, WhatStaysWhatWaitsAndWhatIsLeftAlone) {
  const std::string alone = Config("reconcile", kFlux + "reconcile: disabled") + Config("ignored", kFlux + "ssa: Ignore") + Config("once", kFlux + "ssa: IfNotPresent");
  Outcome outcome = Apply(alone + Config("plain", "") + Config("kept", kArgo + "Prune=false") + Config("flux-kept", kFlux + "prune: disabled") + Config("confirm", kArgo + "Prune=confirm"));
  ASSERT_EQ(outcome.status, 0) << outcome.out << outcome.err;
  EXPECT_EQ(Configs(), (std::map<std::string, std::string>{{"plain", "1"}, {"kept", "1"}, {"flux-kept", "1"}, {"confirm", "1"}, {"once", "1"}})) << "what Flux would not apply is not made";

  const std::string changed = Config("reconcile", kFlux + "reconcile: disabled", "2") + Config("ignored", kFlux + "ssa: Ignore", "2") + Config("once", kFlux + "ssa: IfNotPresent", "2");
  outcome = Apply(changed);
  EXPECT_EQ(Configs(), (std::map<std::string, std::string>{{"kept", "1"}, {"flux-kept", "1"}, {"confirm", "1"}, {"once", "1"}}));
  EXPECT_THAT(outcome.out, HasSubstr("Prune=false"));
  EXPECT_THAT(outcome.out, HasSubstr("prune: disabled"));
  const size_t at = outcome.out.find("approve ");
  ASSERT_NE(at, std::string::npos) << outcome.out;
  const std::string digits = outcome.out.substr(at + 8, outcome.out.find_first_not_of("0123456789abcdef", at + 8) - at - 8);
  outcome = Apply(changed, {"--approve", digits});
  EXPECT_FALSE(Configs().contains("confirm")) << outcome.out << outcome.err;
  EXPECT_TRUE(Configs().contains("kept"));
}

TEST_P(SyncOptionsOn, WhatCannotBeChangedInPlaceIsMadeAnewWhereSomeWordAllowsIt) {
  const auto jobs = [](int version) {
    return Job("force", kArgo + "Force=true", version) + Job("replace", kArgo + "Replace=true", version) + Job("flux", kFlux + "force: enabled", version) + Job("stuck", "", version);
  };
  Outcome outcome = Apply(jobs(1));
  ASSERT_EQ(outcome.status, 0) << outcome.out << outcome.err;
  const auto before = Jobs();
  ASSERT_EQ(before.size(), 4u);
  outcome = Apply(jobs(2));
  EXPECT_EQ(outcome.status, 1) << outcome.out << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("plumb.dev/replace: allowed")) << "the one without a word says which there are";
  const auto after = Jobs();
  for (const char* name : {"force", "replace", "flux"}) {
    ASSERT_TRUE(after.contains(name)) << name;
    EXPECT_NE(after.at(name), before.at(name));
    EXPECT_THAT(after.at(name), HasSubstr("work:2")) << name;
  }
  EXPECT_EQ(after.at("stuck"), before.at("stuck"));
}

TEST_P(SyncOptionsOn, WhatIsNotFollowedIsSaid) {
  Outcome outcome = Apply(Config("a", kArgo + "'SkipDryRunOnMissingResource=true,PruneLast=true,ServerSideApply=true,ApplyOutOfSyncOnly=true,RespectIgnoreDifferences=true,FailOnSharedResource=true'"));
  ASSERT_EQ(outcome.status, 0) << outcome.out << outcome.err;
  EXPECT_THAT(outcome.out + outcome.err, Not(HasSubstr("is not followed")));
  std::string all;
  const char* const kNot[] = {"PruneLast=false", "ServerSideApply=false", "ApplyOutOfSyncOnly=false", "RespectIgnoreDifferences=false", "FailOnSharedResource=false",
                              "Validate=false", "PrunePropagationPolicy=foreground", "PrunePropagationPolicy=orphan", "CreateNamespace=true", "Replace=true"};
  for (const char* option : kNot) all += (all.empty() ? "" : ",") + std::string(option);
  outcome = Apply(Config("a", kArgo + "'" + all + ",Prne=false'"));
  ASSERT_EQ(outcome.status, 0) << outcome.out << outcome.err;
  for (const char* option : kNot) EXPECT_THAT(outcome.out + outcome.err, HasSubstr(fmt::format("'{}' is not followed", option)));
  EXPECT_THAT(outcome.out + outcome.err, HasSubstr("'Prne=false' is not known and does nothing, did you mean 'Prune=false'?"));
}

INSTANTIATE_TEST_SUITE_P(Clusters, SyncOptionsOn, testing::Values("sandbox", "real"), [](const auto& of) { return std::string(of.param); });

}  // namespace
}  // namespace plumb::e2e
