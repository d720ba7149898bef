// Kubeconfigs as kubectl reads them: precedence, merging, files, users, and errors that name file and field.
#include "engine/kube/kubeconfig.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "engine/kube/exec_plugin.h"

namespace plumb::kube {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class KubeconfigTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string folder = (std::filesystem::temp_directory_path() / "plumb-kubeconfig-XXXXXX").string();
    ASSERT_TRUE(mkdtemp(folder.data()));
    folder_ = folder;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string Write(const std::string& name, const std::string& text) {
    const std::filesystem::path path = folder_ + "/" + name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
    return path.string();
  }

  // A kubeconfig with one context of that name, whose user has these lines.
  std::string One(const std::string& name, const std::string& user = "token: t\n", const std::string& cluster = "") {
    const auto indent = [](const std::string& text) {
      std::string out;
      size_t start = 0;
      while (start < text.size()) {
        const size_t end = text.find('\n', start);
        out += "    " + text.substr(start, end - start + 1);
        start = end + 1;
      }
      return out;
    };
    return "apiVersion: v1\nkind: Config\ncurrent-context: " + name + "\nclusters:\n- name: " + name + "\n  cluster:\n    server: https://" + name +
           ".example:6443\n" + indent(cluster) + "users:\n- name: " + name + "\n  user:\n" + indent(user) + "contexts:\n- name: " + name +
           "\n  context: {cluster: " + name + ", user: " + name + ", namespace: ns-" + name + "}\n";
  }

  Result<Connection> Load(const std::string& user, const std::string& cluster = "") {
    return LoadConnection({.kubeconfig = Write("config", One("a", user, cluster))}, {});
  }

  std::string folder_;
};

TEST_F(KubeconfigTest, FlagThenVariableThenHomeThenPod) {
  const std::string flag = Write("flag", One("flag")), variable = Write("variable", One("variable"));
  Write(".kube/config", One("home"));
  Write("account/token", "pod-token\n");
  Write("account/ca.crt", "CA");
  Write("account/namespace", "pod-ns");
  Environment environment = {variable, folder_, "10.0.0.1", "443", folder_ + "/account"};
  EXPECT_EQ(LoadConnection({.kubeconfig = flag}, environment)->server, "https://flag.example:6443");
  EXPECT_EQ(LoadConnection({}, environment)->server, "https://variable.example:6443");
  environment.kubeconfig.clear();
  EXPECT_EQ(LoadConnection({}, environment)->server, "https://home.example:6443");
  environment.home.clear();
  const auto pod = LoadConnection({}, environment);
  ASSERT_TRUE(pod.ok()) << pod.error().message();
  EXPECT_EQ(pod->server, "https://10.0.0.1:443");
  EXPECT_EQ(pod->ns, "pod-ns");
  EXPECT_EQ(pod->ca_pem, "CA");
  EXPECT_EQ(pod->token_file, folder_ + "/account/token");
  environment.service_host.clear();
  EXPECT_THAT(LoadConnection({}, environment).error().message(), HasSubstr("--kubeconfig"));
}

TEST_F(KubeconfigTest, OfSeveralFilesTheFirstToSaySomethingWins) {
  const std::string first = Write("first", "current-context: two\nclusters:\n- name: two\n  cluster: {server: 'https://mine'}\n");
  const std::string second = Write("second", One("two"));
  const Environment environment = {folder_ + "/missing:" + first + "::" + second, "", "", "", ""};
  const auto got = LoadConnection({}, environment);
  ASSERT_TRUE(got.ok()) << got.error().message();
  EXPECT_EQ(got->server, "https://mine");
  EXPECT_EQ(got->token, "t");
  EXPECT_THAT(ContextNames({}, environment), ElementsAre("two"));
}

TEST_F(KubeconfigTest, ContextAndNamespaceFlagsWin) {
  const std::string list = Write("a", One("one")) + ":" + Write("b", One("two"));
  const Environment environment = {list, "", "", "", ""};
  EXPECT_EQ(LoadConnection({}, environment)->ns, "ns-one");
  const auto got = LoadConnection({.context = "two", .ns = "x"}, environment);
  EXPECT_EQ(got->context, "two");
  EXPECT_EQ(got->ns, "x");
  const auto misspelt = LoadConnection({.context = "tow"}, environment);
  EXPECT_EQ(misspelt.error().code(), Code::kNotFound);
  EXPECT_THAT(misspelt.error().message(), HasSubstr("did you mean 'two'?"));
}

