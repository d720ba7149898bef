// Wrong input and broken servers: each gets a clear error and its exit code, and the cluster is left alone.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <csignal>

#include "tests/e2e/harness.h"

namespace plumb::e2e {
namespace {

const std::string kGood = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: good}\n";

class BadInput : public testing::Test {
 protected:
  void SetUp() override {
    cluster_ = TestCluster::Sandbox(directory_);
    ASSERT_FALSE(cluster_->kubeconfig.empty()) << ReadAll(directory_ / "sandbox.err");
  }

  Outcome Apply(std::vector<std::string> arguments, const std::string& kubeconfig = "") const {
    std::vector<std::string> argv = {PlumbProgram(), "apply", "--kubeconfig", kubeconfig.empty() ? cluster_->kubeconfig : kubeconfig, "--cache", directory_ / "cache"};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    return Execute(argv);
  }

  // Nothing of ours is in the cluster: a diff of the good manifest still wants to create it.
  void ExpectUntouched() const {
    WriteAll(directory_ / "untouched/good.yaml", kGood);
    const Outcome diff = Execute({PlumbProgram(), "diff", directory_ / "untouched", "--kubeconfig", cluster_->kubeconfig});
    EXPECT_EQ(diff.status, 1) << diff.err;
    EXPECT_NE(diff.out.find("1 to create"), std::string::npos) << diff.out;
  }

  TempDirectory directory_;
  std::unique_ptr<TestCluster> cluster_;
};

TEST_F(BadInput, BrokenFilesAreNamedWithTheirLine) {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 10; ++i) bomb += fmt::format("a{0}: &a{0} [*a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}]\n", i, i - 1);
  const struct {
    const char* name;
    std::string text;
    const char* want;
  } kCases[] = {
      {"broken YAML", kGood + "---\nkind: [unclosed\n", "bad.yaml:"},
      {"tab", "kind:\n\tx: 1\n", "bad.yaml:2"},
      {"not a manifest", "just: data\n", "'apiVersion' is missing"},
      {"not UTF-8", "kind: \xff\xfe\xfd\n", "bad.yaml:1"},
      {"alias bomb", bomb, "bad.yaml"},
      {"2,000 deep", "a: " + std::string(2000, '[') + std::string(2000, ']') + "\n", "bad.yaml"},
      {"name is a number", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: 5}\n", "metadata.name: expected a string"},
      {"10 MB in one line", std::string(10 << 20, 'x') + "\n", "bad.yaml:1"},
      {"given twice", kGood + "---\n" + kGood, "bad.yaml:1"},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.name);
    WriteAll(directory_ / "set/bad.yaml", c.text);
    WriteAll(directory_ / "set/good.yaml", c.text.starts_with(kGood) ? "" : kGood);
    const Outcome apply = Apply({directory_ / "set"});
    EXPECT_TRUE(apply.status == 2 || apply.status == 3) << apply.status << apply.err;
    EXPECT_NE(apply.err.find(c.want), std::string::npos) << apply.err;
    ExpectUntouched();
  }
}

// As one line of JSON it is read at once; it is the server that takes no object of that size.
TEST_F(BadInput, AnObjectOfTenMegabytesIsRefusedByTheServerAlone) {
  WriteAll(directory_ / "set/big.json", R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"big"},"data":{"a":")" + std::string(10 << 20, 'x') + "\"}}\n");
  WriteAll(directory_ / "set/good.yaml", kGood);
  const Outcome apply = Apply({directory_ / "set"});
  EXPECT_EQ(apply.status, 1) << apply.err;
  EXPECT_NE(apply.out.find("ConfigMap default/big: 413"), std::string::npos) << apply.out.substr(0, 2000);
  EXPECT_NE(apply.out.find("1 applied, 1 failed"), std::string::npos) << "the rest is applied";
}

