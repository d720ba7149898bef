// Clusters that are registered by a Secret: with a kubeconfig in it, or as Argo CD keeps them.
//
//   label plumb.dev/cluster: "true"                          data: kubeconfig, and name (else the Secret's own)
//   label argocd.argoproj.io/secret-type: cluster            data: name, server, config (JSON)
//
// A Secret speaks for itself alone: what names a file or a program of the controller is refused.
// Source of the second form: Argo CD 3.x, "Declarative Setup", clusters.
// Pure but for a temporary file; thread-safe. No message holds a value.
#pragma once

#include <string>

#include "core/result.h"
#include "core/value.h"
#include "engine/kube/connection.h"

namespace plumb {

inline constexpr std::string_view kClusterSelector = "plumb.dev/cluster=true";
inline constexpr std::string_view kArgoClusterSelector = "argocd.argoproj.io/secret-type=cluster";

struct RegisteredCluster {
  std::string name;  // as spec.target.cluster names it
  kube::Connection connection;
};

// Errors: kInvalid, naming the Secret's key and field, and what to do.
Result<RegisteredCluster> ReadClusterSecret(Value secret);

}  // namespace plumb