TEST_F(KubeconfigTest, FilesAreRelativeToTheKubeconfig) {
  Write("pki/ca.pem", "CA");
  Write("pki/me.pem", "CERT");
  Write("pki/me.key", "KEY");
  const auto got = Load("client-certificate: pki/me.pem\nclient-key: pki/me.key\ntokenFile: pki/token\n", "certificate-authority: pki/ca.pem\n");
  ASSERT_TRUE(got.ok()) << got.error().message();
  EXPECT_EQ(got->ca_pem, "CA");
  EXPECT_EQ(got->client_cert_pem, "CERT");
  EXPECT_EQ(got->client_key_pem, "KEY");
  EXPECT_EQ(got->token_file, folder_ + "/pki/token") << "named only: it may appear and change later";
}

TEST_F(KubeconfigTest, InlineDataWinsOverFiles) {
  const auto got = Load("client-certificate-data: Q0VSVA==\nclient-key-data: S0VZ\nclient-certificate: missing\n", "certificate-authority-data: Q0E=\n");
  ASSERT_TRUE(got.ok()) << got.error().message();
  EXPECT_EQ(got->ca_pem, "CA");
  EXPECT_EQ(got->client_cert_pem, "CERT");
  EXPECT_EQ(got->client_key_pem, "KEY");
}

TEST_F(KubeconfigTest, EveryFieldOfAClusterIsRead) {
  const auto got = Load("username: u\npassword: p\n", "insecure-skip-tls-verify: true\ntls-server-name: api\nproxy-url: http://proxy:3128\ndisable-compression: true\n");
  ASSERT_TRUE(got.ok()) << got.error().message();
  EXPECT_TRUE(got->insecure);
  EXPECT_EQ(got->tls_server_name, "api");
  EXPECT_EQ(got->proxy_url, "http://proxy:3128");
  EXPECT_FALSE(got->compression);
  EXPECT_EQ(got->username, "u");
}

TEST_F(KubeconfigTest, ImpersonationBecomesHeaders) {
  const auto got = Load("as: jane\nas-groups: [dev, ops]\nas-user-extra: {scopes: [view]}\n");
  ASSERT_TRUE(got.ok()) << got.error().message();
  EXPECT_THAT(got->impersonate, ElementsAre(testing::Pair("Impersonate-User", "jane"), testing::Pair("Impersonate-Group", "dev"),
                                            testing::Pair("Impersonate-Group", "ops"), testing::Pair("Impersonate-Extra-scopes", "view")));
}

TEST_F(KubeconfigTest, MistakesNameFileAndField) {
  const struct { std::string user, cluster, want; } kCases[] = {
      {"token: 5\n", "", "users[a].user.token: expected a string, found a integer; quote it"},
      {"token: t\npassword: p\n", "", "both a token and a password"},
      {"client-certificate-data: Q0E=\n", "", "users[a].user.client-key is missing"},
      {"client-certificate-data: '%%%'\n", "", "users[a].user.client-certificate-data: "},
      {"client-certificate: nowhere.pem\nclient-key: n\n", "", "nowhere.pem' does not exist"},
      {"auth-provider: {name: gcp}\n", "", "exec credential plugin instead"},
      {"exec: {apiVersion: client.authentication.k8s.io/v1alpha1, command: x}\n", "", "exec.apiVersion"},
      {"exec: {apiVersion: client.authentication.k8s.io/v1}\n", "", "exec.command is missing"},
      {"exec: {apiVersion: client.authentication.k8s.io/v1, command: x, interactiveMode: Always}\n", "", "needs a terminal"},
      {"as-groups: [x]\n", "", "user.as: is missing"},
      {"token: t\n", "insecure-skip-tls-verify: true\ncertificate-authority-data: Q0E=\n", "not together with certificate-authority"},
      {"token: t\n", "insecure-skip-tls-verify: maybe\n", "expected true or false"},
  };
  for (const auto& c : kCases) {
    const auto got = Load(c.user, c.cluster);
    ASSERT_FALSE(got.ok()) << c.user;
    EXPECT_THAT(got.error().message(), HasSubstr(c.want));
    EXPECT_THAT(got.error().message(), HasSubstr(folder_ + "/config")) << "the file is named";
  }
}

