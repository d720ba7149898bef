// What a pod's file system does to the program: its account's files, and a small disk for the cache. Each test runs plumb in
// a mount namespace of its own, so that nothing of this machine is touched.
#include <fmt/core.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "tests/e2e/harness.h"

namespace plumb::e2e {
namespace {

// The command, run by a shell that has done `mounts` in its own namespace.
std::vector<std::string> InPod(const std::string& mounts, std::vector<std::string> argv) {
  std::vector<std::string> all = {"unshare", "--mount", "--map-root-user", "sh", "-ec", mounts + "\nexec \"$@\"", "sh"};
  all.insert(all.end(), argv.begin(), argv.end());
  return all;
}

bool CanUnshare() { return Execute(InPod("mount -t tmpfs tmpfs /mnt", {"true"})).status == 0; }

std::string Value(const std::string& kubeconfig, const std::string& key) {
  const size_t at = kubeconfig.find(key);
  if (at == std::string::npos) return "";
  const size_t from = kubeconfig.find_first_not_of(" '\"", at + key.size());
  return kubeconfig.substr(from, kubeconfig.find_first_of("'\",}\n", from) - from);
}

constexpr const char* kConfigMap = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: one}\n";

TEST(Pod, ItsAccountIsUsedWhereThereIsNoKubeconfig) {
  if (!CanUnshare()) GTEST_SKIP() << "mount namespaces are not allowed here";
  std::string why_not;
  const auto cluster = TestCluster::Real(&why_not);
  if (!cluster) GTEST_SKIP() << why_not;
  TempDirectory directory;
  const std::string admin = ReadAll(cluster->kubeconfig), server = Value(admin, "server:"), ca = Value(admin, "certificate-authority-data:");
  ASSERT_FALSE(ca.empty()) << admin;
  const auto kubectl = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {Kubectl(), "--kubeconfig", cluster->kubeconfig});
    return Execute(arguments);
  };
  // An account that may edit one namespace, as an administrator would make it.
  ASSERT_EQ(kubectl({"create", "namespace", "shop"}).status, 0);
  ASSERT_EQ(kubectl({"-n", "shop", "create", "serviceaccount", "deployer"}).status, 0);
  ASSERT_EQ(kubectl({"-n", "shop", "create", "rolebinding", "deployer", "--clusterrole=admin", "--serviceaccount=shop:deployer"}).status, 0);
  std::string token = kubectl({"-n", "shop", "create", "token", "deployer"}).out;
  while (!token.empty() && token.back() == '\n') token.pop_back();
  ASSERT_NE(token, "");

  const std::string account = "/var/run/secrets/kubernetes.io/serviceaccount";
  const std::string mounts = fmt::format("mount -t tmpfs tmpfs /run\nmkdir -p {0}\nprintf %s \"$POD_TOKEN\" >{0}/token\nprintf %s '{1}' | base64 -d >{0}/ca.crt\nprintf shop >{0}/namespace\n", account, ca);
  const size_t colon = server.rfind(':');
  const std::vector<std::pair<std::string, std::string>> env = {{"KUBECONFIG", ""},
                                                                {"HOME", directory.path()},
                                                                {"POD_TOKEN", token},
                                                                {"KUBERNETES_SERVICE_HOST", server.substr(8, colon - 8)},
                                                                {"KUBERNETES_SERVICE_PORT", server.substr(colon + 1)}};
  WriteAll(directory / "set/one.yaml", kConfigMap);
  const std::vector<std::string> apply = {PlumbProgram(), "apply", directory / "set", "--inventory-namespace", "shop"};
  const Outcome first = Execute(InPod(mounts, apply), env);
  EXPECT_EQ(first.status, 0) << first.out << first.err;
  EXPECT_EQ(kubectl({"-n", "shop", "get", "configmap", "one"}).status, 0) << "applied in the account's namespace";
  const Outcome again = Execute(InPod(mounts, {PlumbProgram(), "diff", directory / "set", "--inventory-namespace", "shop"}), env);
  EXPECT_EQ(again.status, 0) << again.out << again.err;

  const Outcome elsewhere = Execute(InPod(mounts, {PlumbProgram(), "apply", directory / "set", "-n", "default", "--inventory-namespace", "shop", "--name", "else"}), env);
  EXPECT_NE(elsewhere.status, 0);
  EXPECT_NE((elsewhere.out + elsewhere.err).find("forbidden"), std::string::npos) << elsewhere.out << elsewhere.err;
  EXPECT_EQ((elsewhere.out + elsewhere.err).find(token), std::string::npos) << "the token never shows";
}

TEST(Pod, AnAccountThatIsNotThereIsSaidSo) {
  if (!CanUnshare()) GTEST_SKIP() << "mount namespaces are not allowed here";
  TempDirectory directory;
  WriteAll(directory / "set/one.yaml", kConfigMap);
  const Outcome ran = Execute(InPod("mount -t tmpfs tmpfs /run", {PlumbProgram(), "diff", directory / "set"}),
                              {{"KUBECONFIG", ""}, {"HOME", directory.path()}, {"KUBERNETES_SERVICE_HOST", "127.0.0.1"}, {"KUBERNETES_SERVICE_PORT", "1"}});
  EXPECT_EQ(ran.status, 2) << ran.err;
  EXPECT_NE(ran.err.find("no service account token at '/var/run/secrets"), std::string::npos) << ran.err;
}

// A repository larger than the disk of the cache: the error names the cache, and the cluster is left alone. With room again,
// the same cache works.
TEST(Pod, AFullDiskInTheCacheIsAClearErrorAndHeals) {
  if (!CanUnshare()) GTEST_SKIP() << "mount namespaces are not allowed here";
  TempDirectory directory;
  const auto cluster = TestCluster::Sandbox(directory);
  const std::string work = directory / "work";
  ASSERT_EQ(Execute({"git", "init", "-q", "-b", "main", work}).status, 0);
  WriteAll(directory / "work/one.yaml", kConfigMap);
  ASSERT_EQ(Execute({"dd", "if=/dev/urandom", "of=" + work + "/noise", "bs=1M", "count=4", "status=none"}).status, 0);
  ASSERT_EQ(Execute({"git", "-C", work, "add", "-A"}).status, 0);
  ASSERT_EQ(Execute({"git", "-C", work, "-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "-q", "-m", "one"}).status, 0);

  const std::string mounts = fmt::format("mkdir -p '{0}'\nmount -t tmpfs -o size=2m tmpfs '{0}'", (directory / "cache").string());
  const std::vector<std::string> apply = {PlumbProgram(), "apply", "--repo", work, "--kubeconfig", cluster->kubeconfig, "--cache", directory / "cache", "--name", "full"};
  const Outcome full = Execute(InPod(mounts, apply));
  EXPECT_EQ(full.status, 3) << full.out << full.err;
  EXPECT_NE(full.err.find("the disk of the cache directory is full"), std::string::npos) << full.err;
  EXPECT_EQ(full.out, "") << "no plan was made";

  const std::string grown = mounts + fmt::format("\n{} apply --repo '{}' --kubeconfig '{}' --cache '{}' --name full 2>/dev/null || mount -o remount,size=64m '{}'", PlumbProgram(), work,
                                                 cluster->kubeconfig, (directory / "cache").string(), (directory / "cache").string());
  const Outcome mended = Execute(InPod(grown, apply));
  EXPECT_EQ(mended.status, 0) << mended.out << mended.err;
  EXPECT_NE(mended.out.find("applied"), std::string::npos) << mended.out;
}

}  // namespace
}  // namespace plumb::e2e
