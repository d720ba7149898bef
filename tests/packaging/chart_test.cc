// The Helm chart, rendered by the real helm: lint, refused values, what the pod may do, and that nothing in it is stale. And
// installed on a real API server with its RBAC in force: the controller works with those rights, from its account's token.
#include <fmt/core.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <regex>

#include "core/edit.h"
#include "core/json.h"
#include "core/yaml.h"
#include "tests/e2e/harness.h"
#include "tests/engine/kube/control_plane.h"

namespace plumb::e2e {
namespace {

namespace fs = std::filesystem;

std::string Helm() {
  const char* assets = std::getenv("PLUMB_ASSETS");
  const fs::path helm = fs::path(assets ? assets : "") / "helm";
  return assets && fs::exists(helm) ? helm.string() : "";
}

#define PLUMB_NEED_HELM() \
  if (Helm().empty()) GTEST_SKIP() << "no helm: PLUMB_ASSETS names no folder with one ('make test' sets it)"

Outcome Template(std::vector<std::string> values = {}) {
  std::vector<std::string> argv = {Helm(), "template", "plumb", "charts/plumb", "--namespace", "plumb-system"};
  for (const std::string& value : values) argv.insert(argv.end(), {"--set-json", value});
  return Execute(argv);
}

// The rendered objects of a kind.
std::vector<Document> Objects(const std::string& yaml, const std::string& kind) {
  std::vector<Document> found;
  const auto documents = ParseYaml(yaml);
  EXPECT_TRUE(documents.ok()) << documents.error().message();
  if (!documents.ok()) return found;
  for (const auto& document : *documents)
    if (document.value->GetString("kind") == kind) found.push_back(document.value);
  return found;
}

TEST(Chart, PassesHelmsLint) {
  PLUMB_NEED_HELM();
  const Outcome lint = Execute({Helm(), "lint", "--strict", "charts/plumb"});
  EXPECT_EQ(lint.status, 0) << lint.out << lint.err;
}

// A misspelt or impossible value is refused by its schema, and the message names it.
TEST(Chart, WrongValuesAreRefused) {
  PLUMB_NEED_HELM();
  const struct { const char *value, *named; } kCases[] = {
      {"replcas=2", "replcas"},
      {"replicas=\"two\"", "replicas"},
      {"replicas=-1", "replicas"},
      {"image={\"repository\":\"\"}", "repository"},
      {"image.digest=\"latest\"", "digest"},
      {"logFormat=\"xml\"", "logFormat"},
      {"rbac.clusterAdmin=\"yes\"", "clusterAdmin"},
      {"rbac.namespaces=[\"Shop_1\"]", "namespaces"},
      {"rbac.impersonate=[{\"namespace\":\"shop\"}]", "names"},
      {"rbac.kinds=[{\"apiGroups\":[\"x\"],\"resource\":[\"y\"]}]", "resource"},
      {"service.port=70000", "port"},
      {"cache.sizeLimit=\"much\"", "sizeLimit"},
      {"serviceMonitor.interval=\"often\"", "interval"},
  };
  for (const auto& c : kCases) {
    const Outcome refused = Template({c.value});
    EXPECT_NE(refused.status, 0) << c.value;
    EXPECT_NE(refused.err.find(c.named), std::string::npos) << c.value << "\n" << refused.err;
  }
}

TEST(Chart, ItsPodMayDoLittle) {
  PLUMB_NEED_HELM();
  const Outcome rendered = Template();
  ASSERT_EQ(rendered.status, 0) << rendered.err;
  const auto deployments = Objects(rendered.out, "Deployment");
  ASSERT_EQ(deployments.size(), 1u);
  const Value pod = GetAt(*deployments[0], {"spec", "template", "spec"}), container = pod.Get("containers")[0];
  EXPECT_TRUE(GetAt(pod, {"securityContext", "runAsNonRoot"}).AsBool());
  EXPECT_GT(GetAt(pod, {"securityContext", "runAsUser"}).AsInt(), 0);
  EXPECT_EQ(GetAt(pod, {"securityContext", "seccompProfile", "type"}).AsString(), "RuntimeDefault");
  EXPECT_TRUE(GetAt(container, {"securityContext", "readOnlyRootFilesystem"}).AsBool());
  EXPECT_FALSE(GetAt(container, {"securityContext", "allowPrivilegeEscalation"}).AsBool());
  EXPECT_EQ(WriteJson(GetAt(container, {"securityContext", "capabilities", "drop"})), R"(["ALL"])");
  for (const char* probe : {"startupProbe", "livenessProbe", "readinessProbe"}) EXPECT_FALSE(GetAt(container, {probe, "httpGet", "path"}).AsString().empty()) << probe;
  EXPECT_FALSE(GetAt(container, {"resources", "requests"}).empty());
  EXPECT_FALSE(GetAt(container, {"resources", "limits", "memory"}).AsString().empty());
  for (const char* kind : {"ServiceAccount", "Service", "NetworkPolicy", "CustomResourceDefinition"}) EXPECT_FALSE(Objects(rendered.out, kind).empty()) << kind;
  for (const char* kind : {"ServiceMonitor", "PodDisruptionBudget"}) EXPECT_TRUE(Objects(rendered.out, kind).empty()) << kind << " is not for everybody";
  const Outcome more = Template({"serviceMonitor.enabled=true", "replicas=2"});
  for (const char* kind : {"ServiceMonitor", "PodDisruptionBudget"}) EXPECT_EQ(Objects(more.out, kind).size(), 1u) << kind;
}

// Nothing but Plumb's own namespace may be written by default; no rule has a wildcard, and nothing binds cluster-admin.
TEST(Chart, ItsRightsAreTheLeast) {
  PLUMB_NEED_HELM();
  const std::string yaml = Template().out;
  EXPECT_EQ(yaml.find("cluster-admin"), std::string::npos);
  const auto cluster_roles = Objects(yaml, "ClusterRole");
  ASSERT_EQ(cluster_roles.size(), 1u);
  for (const Value rule : cluster_roles[0]->Get("rules").items()) {
    for (const Value verb : rule.Get("verbs").items()) EXPECT_TRUE(verb.AsString() == "get" || verb.AsString() == "list" || verb.AsString() == "watch") << WriteJson(rule);
    for (const char* list : {"apiGroups", "resources"})
      for (const Value item : rule.Get(list).items()) EXPECT_TRUE(item.AsString() != "*" && item.AsString() != "secrets") << WriteJson(rule);
  }
  const auto roles = Objects(yaml, "Role");
  ASSERT_EQ(roles.size(), 2u);
  for (const Document& role : roles) EXPECT_EQ(GetAt(*role, {"metadata", "namespace"}).AsString(), "plumb-system");

  const auto bound = Objects(Template({"rbac.clusterAdmin=true"}).out, "ClusterRoleBinding");
  ASSERT_EQ(bound.size(), 1u);
  EXPECT_EQ(GetAt(*bound[0], {"roleRef", "name"}).AsString(), "cluster-admin");
  const std::string acting = Template({R"(rbac.impersonate=[{"namespace":"shop","names":["deployer"]}])"}).out;
  EXPECT_NE(acting.find("resourceNames: [\"deployer\"]"), std::string::npos) << "an account by its name, never all of them";
}

// files/crds is what `plumb crds` prints, deploy/plumb.yaml what helm makes of the chart.
TEST(Chart, WhatIsMadeOfOtherThingsIsCurrent) {
  PLUMB_NEED_HELM();
  TempDirectory directory;
  const Outcome made = Execute({"scripts/manifests.sh", "--check", directory.path()}, {{"PLUMB_PROGRAM", PlumbProgram()}});
  ASSERT_EQ(made.status, 0) << made.out << made.err;
  for (const std::string file : {"charts/plumb/files/crds/applications.plumb.dev.yaml", "charts/plumb/files/crds/projects.plumb.dev.yaml", "deploy/plumb.yaml"})
    EXPECT_EQ(ReadAll(file), ReadAll(directory / file)) << file << " is stale: run 'make manifests'";
}

// --- On a real API server ---

class InstalledChart : public testing::Test {
 protected:
  Outcome Kubectl(std::vector<std::string> arguments, const std::string& input = "") {
    arguments.insert(arguments.begin(), {e2e::Kubectl(), "--kubeconfig", kubeconfig_});
    return Execute(arguments, {{"KUBECACHEDIR", directory_ / "kubecache"}}, input);
  }
  std::string Field(const std::string& application, const std::string& path) {
    return Kubectl({"-n", "plumb-system", "get", "application", application, "-o", "jsonpath={" + path + "}"}).out;
  }
  static std::string Value(const std::string& text, const std::string& key) {
    const size_t at = text.find(key);
    const size_t from = text.find_first_not_of(" '\"", at + key.size());
    return at == std::string::npos ? "" : text.substr(from, text.find_first_of("'\",}\n", from) - from);
  }

