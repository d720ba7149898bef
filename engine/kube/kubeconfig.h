// From kubeconfig files, flags and the environment to a Connection, with kubectl's precedence and clear errors.
//
// Source: k8s.io/client-go tools/clientcmd (loader.go, client_config.go, validation.go) and rest/config.go.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "engine/kube/connection.h"

namespace plumb::kube {

// What kubectl reads from its surroundings.
struct Environment {
  std::string kubeconfig;    // KUBECONFIG: files separated by ':', earlier ones win
  std::string home;          // HOME: .kube/config is below
  std::string service_host;  // KUBERNETES_SERVICE_HOST and _PORT: set in a pod
  std::string service_port;
  std::string service_account = "/var/run/secrets/kubernetes.io/serviceaccount";

  static Environment FromProcess();
};

struct KubeconfigFlags {
  std::string kubeconfig{};  // --kubeconfig: only this file
  std::string context{};     // --context
  std::string ns{};          // --namespace
};

// The first of: --kubeconfig, KUBECONFIG, ~/.kube/config, the account of the pod we run in. Files named in a list need
// not exist, the one of --kubeconfig must. Reads certificates; tokens in files are only named (Connection::token_file).
// Errors: kInvalid ("kubeconfig '/home/me/.kube/config': users[admin].user.token: ..."), kNotFound (no such file, no
// such context: with a suggestion; no configuration at all: says what to do).
Result<Connection> LoadConnection(const KubeconfigFlags& flags, const Environment& environment = Environment::FromProcess());

// The names of all contexts, sorted; for completion. Files that cannot be read count as empty.
std::vector<std::string> ContextNames(const KubeconfigFlags& flags, const Environment& environment = Environment::FromProcess());

// The service account of the pod we run in. Errors: kNotFound (not in a pod), kInvalid (its files are missing).
Result<Connection> InClusterConnection(const Environment& environment = Environment::FromProcess());

// The namespace of the pod we run in; "" outside of one.
std::string OwnNamespace(const Environment& environment = Environment::FromProcess());

// A sandbox: plain HTTP on a loopback address such as "127.0.0.1:8001", nobody to be.
Connection SandboxConnection(std::string_view address);

}  // namespace plumb::kube
