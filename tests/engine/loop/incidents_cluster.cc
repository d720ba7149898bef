#include "tests/engine/loop/incidents_cluster.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <thread>

#include "engine/kube/curl_transport.h"
#include "engine/kube/kubeconfig.h"
#include "tests/engine/kube/control_plane.h"
#include "tests/engine/loop/rig.h"

namespace plumb {

namespace {

// The shared cluster, at the first call; "" where there is one, or none is wanted.
const std::string& Connect() {
  static const std::string why = [] {
    const char* wanted = std::getenv("PLUMB_INCIDENTS");
    if (!wanted || std::string(wanted) != "real") return std::string();
    const auto plane = ControlPlane::Get(true);
    if (!plane.ok()) return "no control plane: " + plane.error().message();
    const auto connection = kube::LoadConnection({.kubeconfig = (*plane)->kubeconfig()}, {});
    if (!connection.ok()) return connection.error().message();
    auto transport = kube::CurlTransport::Create(*connection);
    if (!transport.ok()) return transport.error().message();
    testing::other_cluster = *std::move(transport);
    return std::string();
  }();
  return why;
}

// Ends the connection, and with it its thread, before the process ends: OpenSSL frees what a thread has only while it lives itself.
class Disconnect : public ::testing::Environment {
  void TearDown() override { testing::other_cluster = nullptr; }
};
const auto* const kDisconnect = ::testing::AddGlobalTestEnvironment(new Disconnect);

}  // namespace

const char* NoCluster() { return Connect().empty() ? nullptr : Connect().c_str(); }

bool CleanCluster() {
  if (!Connect().empty() || !testing::other_cluster) return true;
  kube::Client client(testing::other_cluster);
  const auto remove = [&](const kube::Resource& resource, const std::string& ns, const auto& keep) {
    const auto list = client.List(resource, {.ns = ns});
    if (!list.ok()) return size_t{0};
    size_t there = 0;
    for (const Document& object : list->items) {
      const std::string name(object->Get("metadata").GetString("name"));
      if (keep(name)) continue;
      ++there;
      if (object->Get("metadata").Get("deletionTimestamp").is_null()) (void)client.Delete({resource, ns, name, ""});
    }
    return there;
  };
  const auto ours = [](const std::string& name) { return name == "team" || name == "plumb-home"; };
  for (int looks = 0; looks < 1500; ++looks) {
    const size_t left = remove(*kube::BuiltIn("ConfigMap"), "default", [](const std::string& name) { return name == "kube-root-ca.crt"; }) +
                        remove(*kube::BuiltIn("Secret"), "default", [](const std::string&) { return false; }) +
                        remove(*kube::BuiltIn("Namespace"), "", [&](const std::string& name) { return !ours(name); }) +
                        remove(*kube::BuiltIn("CustomResourceDefinition"), "", [](const std::string& name) { return name != "widgets.x.io"; });
    if (left == 0) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  ADD_FAILURE() << "the cluster does not become empty";
  return true;
}

}  // namespace plumb
