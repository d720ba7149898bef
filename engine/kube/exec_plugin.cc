#include "engine/kube/exec_plugin.h"

#include <fmt/core.h>

#include "core/hash.h"
#include "core/json.h"

namespace plumb::kube {
namespace {

constexpr size_t kShownErrorBytes = 400;

std::string_view LastLines(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.remove_suffix(1);
  return text.size() > kShownErrorBytes ? text.substr(text.size() - kShownErrorBytes) : text;
}

}  // namespace

std::string ExecInfo(const Connection& connection) {
  const Document info = BuildDocument([&](Arena& a) {
    std::vector<Member> spec = {{"interactive", Arena::Bool(false)}};
    if (connection.exec.provide_cluster_info) {
      std::vector<Member> cluster = {{"server", a.String(connection.server)}};
      if (!connection.tls_server_name.empty()) cluster.push_back({"tls-server-name", a.String(connection.tls_server_name)});
      if (connection.insecure) cluster.push_back({"insecure-skip-tls-verify", Arena::Bool(true)});
      if (!connection.ca_pem.empty()) cluster.push_back({"certificate-authority-data", a.String(Base64(connection.ca_pem))});
      if (!connection.proxy_url.empty()) cluster.push_back({"proxy-url", a.String(connection.proxy_url)});
      spec.push_back({"cluster", a.Map(cluster)});
    }
    return a.Map({{"kind", a.String("ExecCredential")}, {"apiVersion", a.String(connection.exec.api_version)}, {"spec", a.Map(spec)}});
  });
  return WriteJson(*info);
}

Result<ExecAnswer> RunExecPlugin(const Connection& connection, ProcessRunner& runner, std::stop_token stop) {
  const ExecPlugin& plugin = connection.exec;
  const std::string context = fmt::format("credential plugin '{}'", plugin.command);
  Process process;
  process.argv.push_back(plugin.command);
  process.argv.insert(process.argv.end(), plugin.args.begin(), plugin.args.end());
  process.env = plugin.env;
  process.env.emplace_back("KUBERNETES_EXEC_INFO", ExecInfo(connection));
  process.out_bytes = 1u << 20;
  process.install = plugin.install_hint;
  Result<ProcessResult> ran = runner.Run(process, std::move(stop));
  if (!ran.ok()) {
    if (ran.error().code() == Code::kCancelled) return std::move(ran).error().Wrap(context);
    return Denied(ran.error().message()).Wrap(context);
  }
  if (!ran->ok()) return Denied(fmt::format("{}: exit status {}: {}", context, ran->status, LastLines(ran->err)));
  Result<ExecAnswer> answer = ParseExecCredential(ran->out, plugin);
  if (!answer.ok()) return std::move(answer).error().Wrap(context);
  return answer;
}

Result<ExecAnswer> ParseExecCredential(std::string_view output, const ExecPlugin& plugin) {
  const Result<Document> parsed = ParseJson(output);
  // Never the output itself in a message: it holds the token.
  if (!parsed.ok()) return Denied("it printed no JSON");
  const Value root = parsed->root();
  if (root.GetString("kind") != "ExecCredential") return Denied("it printed no object of kind 'ExecCredential'");
  if (root.GetString("apiVersion") != plugin.api_version)
    return Denied(fmt::format("it answered with apiVersion '{}'; the kubeconfig asks for '{}'", root.GetString("apiVersion"), plugin.api_version));
  const Value status = root.Get("status");
  ExecAnswer answer;
  answer.credential.cert_pem = status.GetString("clientCertificateData");
  answer.credential.key_pem = status.GetString("clientKeyData");
  if (!status.GetString("token").empty()) answer.credential.authorization = fmt::format("Bearer {}", status.GetString("token"));
  if (answer.credential.cert_pem.empty() != answer.credential.key_pem.empty())
    return Denied("it gave one of clientCertificateData and clientKeyData without the other");
  if (answer.credential.authorization.empty() && answer.credential.cert_pem.empty())
    return Denied("it gave neither a token nor a client certificate");
  if (const std::string_view expires = status.GetString("expirationTimestamp"); !expires.empty()) {
    PLUMB_TRY(time, ParseTime(expires), "expirationTimestamp");
    answer.expires = time;
  }
  return answer;
}

}  // namespace plumb::kube
