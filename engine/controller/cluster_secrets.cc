#include "engine/controller/cluster_secrets.h"

#include <fmt/core.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/hash.h"
#include "core/json.h"
#include "core/yaml.h"
#include "engine/kube/kubeconfig.h"

namespace plumb {

namespace {

Result<std::string> DataOf(Value secret, std::string_view key) {
  const Value value = secret.Get("data").Get(key);
  if (value.is_null()) return std::string();
  return DecodeBase64(value.AsString());
}

// What a kubeconfig may say only in a file of its own machine.
Status RefuseFiles(Value config) {
  const auto refuse = [](Value entry, std::string_view list, std::string_view name) -> Status {
    for (const Member& member : entry.members()) {
      for (std::string_view field : {"certificate-authority", "client-certificate", "client-key", "tokenFile", "exec", "auth-provider"})
        if (member.key == field)
          return Invalid(fmt::format("data[kubeconfig]: {}[{}].{}: a Secret names no files or programs of the controller; put the value itself in ({}-data, token)", list, name, field, field));
    }
    return Ok();
  };
  for (Value cluster : config.Get("clusters").items()) PLUMB_OK(refuse(cluster.Get("cluster"), "clusters", cluster.GetString("name")));
  for (Value user : config.Get("users").items()) PLUMB_OK(refuse(user.Get("user"), "users", user.GetString("name")));
  return Ok();
}

// The reader of kubeconfigs takes files; this one is in memory, and nobody else's.
Result<kube::Connection> ReadKubeconfigText(const std::string& text) {
  const int fd = memfd_create("kubeconfig", MFD_CLOEXEC);
  if (fd < 0) return Unavailable("no memory for a kubeconfig");
  const bool written = write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  auto connection = written ? kube::LoadConnection({.kubeconfig = fmt::format("/proc/self/fd/{}", fd)}, {}) : Result<kube::Connection>(Unavailable("no memory for a kubeconfig"));
  close(fd);
  return connection;
}

Result<kube::Connection> ReadArgo(Value secret) {
  kube::Connection connection;
  PLUMB_TRY(server, DataOf(secret, "server"), "data[server]");
  if (server.empty()) return Invalid("data[server] is missing");
  connection.server = server;
  while (connection.server.ends_with('/')) connection.server.pop_back();
  PLUMB_TRY(text, DataOf(secret, "config"), "data[config]");
  PLUMB_TRY(config, ParseJson(text.empty() ? "{}" : text), "data[config]");
  for (std::string_view program : {"execProviderConfig", "awsAuthConfig"})
    if (config->Has(program)) return Invalid(fmt::format("data[config]: {}: a Secret names no programs of the controller; use a bearerToken or certificates", program));
  connection.token = config->GetString("bearerToken");
  connection.username = config->GetString("username");
  connection.password = config->GetString("password");
  const Value tls = config->Get("tlsClientConfig");
  connection.insecure = tls.Get("insecure").AsBool();
  connection.tls_server_name = tls.GetString("serverName");
  const struct {
    std::string_view field;
    std::string* to;
  } kPems[] = {{"caData", &connection.ca_pem}, {"certData", &connection.client_cert_pem}, {"keyData", &connection.client_key_pem}};
  for (const auto& pem : kPems) {
    PLUMB_TRY(decoded, DecodeBase64(tls.GetString(pem.field)), fmt::format("data[config]: tlsClientConfig.{}", pem.field));
    *pem.to = decoded;
  }
  for (const std::string* part : {&connection.token, &connection.username, &connection.password})
    if (part->find_first_of("\r\n") != std::string::npos) return Invalid("data[config]: a line break within a credential");
  return connection;
}

}  // namespace

Result<RegisteredCluster> ReadClusterSecret(Value secret) {
  const Value metadata = secret.Get("metadata");
  RegisteredCluster cluster;
  PLUMB_TRY(name, DataOf(secret, "name"), "data[name]");
  cluster.name = name.empty() ? std::string(metadata.GetString("name")) : name;
  if (metadata.Get("labels").GetString("argocd.argoproj.io/secret-type") == "cluster") {
    PLUMB_TRY(connection, ReadArgo(secret));
    cluster.connection = std::move(connection);
  } else {
    PLUMB_TRY(text, DataOf(secret, "kubeconfig"), "data[kubeconfig]");
    if (text.empty()) return Invalid("data[kubeconfig] is missing");
    PLUMB_TRY(config, ParseYamlOne(text), "data[kubeconfig]");
    PLUMB_OK(RefuseFiles(*config));
    auto connection = ReadKubeconfigText(text);
    if (!connection.ok()) {  // the name of the file in memory says nothing
      std::string message = connection.error().message();
      if (const size_t at = message.find("': "); message.starts_with("kubeconfig '/proc") && at != std::string::npos) message = message.substr(at + 3);
      return Invalid("data[kubeconfig]: " + message);
    }
    cluster.connection = std::move(*connection);
  }
  cluster.connection.context = cluster.name;
  return cluster;
}

}  // namespace plumb