TEST_F(KubeconfigTest, BrokenFilesAreErrorsNotAnEmptyConfiguration) {
  const struct { std::string text, want; } kCases[] = {
      {"a: [", "config': "}, {"- a\n", "expected a map"}, {"clusters: {}\n", "clusters: expected a list"},
      {"users:\n- user: {}\n", "an entry has no name"}, {"contexts: []\n", "no current-context"}, {"current-context: [x]\n", "current-context"},
  };
  for (const auto& c : kCases) {
    const auto got = LoadConnection({.kubeconfig = Write("config", c.text)}, {});
    ASSERT_FALSE(got.ok()) << c.text;
    EXPECT_THAT(got.error().message(), HasSubstr(c.want)) << c.text;
  }
  EXPECT_EQ(LoadConnection({.kubeconfig = folder_ + "/nothing"}, {}).error().code(), Code::kNotFound);
}

ExecPlugin Plugin(std::string command) {
  ExecPlugin plugin;
  plugin.api_version = "client.authentication.k8s.io/v1";
  plugin.command = std::move(command);
  return plugin;
}

TEST_F(KubeconfigTest, ExecPluginsRunWithTheirInfoAndEnvironment) {
  const std::string script = Write("bin/login.sh", R"(#!/bin/sh
case $KUBERNETES_EXEC_INFO in *'"server":"https://a.example:6443"'*) ;; *) echo "no cluster: $KUBERNETES_EXEC_INFO" >&2; exit 3;; esac
printf '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":"%s-%s","expirationTimestamp":"2040-01-01T00:00:00Z"}}' "$1" "$WHO"
)");
  std::filesystem::permissions(script, std::filesystem::perms::owner_all);
  const auto got = Load("exec:\n  apiVersion: client.authentication.k8s.io/v1\n  command: bin/login.sh\n  args: [secret]\n  env: [{name: WHO, value: me}]\n  provideClusterInfo: true\n  interactiveMode: IfAvailable\n");
  ASSERT_TRUE(got.ok()) << got.error().message();
  EXPECT_EQ(got->exec.command, script) << "a path is relative to the kubeconfig";
  const auto answer = RunExecPlugin(*got, ProcessRunner::Real());
  ASSERT_TRUE(answer.ok()) << answer.error().message();
  EXPECT_EQ(answer->credential.authorization, "Bearer secret-me");
  EXPECT_EQ(FormatTime(answer->expires), "2040-01-01T00:00:00Z");
}

TEST(ExecPluginTest, FailuresSayWhatTheProgramSaid) {
  Connection connection;
  connection.exec = Plugin("login");
  FakeProcessRunner fails([](const Process&) -> Result<ProcessResult> { return ProcessResult{1, "", "session expired, run 'login --again'\n", {}}; });
  const auto failed = RunExecPlugin(connection, fails);
  EXPECT_EQ(failed.error().code(), Code::kDenied);
  EXPECT_THAT(failed.error().message(), HasSubstr("run 'login --again'"));
  const struct { std::string output, want; } kCases[] = {
      {"nothing", "no JSON"},
      {R"({"kind":"Other"})", "ExecCredential"},
      {R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1beta1"})", "v1beta1"},
      {R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{}})", "neither a token nor"},
      {R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"clientKeyData":"SECRET"}})", "without the other"},
  };
  for (const auto& c : kCases) {
    const auto answer = ParseExecCredential(c.output, connection.exec);
    ASSERT_FALSE(answer.ok()) << c.output;
    EXPECT_THAT(answer.error().message(), HasSubstr(c.want));
    EXPECT_THAT(answer.error().message(), testing::Not(HasSubstr("SECRET")));
  }
}

}  // namespace
}  // namespace plumb::kube