  // A repository of one commit behind OpenSSH's own server, and the Secret that lets the controller in.
  void ServeRepository() {
    ASSERT_EQ(Execute({"git", "init", "-q", "-b", "main", repository()}).status, 0);
    WriteAll(directory_ / "repository/app/all.yaml",
             "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {a: '1'}\n---\n"
             "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  replicas: 0\n  selector: {matchLabels: {app: web}}\n"
             "  template:\n    metadata: {labels: {app: web}}\n    spec: {containers: [{name: web, image: 'web:1'}]}\n");
    ASSERT_EQ(Execute({"git", "-C", repository(), "add", "-A"}).status, 0);
    ASSERT_EQ(Execute({"git", "-C", repository(), "-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "-q", "-m", "one"}).status, 0);
    for (const char* key : {"host", "user"}) ASSERT_EQ(Execute({"ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", directory_ / key}).status, 0);
    if (geteuid() == 0) fs::create_directories("/run/sshd");  // where its unprivileged half lives
    for (int attempt = 0; attempt < 20 && port_ == 0; ++attempt) {
      const int port = 20000 + static_cast<int>((static_cast<unsigned>(getpid()) * 31 + static_cast<unsigned>(attempt) * 977) % 10000);
      WriteAll(directory_ / "sshd_config", fmt::format("ListenAddress 127.0.0.1\nPort {}\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\nUsePAM no\nStrictModes no\n"
                                                       "PasswordAuthentication no\nKbdInteractiveAuthentication no\n",
                                                       port, (directory_ / "host").string(), (directory_ / "user.pub").string()));
      fs::remove(directory_ / "sshd.err");
      sshd_ = std::make_unique<Background>(std::vector<std::string>{kSshd, "-D", "-e", "-f", directory_ / "sshd_config"}, directory_ / "sshd.out", directory_ / "sshd.err");
      if (Eventually([&] { return ReadAll(directory_ / "sshd.err").find("Server listening") != std::string::npos || !sshd_->running(); }) && sshd_->running()) port_ = port;
    }
    ASSERT_NE(port_, 0) << ReadAll(directory_ / "sshd.err");
    WriteAll(directory_ / "known_hosts", fmt::format("[127.0.0.1]:{} {}", port_, ReadAll(directory_ / "host.pub")));
    ASSERT_EQ(Kubectl({"-n", "plumb-system", "create", "secret", "generic", "deploy-key", "--from-file=ssh-privatekey=" + (directory_ / "user").string(),
                       "--from-file=known_hosts=" + (directory_ / "known_hosts").string()}).status, 0);
  }
  std::string repository() const { return directory_ / "repository"; }
  std::string Url() const {
    std::string user = Execute({"id", "-un"}).out;
    while (!user.empty() && user.back() == '\n') user.pop_back();
    return fmt::format("ssh://{}@127.0.0.1:{}{}", user, port_, repository());
  }

  // `plumb controller` with the arguments of the chart's Deployment, in a pod's surroundings: the account's files, nothing else
  // that may be written but /cache and /tmp, no kubeconfig.
  void StartController() {
    const std::string admin = ReadAll(kubeconfig_), server = Value(admin, "server:");
    std::string token = Kubectl({"-n", "plumb-system", "create", "token", "plumb"}).out;
    while (!token.empty() && token.back() == '\n') token.pop_back();
    ASSERT_NE(token, "");
    const std::string account = "/var/run/secrets/kubernetes.io/serviceaccount", out = directory_ / "pod";
    fs::create_directories(directory_ / "pod/cache");
    const std::string mounts = fmt::format(
        "mount -t tmpfs tmpfs /run\nmkdir -p {0}\nprintf %s \"$POD_TOKEN\" >{0}/token\nprintf %s '{1}' | base64 -d >{0}/ca.crt\nprintf plumb-system >{0}/namespace\n"
        "mount -t tmpfs tmpfs '{2}/cache'\nmount --bind / / 2>/dev/null && mount -o remount,ro,bind / || true\n",
        account, Value(admin, "certificate-authority-data:"), out);
    const size_t colon = server.rfind(':');
    std::vector<std::string> argv = {"unshare", "--mount", geteuid() == 0 ? "--mount" : "--map-root-user", "sh", "-ec", mounts + "unset KUBECONFIG\nexec \"$@\"", "sh", PlumbProgram()};
    const auto deployment = ParseJson(Kubectl({"-n", "plumb-system", "get", "deployment", "plumb", "-o", "json"}).out);
    ASSERT_TRUE(deployment.ok());
    for (const auto argument : GetAt(**deployment, {"spec", "template", "spec", "containers"})[0].Get("args").items()) {
      std::string text(argument.AsString());
      if (text.starts_with("--listen=")) text = "--listen=127.0.0.1:0";
      if (text == "--cache=/cache") text = "--cache=" + out + "/cache";
      argv.push_back(text);
    }
    controller_ = std::make_unique<Background>(argv, directory_ / "controller.out", directory_ / "controller.err",
                                               std::vector<std::pair<std::string, std::string>>{{"POD_TOKEN", token},
                                                                                                {"HOME", out + "/cache"},
                                                                                                {"KUBERNETES_SERVICE_HOST", server.substr(8, colon - 8)},
                                                                                                {"KUBERNETES_SERVICE_PORT", server.substr(colon + 1)}});
  }
  std::string Log() const { return ReadAll(directory_ / "controller.out") + ReadAll(directory_ / "controller.err"); }

  static constexpr const char* kSshd = "/usr/sbin/sshd";
  TempDirectory directory_;
  std::string kubeconfig_;
  std::unique_ptr<Background> sshd_, controller_;
  int port_ = 0;
};

TEST_F(InstalledChart, TheControllerWorksWithExactlyItsRights) {
  PLUMB_NEED_HELM();
  if (!fs::exists(kSshd)) GTEST_SKIP() << "no OpenSSH server here (openssh-server)";
  if (Execute({"unshare", "--mount", "--map-root-user", "true"}).status != 0) GTEST_SKIP() << "mount namespaces are not allowed here";
  kubeconfig_ = PLUMB_NEED_CONTROL_PLANE()->kubeconfig();

  for (const char* ns : {"shop", "bank", "other"}) ASSERT_EQ(Kubectl({"create", "namespace", ns}).status, 0);
  const Outcome installed = Execute({Helm(), "install", "plumb", "charts/plumb", "--kubeconfig", kubeconfig_, "--namespace", "plumb-system", "--create-namespace",
                                     "--set-json", R"(rbac.namespaces=["shop"])", "--set-json", R"(rbac.impersonate=[{"namespace":"bank","names":["deployer"]}])"},
                                    {{"HOME", directory_.path()}});
  ASSERT_EQ(installed.status, 0) << installed.out << installed.err;
  // A tenant's own account, as its administrator makes it; the controller has no rights in 'bank'.
  ASSERT_EQ(Kubectl({"-n", "bank", "create", "serviceaccount", "deployer"}).status, 0);
  // (Not ClusterRole 'admin': a controller gathers its rules, and none runs here.)
  ASSERT_EQ(Kubectl({"-n", "bank", "create", "role", "deployer", "--verb=get,list,watch,create,patch,delete", "--resource=configmaps,deployments.apps"}).status, 0);
  ASSERT_EQ(Kubectl({"-n", "bank", "create", "rolebinding", "deployer", "--role=deployer", "--serviceaccount=bank:deployer"}).status, 0);

  ServeRepository();
  if (HasFatalFailure()) return;

  std::string objects = fmt::format(
      "apiVersion: plumb.dev/v1alpha1\nkind: Project\nmetadata: {{name: bank, namespace: plumb-system}}\nspec:\n  repositories: ['*']\n"
      "  targets: [{{namespaces: [bank]}}]\n  serviceAccount: {{namespace: bank, name: deployer}}\n");
  const auto application = [&](const std::string& name, const std::string& project, const std::string& ns) {
    return fmt::format("---\napiVersion: plumb.dev/v1alpha1\nkind: Application\nmetadata: {{name: {}, namespace: plumb-system}}\nspec:\n  project: '{}'\n"
                       "  sources: [{{git: {{url: '{}', revision: main, credentials: {{secret: deploy-key}}}}, path: app}}]\n  target: {{namespace: {}}}\n",
                       name, project, Url(), ns);
  };
  objects += application("shop", "", "shop") + application("bank", "bank", "bank") + application("other", "", "other");
  ASSERT_EQ(Kubectl({"apply", "--server-side", "-f", "-"}, objects).status, 0);

  StartController();
  for (const std::string name : {"shop", "bank"}) {
    EXPECT_TRUE(Eventually([&] { return Field(name, ".status.synced") == "true"; }, std::chrono::seconds(30))) << name << ": " << Field(name, ".status") << "\n" << Log();
    EXPECT_EQ(Kubectl({"-n", name, "get", "deployment", "web"}).status, 0) << name;
  }
  EXPECT_TRUE(Eventually([&] { return Field("other", ".status").find("forbidden") != std::string::npos; }, std::chrono::seconds(30))) << Field("other", ".status") << "\n" << Log();
  EXPECT_NE(Kubectl({"-n", "other", "get", "deployment", "web"}).status, 0) << "nothing is written without the right to";

  // Whose an object is that two declare: told from the other's record, which the chart's rights let it read.
  ASSERT_EQ(Kubectl({"apply", "--server-side", "-f", "-"}, application("rival", "", "shop")).status, 0);
  EXPECT_TRUE(Eventually([&] { return Field("rival", ".status.summary").find("is part of application 'plumb-system/shop', and 'rival' declares it too") != std::string::npos; }, std::chrono::seconds(30)))
      << Field("rival", ".status") << "\n" << Log();
  // Somebody with less: the record is in a namespace that the tenant may not read, and so the object is not his to take.
  std::string deployer = ReadAll(kubeconfig_), token = Kubectl({"-n", "bank", "create", "token", "deployer"}).out;
  while (!token.empty() && token.back() == '\n') token.pop_back();
  deployer = std::regex_replace(deployer, std::regex("token: .*"), "token: " + token);
  WriteAll(directory_ / "deployer.yaml", deployer);
  WriteAll(directory_ / "mine/all.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {a: mine}\n");
  const Outcome taken = Execute({PlumbProgram(), "apply", directory_ / "mine", "--name", "mine", "--namespace", "bank", "--inventory-namespace", "bank", "--kubeconfig", directory_ / "deployer.yaml"});
  EXPECT_EQ(taken.status, 1) << taken.out << taken.err;
  EXPECT_NE(taken.out.find("and whether that still has it is not known"), std::string::npos) << taken.out << taken.err;
  EXPECT_NE(taken.out.find("forbidden"), std::string::npos) << taken.out;
  EXPECT_EQ(Kubectl({"-n", "bank", "get", "configmap", "settings", "-o", "jsonpath={.data.a}"}).out, "1");

  // Drift is seen and healed with those rights too.
  ASSERT_EQ(Kubectl({"-n", "shop", "patch", "configmap", "settings", "--type=merge", "-p", R"({"data":{"a":"edited"}})"}).status, 0);
  EXPECT_TRUE(Eventually([&] { return Kubectl({"-n", "shop", "get", "configmap", "settings", "-o", "jsonpath={.data.a}"}).out == "1"; })) << Log();
  for (const char* verb : {"create", "delete"}) {
    const Outcome may = Kubectl({"auth", "can-i", verb, "deployments", "-n", "other", "--as=system:serviceaccount:plumb-system:plumb"});
    EXPECT_EQ(may.out, "no\n") << verb;
  }
  EXPECT_EQ(Kubectl({"auth", "can-i", "list", "secrets", "-A", "--as=system:serviceaccount:plumb-system:plumb"}).out, "no\n");
  controller_->Signal(SIGTERM);
  EXPECT_EQ(controller_->Wait(std::chrono::seconds(15)), 0) << Log();

  // The plain manifests are the same objects: taken over as they are, twice, without a warning (Pod Security's included).
  for (int round = 0; round < 2; ++round) {
    const Outcome applied = Kubectl({"apply", "--server-side", "--force-conflicts", "-f", "deploy/plumb.yaml"});
    EXPECT_EQ(applied.status, 0) << applied.out << applied.err;
    EXPECT_EQ(applied.err.find("arning"), std::string::npos) << applied.err;
  }
}

}  // namespace
}  // namespace plumb::e2e
