// A real API server for the tests of this folder: a client as an administrator, and how kinds are addressed there.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>
#include <thread>

#include "core/edit.h"
#include "diff/embedded_schema.h"
#include "engine/kube/client.h"
#include "engine/kube/curl_transport.h"
#include "engine/kube/kubeconfig.h"
#include "tests/engine/kube/control_plane.h"

namespace plumb::testing {

// Skips its tests, and says why, where there is no server.
class ServerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ControlPlane* cluster = PLUMB_NEED_CONTROL_PLANE();
    auto connection = kube::LoadConnection({.kubeconfig = cluster->kubeconfig()}, {});
    ASSERT_TRUE(connection.ok()) << connection.error().message();
    auto transport = kube::CurlTransport::Create(*std::move(connection), {});
    ASSERT_TRUE(transport.ok()) << transport.error().message();
    client_.emplace(*std::move(transport));
  }
  kube::Client& client() { return *client_; }

  // Makes a namespace with service accounts, which no controller makes here.
  void MakeNamespace(const std::string& name, std::initializer_list<const char*> accounts = {"default"}) {
    kube::Resource account = *kube::BuiltIn("ConfigMap");
    account.gvk.kind = "ServiceAccount", account.plural = "serviceaccounts";
    Make(*kube::BuiltIn("Namespace"), "", name);
    for (const char* one : accounts) Make(account, name, one);
  }

 private:
  void Make(const kube::Resource& resource, const std::string& ns, const std::string& name) {
    const auto made = client().Apply({resource, ns, name, ""}, *BuildDocument([&](Arena& a) {
      return a.Map({{"apiVersion", a.String("v1")}, {"kind", a.String(resource.gvk.kind)}, {"metadata", a.Map({{"name", a.String(name)}})}});
    }));
    ASSERT_TRUE(made.object.ok()) << made.object.error().message();
  }

  std::optional<kube::Client> client_;
};

// A kind of the embedded schema; none where it is not in it.
inline std::optional<kube::Resource> ResourceOf(const Gvk& gvk) {
  const EmbeddedResource* known = FindEmbeddedResource(gvk);
  if (!known) return std::nullopt;
  kube::Resource resource;
  resource.gvk = gvk;
  resource.plural = known->plural;
  resource.namespaced = known->namespaced;
  return resource;
}

// Waits for a definition to be served; fails the test after ten seconds.
inline void WaitUntilServed(kube::Client& client, const kube::ObjectRef& crd) {
  for (int i = 0; i < 400; ++i) {
    const auto got = client.Get(crd);
    if (got.object.ok())
      for (Value condition : GetAt(**got.object, {"status", "conditions"}).items())
        if (condition.GetString("type") == "Established" && condition.GetString("status") == "True") return;
    std::this_thread::sleep_for(std::chrono::milliseconds(25));
  }
  ADD_FAILURE() << crd.name << " was not established in 10 s";
}

}  // namespace plumb::testing
