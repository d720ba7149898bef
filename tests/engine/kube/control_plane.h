// A real kube-apiserver for tests: started once for a test program, or shared by a whole run through the environment.
//
//   TEST(Client, AppliesTwice) {
//     ControlPlane* cluster = PLUMB_NEED_CONTROL_PLANE();
//     ...LoadConnection({.kubeconfig = cluster->kubeconfig()})
//
// With PLUMB_TEST_KUBECONFIG=DIR/kubeconfig of a running `tests/controlplane/cluster.sh start DIR`, that one is used.
// Tests share the cluster: each works in namespaces of its own (UniqueName) and never counts what others may make.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "core/result.h"

namespace plumb {

class ControlPlane {
 public:
  // The program's cluster, started at the first call: an API server alone, or with controllers, a scheduler and a node
  // where `whole` says so. Errors: why it cannot be had (then tests skip).
  static Result<ControlPlane*> Get(bool whole = false);
  // One more, that the caller may hurt; never the shared one.
  static Result<std::unique_ptr<ControlPlane>> Start(bool whole = false);

  ~ControlPlane();

  const std::string& kubeconfig() const { return kubeconfig_; }  // user admin, by token
  std::string KubeconfigOf(const std::string& user) const;       // "reader": no rights; "admin-cert"
  bool owned() const { return owned_; }                          // started by this program, so it may be hurt

  // Kills one program ("etcd", "kube-apiserver") and starts it again with its data. Only where owned.
  Status Restart(const std::string& program);
  // A signal to one program, as `kill -STOP` to the API server. Only where owned.
  Status Signal(const std::string& program, int signal);

 private:
  ControlPlane() = default;
  std::string folder_, kubeconfig_;
  bool owned_ = false;
};

// A program of the control plane ("kubectl", "kubectl-1.20"), built or cached by tests/controlplane/build.sh; "" where it cannot be had.
std::string ControlPlaneProgram(const std::string& name);

// "prefix-<process>-<number>": a name nobody else in the cluster has.
std::string UniqueName(const std::string& prefix);

}  // namespace plumb

// The cluster, or the calling test is skipped with the reason.
#define PLUMB_NEED_CONTROL_PLANE(...)                                                                 \
  ({                                                                                                  \
    auto plumb_cluster = ::plumb::ControlPlane::Get(__VA_ARGS__);                                     \
    if (!plumb_cluster.ok()) GTEST_SKIP() << "no control plane: " << plumb_cluster.error().message(); \
    *plumb_cluster;                                                                                   \
  })
