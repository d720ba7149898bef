// Clusters by Secret: both forms are read, what reaches into the controller's machine is refused, and a Secret that goes
// deletes nothing.
#include "engine/controller/cluster_secrets.h"

#include <fmt/core.h>
#include <gmock/gmock.h>

#include "core/hash.h"
#include "tests/engine/controller/rig.h"

namespace plumb {
namespace {

using namespace plumb::testing;  // NOLINT: the helpers of these tests
using ::testing::HasSubstr;
using ::testing::Not;

std::string Kubeconfig(const std::string& cluster, const std::string& user) {
  return fmt::format("apiVersion: v1\nkind: Config\ncurrent-context: c\ncontexts: [{{name: c, context: {{cluster: a, user: b}}}}]\nclusters: [{{name: a, cluster: {{{}}}}}]\nusers: [{{name: b, user: {{{}}}}}]\n",
                     cluster, user);
}

Document Own(const std::string& kubeconfig) {
  return *ParseYamlOne(fmt::format("{{apiVersion: v1, kind: Secret, metadata: {{name: east, namespace: default, labels: {{plumb.dev/cluster: 'true'}}}}, data: {{kubeconfig: {}}}}}", Base64(kubeconfig)));
}

Document Argo(const std::string& config) {
  return *ParseYamlOne(fmt::format("{{apiVersion: v1, kind: Secret, metadata: {{name: cluster-1, namespace: default, labels: {{argocd.argoproj.io/secret-type: cluster}}}}, data: {{name: {}, server: {}, config: {}}}}}",
                                   Base64("west"), Base64("https://west.example:6443/"), Base64(config)));
}

TEST(ClusterSecret, AKubeconfigIsRead) {
  const auto cluster = ReadClusterSecret(*Own(Kubeconfig("server: 'https://east.example:6443'", "token: hunter2")));
  ASSERT_TRUE(cluster.ok()) << cluster.error().message();
  EXPECT_EQ(cluster->name, "east");
  EXPECT_EQ(cluster->connection.server, "https://east.example:6443");
  EXPECT_EQ(cluster->connection.token, "hunter2");
}

TEST(ClusterSecret, ArgoCdsFormIsRead) {
  const auto cluster = ReadClusterSecret(*Argo(fmt::format(R"({{"bearerToken":"hunter2","tlsClientConfig":{{"serverName":"s","caData":"{}"}}}})", Base64("CA"))));
  ASSERT_TRUE(cluster.ok()) << cluster.error().message();
  EXPECT_EQ(cluster->name, "west");
  EXPECT_EQ(cluster->connection.server, "https://west.example:6443");
  EXPECT_EQ(cluster->connection.token, "hunter2");
  EXPECT_EQ(cluster->connection.ca_pem, "CA");
  EXPECT_EQ(cluster->connection.tls_server_name, "s");
  EXPECT_FALSE(cluster->connection.insecure);
}

TEST(ClusterSecret, FilesAndProgramsOfTheControllerAreRefusedAndNoValueIsTold) {
  const std::pair<Document, std::string> kCases[] = {
      {Own(Kubeconfig("server: 'https://a', certificate-authority: /etc/ca", "token: hunter2")), "clusters[a].certificate-authority"},
      {Own(Kubeconfig("server: 'https://a'", "tokenFile: /var/run/secrets/token")), "users[b].tokenFile"},
      {Own(Kubeconfig("server: 'https://a'", "exec: {command: sh, apiVersion: client.authentication.k8s.io/v1}")), "users[b].exec"},
      {Own("hunter2: ["), "data[kubeconfig]"},
      {Own(""), "data[kubeconfig] is missing"},
      {Argo(R"({"execProviderConfig":{"command":"sh"},"bearerToken":"hunter2"})"), "execProviderConfig"},
      {Argo("{hunter2"), "data[config]"},
  };
  for (const auto& [secret, want] : kCases) {
    const auto cluster = ReadClusterSecret(*secret);
    ASSERT_FALSE(cluster.ok()) << want;
    EXPECT_THAT(cluster.error().message(), HasSubstr(want));
    EXPECT_THAT(cluster.error().message(), Not(HasSubstr("hunter2")));
  }
}

TEST(SeveralClusters, AnApplicationGoesWhereItsTargetSaysAndNothingIsDeletedWithTheSecret) {
  ControlledSite home;
  Site east;
  home.repositories["https://git.example/shop.git"] = {"1", {{"c.yaml", ConfigMap("one")}}};
  ControllerOptions options;
  options.connect = [&](const kube::Connection& connection) -> Result<std::shared_ptr<kube::Transport>> {
    EXPECT_EQ(connection.server, "https://east.example:6443");
    return std::shared_ptr<kube::Transport>(east.gateway);
  };
  Controlled plumb(home, options);
  home.ApplyApp("shop", ", target: {cluster: east}");
  plumb.Run();
  plumb.RunFor(std::chrono::seconds(2));
  EXPECT_THAT(home.Summary("shop"), HasSubstr("spec.target.cluster: no cluster 'east' is registered"));
  const std::string secret = WriteYaml(*Own(Kubeconfig("server: 'https://east.example:6443'", "token: t")));
  home.Apply(secret);
  plumb.RunFor(std::chrono::seconds(2));
  plumb.RunFor(std::chrono::seconds(2));
  EXPECT_EQ(home.Summary("shop"), "Synced");
  EXPECT_FALSE(east.Get("ConfigMap", "default", "one")->is_null());
  EXPECT_TRUE(home.Get("ConfigMap", "default", "one")->is_null());
  east.gateway->writes.clear();
  ASSERT_TRUE(home.client.Delete({*kube::BuiltIn("Secret"), "default", "east", ""}).object.ok());
  plumb.RunFor(std::chrono::seconds(2));
  plumb.RunFor(std::chrono::minutes(10));
  EXPECT_THAT(home.Summary("shop"), HasSubstr("no cluster 'east' is registered"));
  EXPECT_THAT(east.gateway->writes, ::testing::IsEmpty());
  EXPECT_FALSE(east.Get("ConfigMap", "default", "one")->is_null());
}

}  // namespace
}  // namespace plumb
