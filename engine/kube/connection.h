// How to reach one API server and who to be there: what a kubeconfig context, an in-cluster account or a sandbox's
// address come down to. Plain values, files already read where they never change.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace plumb::kube {

// An exec credential plugin (client.authentication.k8s.io): a program that prints an ExecCredential.
struct ExecPlugin {
  std::string api_version;                                  // client.authentication.k8s.io/v1 or v1beta1
  std::string command;                                      // found on PATH; absolute where the kubeconfig had a relative path
  std::vector<std::string> args;
  std::vector<std::pair<std::string, std::string>> env;     // added to our own
  std::string install_hint;                                 // shown where the command does not exist
  bool provide_cluster_info = false;                        // pass the server and its CA in KUBERNETES_EXEC_INFO
};

struct Connection {
  std::string server;            // "https://host:6443", without a trailing slash; a path prefix is kept
  std::string tls_server_name;   // checked in the certificate instead of the host, where set
  std::string ca_pem;            // trusted instead of the system's authorities, where set
  bool insecure = false;         // the kubeconfig says insecure-skip-tls-verify
  std::string proxy_url;         // "": the environment (HTTPS_PROXY, NO_PROXY)
  bool compression = true;       // ask for gzip

  std::string client_cert_pem, client_key_pem;
  std::string token;
  std::string token_file;        // read again every minute: projected service account tokens rotate
  std::string username, password;
  ExecPlugin exec;               // used where its command is not empty
  std::vector<std::pair<std::string, std::string>> impersonate;  // Impersonate-* headers

  std::string ns = "default";    // where the caller names none
  std::string context;           // the context's name, "in-cluster" or "sandbox": how messages and metrics name the cluster
};

}  // namespace plumb::kube
