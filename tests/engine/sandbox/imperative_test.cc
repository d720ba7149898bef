// kubectl's imperative commands, which speak protobuf, on the sandbox and on a real API server: the objects are the same.
#include <fmt/core.h>

#include <filesystem>

#include "core/edit.h"
#include "core/json.h"
#include "core/process.h"
#include "engine/sandbox/protobuf.h"
#include "engine/sandbox/sandbox.h"
#include "tests/engine/kube/control_plane.h"

namespace plumb::sandbox {
namespace {

// What kubectl printed, or its error.
std::string Kubectl(const std::string& program, const std::string& kubeconfig, std::vector<std::string> arguments) {
  std::vector<std::string> argv = {program, "--kubeconfig", kubeconfig};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  const auto ran = ProcessRunner::Real().Run({.argv = argv});
  return !ran.ok() ? ran.error().message() : ran->ok() ? ran->out : ran->err;
}

// Without what differs from server to server, and what only a controller of the real one adds.
std::string Comparable(const std::string& json) {
  const auto object = ParseJson(json);
  if (!object.ok()) return json;
  Arena arena;
  Value at = object->root();
  for (const char* field : {"uid", "resourceVersion", "creationTimestamp", "managedFields"}) at = WithoutAt(arena, at, {"metadata", field});
  at = Without(arena, at, "status");
  if (at.GetString("kind") == "Job")
    for (const auto path : {std::initializer_list<std::string_view>{"spec", "selector"}, {"metadata", "labels"}, {"spec", "template", "metadata"}}) at = WithoutAt(arena, at, path);
  return WriteCanonicalJson(at);
}

TEST(Imperative, CommandsInProtobufMakeTheSameObjects) {
  ControlPlane* cluster = PLUMB_NEED_CONTROL_PLANE();
  const std::string kubectl = ControlPlaneProgram("kubectl");
  if (kubectl.empty()) GTEST_SKIP() << "kubectl cannot be had here";
  auto box = *Sandbox::Start({.controllers = false});
  const std::string kubeconfig = std::filesystem::temp_directory_path() / UniqueName("imperative");
  ASSERT_TRUE(box->WriteKubeconfig(kubeconfig).ok());
  const std::string ns = UniqueName("imperative");
  for (const std::string& server : {cluster->kubeconfig(), kubeconfig})
    ASSERT_NE(Kubectl(kubectl, server, {"create", "namespace", ns}).find("created"), std::string::npos) << server;
  const std::vector<std::vector<std::string>> commands = {
      {"configmap", "c", "--from-literal=a=b", "--from-literal=c=d"},
      {"secret", "generic", "s", "--from-literal=password=p"},
      {"secret", "docker-registry", "r", "--docker-username=u", "--docker-password=p"},
      {"deployment", "d", "--image=nginx:1.25", "--replicas=0", "--port=80"},
      {"deployment", "e", "--image=nginx", "--image=busybox:1", "--replicas=3"},
      {"job", "j", "--image=busybox", "--", "echo", "hello"},
      {"cronjob", "n", "--image=busybox", "--schedule=*/5 * * * *", "--restart=Never"},
      {"serviceaccount", "a"},
      {"role", "o", "--verb=get,list", "--resource=pods,deployments.apps", "--resource-name=x"},
      {"rolebinding", "b", "--role=o", "--user=ann", "--serviceaccount=default:bot"},
      {"quota", "q", "--hard=cpu=1,pods=10"},
      {"poddisruptionbudget", "p", "--selector=app=d", "--min-available=50%"},
      {"service", "clusterip", "v", "--tcp=80:8080", "--clusterip=None"},
      {"ingress", "i", "--class=nginx", "--rule=a.example/x*=v:80,tls=t"},
  };
  for (const auto& command : commands) {
    std::vector<std::string> create = {"-n", ns, "create"};
    create.insert(create.end(), command.begin(), command.end());
    const bool two_words = command[0] == "secret" || command[0] == "service";
    std::map<std::string, std::string> made;
    for (const std::string& server : {cluster->kubeconfig(), kubeconfig}) {
      EXPECT_NE(Kubectl(kubectl, server, create).find("created"), std::string::npos) << command[0];
      made[server] = Comparable(Kubectl(kubectl, server, {"-n", ns, "get", command[0], command[two_words ? 2 : 1], "-o", "json"}));
    }
    EXPECT_EQ(made[kubeconfig], made[cluster->kubeconfig()]) << command[0];
  }
  EXPECT_NE(Kubectl(kubectl, kubeconfig, {"-n", ns, "autoscale", "deployment", "d", "--max=5"}).find("autoscaled"), std::string::npos);
  EXPECT_NE(Kubectl(kubectl, kubeconfig, {"auth", "can-i", "create", "pods"}).find("yes"), std::string::npos);
  EXPECT_NE(Kubectl(kubectl, kubeconfig, {"auth", "whoami"}).find("sandbox-admin"), std::string::npos);
  std::filesystem::remove(kubeconfig);
}

TEST(Protobuf, WhatIsBrokenIsAnErrorAndUnknownFieldsAreSkipped) {
  const std::string envelope("k8s\0\x0a\x0f\x0a\x02v1\x12\x09" "Namespace\x12", 22);
  EXPECT_EQ(WriteJson(**DecodeProtobuf(envelope + std::string("\x05\x0a\x03\x0a\x01n", 6))), R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":"n"}})");
  EXPECT_EQ(WriteJson(**DecodeProtobuf(envelope + std::string("\x0e\x0a\x0c\x0a\x01\x6e\x42\x07\x08\xff\x82\xd1\xff\xaf\x07", 15))),
            R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":"n","creationTimestamp":"9999-12-31T23:59:59Z"}})");
  EXPECT_EQ(WriteJson(**DecodeProtobuf(envelope + std::string("\x08\x0a\x03\x0a\x01n\xf8\x07\x01", 9))), R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":"n"}})")
      << "field 127 is of a later release";
  const struct { std::string body, want; } kCases[] = {
      {"", "does not begin"},
      {"{}", "does not begin"},
      {std::string("k8s\0", 4), "no kind"},
      {envelope + "\x7f", "too early"},
      {envelope + std::string("\x04\x0a\x03\x0a\x05", 5), "broken"},                     // a name longer than its object
      {envelope + std::string("\x02\x0b\x00", 3), "broken"},                             // groups are not used
      {envelope + std::string("\x0b\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 12), "broken"},  // a number without end
  };
  for (const auto& c : kCases) {
    const auto decoded = DecodeProtobuf(c.body);
    ASSERT_FALSE(decoded.ok()) << c.want;
    EXPECT_NE(decoded.error().message().find(c.want), std::string::npos) << decoded.error().message();
  }
}

}  // namespace
}  // namespace plumb::sandbox