TEST_F(BadInput, SourcesThatAreNotThere) {
  const std::string origin = directory_ / "origin.git";
  ASSERT_EQ(Execute({"git", "init", "-q", "-b", "main", directory_ / "work"}).status, 0);
  WriteAll(directory_ / "work/good.yaml", kGood);
  const std::string work = directory_ / "work";
  ASSERT_EQ(Execute({"git", "-C", work, "add", "-A"}).status, 0);
  ASSERT_EQ(Execute({"git", "-C", work, "-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "-q", "-m", "one"}).status, 0);
  ASSERT_EQ(Execute({"git", "clone", "-q", "--bare", work, origin}).status, 0);
  const struct {
    std::vector<std::string> arguments;
    const char* want;
  } kCases[] = {
      {{"--repo", directory_ / "nowhere.git"}, "nowhere.git"},
      {{"--repo", origin, "--revision", "mian"}, "main"},
      {{"--repo", origin, "--path", "no/such/dir"}, "no/such/dir"},
      {{directory_ / "no-such-path"}, "no-such-path"},
      {{}, "give either PATH or --repo"},
      {{directory_ / "work", "--repo", origin}, "give either PATH or --repo"},
      {{directory_ / "work", "--wiat"}, "did you mean '--wait'"},
      {{directory_ / "work", "--timeout", "soon"}, "'soon' is not a duration"},
  };
  for (const auto& c : kCases) {
    const Outcome apply = Apply(c.arguments);
    EXPECT_TRUE(apply.status == 2 || apply.status == 3) << apply.status << apply.err;
    EXPECT_NE(apply.err.find(c.want), std::string::npos) << apply.err;
    ExpectUntouched();
  }
}

TEST_F(BadInput, AnUnreachableServerIsTroubleNotDifference) {
  WriteAll(directory_ / "dead.kubeconfig",
           "apiVersion: v1\nkind: Config\nclusters: [{name: c, cluster: {server: 'http://127.0.0.1:1'}}]\ncontexts: [{name: c, context: {cluster: c, user: u}}]\n"
           "users: [{name: u, user: {}}]\ncurrent-context: c\n");
  WriteAll(directory_ / "set/good.yaml", kGood);
  const Outcome apply = Apply({directory_ / "set"}, directory_ / "dead.kubeconfig");
  EXPECT_EQ(apply.status, 3) << apply.err;
  EXPECT_NE(apply.err.find("127.0.0.1:1"), std::string::npos) << apply.err;
  const Outcome missing = Apply({directory_ / "set"}, directory_ / "no.kubeconfig");
  EXPECT_NE(missing.status, 0);
  EXPECT_NE(missing.err.find("no.kubeconfig"), std::string::npos) << missing.err;
}

TEST_F(BadInput, ARealServerThatRefuses) {
  std::string why_not;
  const auto real = TestCluster::Real(&why_not);
  if (!real) GTEST_SKIP() << why_not;
  WriteAll(directory_ / "set/good.yaml", kGood);
  const Outcome forbidden = Apply({directory_ / "set"}, real->kubeconfig + "-reader");
  EXPECT_EQ(forbidden.status, 3) << forbidden.out << forbidden.err;
  EXPECT_NE(forbidden.err.find("forbidden"), std::string::npos) << forbidden.err;

  std::string wrong = ReadAll(real->kubeconfig);
  const size_t token = wrong.find("token:");
  ASSERT_NE(token, std::string::npos);
  wrong.replace(token, wrong.find('\n', token) - token, "token: expired");
  WriteAll(directory_ / "expired.kubeconfig", wrong);
  const Outcome expired = Apply({directory_ / "set"}, directory_ / "expired.kubeconfig");
  EXPECT_EQ(expired.status, 3) << expired.out << expired.err;
  EXPECT_NE(expired.err.find("401"), std::string::npos) << expired.err;
}

TEST_F(BadInput, ABrokenCommitChangesNothingAndTheNextGoodOneIsApplied) {
  const std::string work = directory_ / "work";
  const auto commit = [&](const std::string& text, const std::string& message) {
    WriteAll(directory_ / "work/app.yaml", text);
    Execute({"git", "-C", work, "add", "-A"});
    Execute({"git", "-C", work, "-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "-q", "-m", message});
    std::string id = Execute({"git", "-C", work, "rev-parse", "HEAD"}).out;
    while (!id.empty() && id.back() == '\n') id.pop_back();
    return id;
  };
  ASSERT_EQ(Execute({"git", "init", "-q", "-b", "main", work}).status, 0);
  const std::string first = commit(kGood + "data: {a: '1'}\n", "good");
  RunningPlumb plumb(directory_, cluster_->kubeconfig,
                     fmt::format("apiVersion: plumb.dev/v1alpha1\nkind: Application\nmetadata: {{name: broken}}\nspec: {{sources: [{{git: {{url: {}}}}}]}}\n", work));
  ASSERT_FALSE(plumb.Await({"synced"}, first, 0)->is_null()) << plumb.Log();

  const std::string broken = commit("kind: [unclosed\n", "broken");
  ASSERT_TRUE(plumb.Push(work)) << plumb.Log();
  const Document failed = plumb.Await({"failed"}, broken, 0);
  ASSERT_FALSE(failed->is_null()) << plumb.Log();
  EXPECT_NE(std::string(failed->GetString("text")).find("app.yaml:"), std::string::npos);
  EXPECT_NE(plumb.Metrics().find("plumb_managed_objects{application=\"broken\"} 1"), std::string::npos) << "unknown is not empty";

  const std::string mended = commit(kGood + "data: {a: '2'}\n", "mended");
  ASSERT_TRUE(plumb.Push(work));
  EXPECT_FALSE(plumb.Await({"synced"}, mended, 0)->is_null()) << plumb.Log();
  plumb.process().Signal(SIGTERM);
  EXPECT_EQ(plumb.process().Wait(std::chrono::seconds(10)), 0);
}

}  // namespace
}  // namespace plumb::e2e
