#include "engine/kube/kubeconfig.h"

#include <fmt/core.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "core/suggest.h"
#include "engine/http/message.h"
#include "engine/kube/kubeconfig_file.h"

namespace plumb::kube {
namespace {

std::vector<std::string> FilesOf(const KubeconfigFlags& flags, const Environment& environment) {
  if (!flags.kubeconfig.empty()) return {flags.kubeconfig};
  std::vector<std::string> files;
  if (!environment.kubeconfig.empty()) {
    std::istringstream list(environment.kubeconfig);
    for (std::string file; std::getline(list, file, ':');)
      if (!file.empty()) files.push_back(file);
  } else if (!environment.home.empty()) {
    files.push_back(environment.home + "/.kube/config");
  }
  return files;
}

Error Missing(const Kubeconfig& config, std::string_view section, std::string_view what, const std::string& name, const std::string& asked_by) {
  const std::vector<std::string> names = config.Names(section);
  std::string known;
  for (const std::string& n : names) known += (known.empty() ? "" : ", ") + fmt::format("'{}'", n);
  return NotFound(fmt::format("{}: no {} '{}'{}{}", asked_by, what, name, DidYouMean(name, names),
                              names.empty() ? "" : fmt::format("; known are {}", known)));
}

Status ReadCluster(const KubeconfigEntry& cluster, Connection& out) {
  PLUMB_TRY(server, cluster.String("server"));
  if (server.empty()) return Invalid(fmt::format("{} is missing", cluster.At("server")));
  if (server.find("://") == std::string::npos) server = "http://" + server;  // as kubectl reads it
  PLUMB_TRY(ca, cluster.DataOrFile("certificate-authority-data", "certificate-authority"));
  PLUMB_TRY(insecure, cluster.Bool("insecure-skip-tls-verify"));
  if (insecure && !ca.empty())
    return Invalid(fmt::format("{}: not together with certificate-authority; remove one of them", cluster.At("insecure-skip-tls-verify")));
  PLUMB_TRY(tls_server_name, cluster.String("tls-server-name"));
  PLUMB_TRY(proxy_url, cluster.String("proxy-url"));
  PLUMB_TRY(no_compression, cluster.Bool("disable-compression"));
  out.server = std::move(server);
  out.ca_pem = std::move(ca);
  out.insecure = insecure;
  out.tls_server_name = std::move(tls_server_name);
  out.proxy_url = std::move(proxy_url);
  out.compression = !no_compression;
  return Ok();
}

Status ReadExec(const KubeconfigEntry& user, ExecPlugin& out) {
  const Value exec = user.value->Get("exec");
  if (!exec.is_map()) return Invalid(fmt::format("{}: expected a map, found a {}", user.At("exec"), KindName(exec.kind())));
  const KubeconfigEntry entry = {user.section, user.name, user.file, user.value.At(exec)};
  const auto at = [&](std::string_view field) { return user.At(fmt::format("exec.{}", field)); };
  PLUMB_TRY(api_version, entry.String("apiVersion"));
  if (api_version != "client.authentication.k8s.io/v1" && api_version != "client.authentication.k8s.io/v1beta1")
    return Invalid(fmt::format("{}: '{}' is not client.authentication.k8s.io/v1 or v1beta1; upgrade the plugin", at("apiVersion"), api_version));
  PLUMB_TRY(command, entry.String("command"));
  if (command.empty()) return Invalid(fmt::format("{} is missing", at("command")));
  PLUMB_TRY(mode, entry.String("interactiveMode"));
  if (mode == "Always") return Invalid(fmt::format("{}: 'Always' needs a terminal, which a reconciler does not have", at("interactiveMode")));
  PLUMB_TRY(hint, entry.String("installHint"));
  PLUMB_TRY(cluster_info, entry.Bool("provideClusterInfo"));
  out.api_version = std::move(api_version);
  // Go's exec.Command looks a name up in PATH only where it has no separator; the rest is relative to the kubeconfig.
  out.command = command.find('/') == std::string::npos ? command : user.Resolve(command);
  out.install_hint = std::move(hint);
  out.provide_cluster_info = cluster_info;
  for (const Value arg : exec.Get("args").items()) {
    if (!arg.is_string()) return Invalid(fmt::format("{}: expected strings, found a {}; quote it", at("args"), KindName(arg.kind())));
    out.args.emplace_back(arg.AsString());
  }
  for (const Value variable : exec.Get("env").items()) {
    if (variable.GetString("name").empty()) return Invalid(fmt::format("{}: an entry has no name", at("env")));
    out.env.emplace_back(variable.GetString("name"), variable.GetString("value"));
  }
  return Ok();
}

Status ReadImpersonation(const KubeconfigEntry& user, Connection& out) {
  PLUMB_TRY(as, user.String("as"));
  PLUMB_TRY(uid, user.String("as-uid"));
  if (!as.empty()) out.impersonate.emplace_back("Impersonate-User", as);
  if (!uid.empty()) out.impersonate.emplace_back("Impersonate-Uid", uid);
  for (const Value group : user.value->Get("as-groups").items()) out.impersonate.emplace_back("Impersonate-Group", group.AsString());
  for (const Member& extra : user.value->Get("as-user-extra").members())
    for (const Value value : extra.value.items())
      out.impersonate.emplace_back(fmt::format("Impersonate-Extra-{}", http::PercentEncode(extra.key)), value.AsString());
  if (as.empty() && !out.impersonate.empty())
    return Invalid(fmt::format("{}: is missing, while groups, a uid or extra fields to act as are given", user.At("as")));
  for (const auto& [name, value] : out.impersonate)
    if (value.find_first_of("\r\n") != std::string::npos) return Invalid(fmt::format("{}: a line break in '{}'", user.At("as"), name));
  return Ok();
}

Status ReadUser(const KubeconfigEntry& user, Connection& out) {
  PLUMB_TRY(cert, user.DataOrFile("client-certificate-data", "client-certificate"));
  PLUMB_TRY(key, user.DataOrFile("client-key-data", "client-key"));
  if (cert.empty() != key.empty())
    return Invalid(fmt::format("{} is missing, its other half is there", user.At(cert.empty() ? "client-certificate" : "client-key")));
  PLUMB_TRY(token, user.String("token"));
  PLUMB_TRY(token_file, user.String("tokenFile"));
  PLUMB_TRY(username, user.String("username"));
  PLUMB_TRY(password, user.String("password"));
  if ((!token.empty() || !token_file.empty()) && !(username.empty() && password.empty()))
    return Invalid(fmt::format("{}: both a token and a password are given; remove one of them", user.At("token")));
  if (token.find_first_of("\r\n") != std::string::npos) return Invalid(fmt::format("{}: a line break within it", user.At("token")));
  if (user.value->Has("auth-provider"))
    return Invalid(fmt::format("{}: auth providers were removed from Kubernetes 1.26; use an exec credential plugin instead", user.At("auth-provider")));
  const bool has_header = !token.empty() || !token_file.empty() || !username.empty();
  if (!user.value->Get("exec").is_null() && !has_header) PLUMB_OK(ReadExec(user, out.exec));  // as client-go: a token goes first
  PLUMB_OK(ReadImpersonation(user, out));
  out.client_cert_pem = std::move(cert);
  out.client_key_pem = std::move(key);
  out.token = std::move(token);
  out.token_file = user.Resolve(token_file);
  out.username = std::move(username);
  out.password = std::move(password);
  return Ok();
}

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

}  // namespace

Environment Environment::FromProcess() {
  Environment environment;
  environment.kubeconfig = Variable("KUBECONFIG");
  environment.home = Variable("HOME");
  environment.service_host = Variable("KUBERNETES_SERVICE_HOST");
  environment.service_port = Variable("KUBERNETES_SERVICE_PORT");
  return environment;
}

Result<Connection> LoadConnection(const KubeconfigFlags& flags, const Environment& environment) {
  PLUMB_TRY(config, ReadKubeconfig(FilesOf(flags, environment), !flags.kubeconfig.empty()));
  const std::string name = flags.context.empty() ? config.current_context : flags.context;
  if (name.empty()) {
    if (!config.files.empty() && (!config.entries.empty() || !flags.kubeconfig.empty()))
      return Invalid(fmt::format("kubeconfig '{}' has no current-context; choose one with --context", config.files.front()));
    Result<Connection> pod = InClusterConnection(environment);
    if (pod.ok() && !flags.ns.empty()) pod->ns = flags.ns;
    if (pod.ok() || pod.error().code() != Code::kNotFound) return pod;
    return NotFound("no cluster to talk to: no kubeconfig was found and this is no pod; name one with --kubeconfig or KUBECONFIG, or start one with 'plumb sandbox --write-kubeconfig FILE'");
  }
  const KubeconfigEntry* context = config.Find("contexts", name);
  if (!context) return Missing(config, "contexts", "context", name, flags.context.empty() ? "current-context" : "--context");

  Connection out;
  out.context = name;
  PLUMB_TRY(cluster_name, context->String("cluster"));
  const KubeconfigEntry* cluster = config.Find("clusters", cluster_name);
  if (!cluster) return Missing(config, "clusters", "cluster", cluster_name, context->At("cluster"));
  PLUMB_OK(ReadCluster(*cluster, out));
  PLUMB_TRY(user_name, context->String("user"));
  if (!user_name.empty()) {
    const KubeconfigEntry* user = config.Find("users", user_name);
    if (!user) return Missing(config, "users", "user", user_name, context->At("user"));
    PLUMB_OK(ReadUser(*user, out));
  }
  PLUMB_TRY(ns, context->String("namespace"));
  if (!ns.empty()) out.ns = ns;
  if (!flags.ns.empty()) out.ns = flags.ns;
  return out;
}

std::vector<std::string> ContextNames(const KubeconfigFlags& flags, const Environment& environment) {
  const Result<Kubeconfig> config = ReadKubeconfig(FilesOf(flags, environment), false);
  return config.ok() ? config->Names("contexts") : std::vector<std::string>();
}

Result<Connection> InClusterConnection(const Environment& environment) {
  if (environment.service_host.empty() || environment.service_port.empty())
    return NotFound("not in a pod: KUBERNETES_SERVICE_HOST is not set");
  const bool v6 = environment.service_host.find(':') != std::string::npos;
  Connection out;
  out.server = fmt::format("https://{}{}{}:{}", v6 ? "[" : "", environment.service_host, v6 ? "]" : "", environment.service_port);
  out.context = "in-cluster";
  out.token_file = environment.service_account + "/token";
  const auto read = [&](const char* name) {
    std::ifstream file(environment.service_account + "/" + name);
    std::ostringstream text;
    text << file.rdbuf();
    return std::move(text).str();
  };
  if (!std::filesystem::exists(out.token_file))
    return Invalid(fmt::format("this pod has no service account token at '{}'; set automountServiceAccountToken", out.token_file));
  out.ca_pem = read("ca.crt");
  if (out.ca_pem.empty()) return Invalid(fmt::format("this pod has no cluster authority at '{}/ca.crt'", environment.service_account));
  if (std::string ns = read("namespace"); !ns.empty()) out.ns = std::move(ns);
  return out;
}

std::string OwnNamespace(const Environment& environment) {
  std::string ns;
  if (!environment.service_host.empty()) std::ifstream(environment.service_account + "/namespace") >> ns;
  return ns;
}

Connection SandboxConnection(std::string_view address) {
  Connection out;
  out.server = address.find("://") == std::string_view::npos ? fmt::format("http://{}", address) : std::string(address);
  out.context = "sandbox";
  return out;
}

}  // namespace plumb::kube
