// `plumb undelete` brings back what `plumb apply --prune` deleted: on the embedded cluster, and on a real API server.
#include <fmt/core.h>
#include <gmock/gmock.h>

#include "tests/e2e/harness.h"

namespace plumb::e2e {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class Undelete : public ::testing::TestWithParam<const char*> {};

TEST_P(Undelete, BringsBackWhatThePruneDeletedWithoutValuesOfSecrets) {
  TempDirectory directory;
  std::string why;
  const auto cluster = std::string(GetParam()) == "sandbox" ? TestCluster::Sandbox(directory) : TestCluster::Real(&why);
  if (!cluster) GTEST_SKIP() << why;
  const std::string deploy = directory / "deploy";
  const auto plumb = [&](std::vector<std::string> argv) {
    argv.insert(argv.begin(), PlumbProgram());
    argv.insert(argv.end(), {"--namespace", "default", "--cache", directory / "cache"});
    return Execute(argv, {{"KUBECONFIG", cluster->kubeconfig}});
  };
  WriteAll(deploy + "/keep.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: undelete-keep}\n");
  WriteAll(deploy + "/gone.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: undelete-gone}\ndata: {greeting: hello}\n---\n"
                                  "apiVersion: v1\nkind: Secret\nmetadata: {name: undelete-secret}\nstringData: {password: correct-horse}\n");
  ASSERT_EQ(plumb({"apply", deploy, "--name", "undelete"}).status, 0);
  std::filesystem::remove(deploy + "/gone.yaml");
  const Outcome pruned = plumb({"apply", deploy, "--name", "undelete", "--prune"});
  ASSERT_EQ(pruned.status, 0) << pruned.out << pruned.err;

  EXPECT_THAT(plumb({"undelete"}).out, HasSubstr("undelete"));
  const Outcome dry = plumb({"undelete", "undelete", "--dry-run"});
  EXPECT_THAT(dry.out, HasSubstr("undelete-gone"));
  EXPECT_THAT(dry.out + dry.err, Not(HasSubstr("correct-horse")));
  const Outcome back = plumb({"undelete", "undelete"});
  EXPECT_EQ(back.status, 0) << back.out << back.err;
  EXPECT_THAT(back.out + back.err, HasSubstr("undelete-secret")) << "what is left out is named";

  WriteAll(deploy + "/gone.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: undelete-gone}\ndata: {greeting: hello}\n");
  const Outcome diff = plumb({"diff", deploy, "--name", "undelete", "--output", "json"});
  EXPECT_THAT(diff.out, HasSubstr("\"create\": 0")) << "it is there again\n" << diff.err;
}

INSTANTIATE_TEST_SUITE_P(Clusters, Undelete, ::testing::Values("sandbox", "real"), [](const auto& param) { return std::string(param.param); });

}  // namespace
}  // namespace plumb::e2e
