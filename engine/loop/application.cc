#include "engine/loop/application.h"

#include <fmt/core.h>

#include "core/hash.h"
#include "core/json.h"
#include "engine/loop/map_reader.h"

namespace plumb {

namespace {

constexpr std::string_view kRenderers[] = {"plain", "kustomize"};

Result<ApplicationSource> ParseSource(const Document& document, Value value, const std::string& path, Place place) {
  ApplicationSource source;
  MapReader fields(value, path);
  source.path = fields.String("path");
  source.directory = fields.String("directory");
  const Value git = fields.Map("git");
  if (git.is_null() == source.directory.empty()) fields.Fail("git", "give exactly one of 'git' and 'directory'");
  if (place == Place::kCluster && !source.directory.empty()) fields.Fail("directory", "is for documents in files; an object in a cluster takes 'git'");
  for (std::string_view renderer : kRenderers) {
    const Value options = fields.Map(renderer);
    if (!fields.Has(renderer)) continue;
    if (!source.renderer.empty()) fields.Fail(renderer, fmt::format("a source has one renderer, and '{}' is given too", source.renderer));
    source.renderer = renderer;
    source.options = document.At(options);
  }
  PLUMB_OK(fields.Finish());
  if (git.is_null()) return source;

  MapReader reader(git, path + ".git");
  source.git.url = reader.Required("url");
  source.git.revision = reader.String("revision");
  source.git.submodules = reader.Bool("submodules", false);
  const Value credentials = reader.Map("credentials");
  PLUMB_OK(reader.Finish());
  MapReader secrets(credentials, path + ".git.credentials");
  source.secret = secrets.String("secret");
  GitCredentials& c = source.git.credentials;
  if (place == Place::kCluster) {
    // Whoever may write an Application must not read the controller's own files and variables with it.
    PLUMB_OK(secrets.Finish());
    if (source.git.url.find("://") == std::string::npos ? source.git.url.find(':') == std::string::npos : source.git.url.starts_with("file:"))
      return Invalid(fmt::format("{}.git.url: '{}' is a place on a disk; an object in a cluster takes https or ssh", path, source.git.url));
    return source;
  }
  if (!source.secret.empty()) secrets.Fail("secret", "is for Applications in a cluster; in a file, use passwordFile, tokenFile and their like");
  c.username = secrets.String("username");
  c.password = {.file = secrets.String("passwordFile"), .env = secrets.String("passwordEnv")};
  c.bearer = {.file = secrets.String("tokenFile"), .env = secrets.String("tokenEnv")};
  c.ca_file = secrets.String("caFile");
  c.ssh_key_file = secrets.String("sshKeyFile");
  c.known_hosts_file = secrets.String("knownHostsFile");
  for (const auto& [what, secret] : {std::pair("password", &c.password), std::pair("token", &c.bearer)})
    if (!secret->file.empty() && !secret->env.empty()) secrets.Fail(what, fmt::format("give one of '{0}File' and '{0}Env'", what));
  PLUMB_OK(secrets.Finish());
  return source;
}

Result<ApplicationSync> ParseSync(Value value) {
  ApplicationSync sync;
  MapReader fields(value, "spec.sync");
  sync.automatic = fields.Bool("auto", sync.automatic);
  sync.prune = fields.Bool("prune", sync.prune);
  sync.self_heal = fields.Bool("selfHeal", sync.self_heal);
  sync.create_namespace = fields.Bool("createNamespace", sync.create_namespace);
  sync.interval = fields.Duration("interval", sync.interval);
  sync.timeout = fields.Duration("timeout", sync.timeout);
  const Value retry = fields.Map("retry");
  const Value windows = fields.List("windows");
  PLUMB_OK(fields.Finish());
  MapReader pauses(retry, "spec.sync.retry");
  sync.retry.first = pauses.Duration("first", sync.retry.first);
  sync.retry.max = pauses.Duration("max", sync.retry.max);
  sync.retry.limit = static_cast<int>(pauses.Int("limit", -1, 0, 1'000'000));
  PLUMB_OK(pauses.Finish());
  PLUMB_TRY(parsed, SyncWindows::Parse(windows, "spec.sync.windows"));
  sync.windows = std::move(parsed);
  return sync;
}

Result<std::vector<Dependency>> ParseDependencies(Value list, const std::string& own_namespace) {
  std::vector<Dependency> dependencies;
  for (size_t i = 0; i < list.size(); ++i) {
    MapReader fields(list[i], fmt::format("spec.dependsOn[{}]", i));
    Dependency dependency;
    dependency.name = fields.Required("name");
    dependency.ns = fields.String("namespace", own_namespace);
    const std::string ready = fields.String("ready", "healthy");
    if (ready != "healthy" && ready != "synced") fields.Fail("ready", fmt::format("expected 'healthy' or 'synced', found '{}'", ready));
    dependency.healthy = ready == "healthy";
    PLUMB_OK(fields.Finish());
    dependencies.push_back(std::move(dependency));
  }
  return dependencies;
}

}  // namespace

std::string SourceText(const Application& application) {
  std::string text;
  for (const ApplicationSource& source : application.sources) {
    std::string url = source.git.url;
    const size_t scheme = url.find("://");
    const bool local = scheme == std::string::npos ? url.find(':') == std::string::npos : url.starts_with("file:");
    if (url.empty() || local) return "";
    if (scheme != std::string::npos)
      if (const size_t at = url.find('@', scheme), slash = url.find('/', scheme + 3); at < slash) url.erase(scheme + 3, at - scheme - 2);
    text += (text.empty() ? "" : ", ") + url + (source.path.empty() ? "" : "//" + source.path);
  }
  return text;
}

Result<Application> ParseApplication(const Document& document, Place place) {
  const Value root = document.root();
  PLUMB_OK(CheckManifest(root));
  if (root.GetString("kind") != "Application" || root.GetString("apiVersion") != kPlumbApiVersion)
    return Invalid(fmt::format("expected apiVersion: {}, kind: Application; found {} {}", kPlumbApiVersion, root.GetString("apiVersion"), root.GetString("kind")));
  Application application;
  MapReader top(root, "");
  top.String("apiVersion");
  top.String("kind");
  const Value metadata = top.Map("metadata");
  top.Map("status");  // what a controller wrote; not ours to read
  const Value spec = top.Map("spec");
  PLUMB_OK(top.Finish());
  application.name = metadata.GetString("name");
  if (const auto ns = metadata.GetString("namespace"); !ns.empty()) application.ns = ns;
  application.generation = metadata.Get("generation").AsInt();
  const std::string context = fmt::format("application '{}'", application.name);

  MapReader fields(spec, "spec");
  const Value sources = fields.List("sources");
  if (sources.empty()) fields.Fail("sources", "expected a list with at least one source");
  const Value target = fields.Map("target");
  const Value sync = fields.Map("sync");
  const Value budget = fields.Map("budget");
  const Value depends_on = fields.List("dependsOn");
  application.project = fields.String("project");
  for (const std::string& name : fields.Strings("takesOver")) application.takes_over.push_back(name.find('/') == std::string::npos ? application.ns + "/" + name : name);
  application.suspend = fields.Bool("suspend", false);
  application.ignore = document.At(fields.List("ignore"));
  application.history_limit = static_cast<size_t>(fields.Int("history", static_cast<int64_t>(application.history_limit), 1, 100));
  const Value health = fields.List("health");
  PLUMB_OK(fields.Finish(), context);
  if (!health.is_null()) {
    PLUMB_TRY(rules, HealthRules::Parse(health, "spec.health"), context);
    application.health = std::move(rules);
  }

  for (size_t i = 0; i < sources.size(); ++i) {
    PLUMB_TRY(source, ParseSource(document, sources[i], fmt::format("spec.sources[{}]", i), place), context);
    application.sources.push_back(std::move(source));
  }
  MapReader target_fields(target, "spec.target");
  application.target_namespace = target_fields.String("namespace", application.target_namespace);
  application.target_cluster = target_fields.String("cluster");
  application.target_identity = target_fields.String("identity");
  PLUMB_OK(target_fields.Finish(), context);
  PLUMB_TRY(parsed_sync, ParseSync(sync), context);
  application.sync = std::move(parsed_sync);
  PLUMB_TRY(dependencies, ParseDependencies(depends_on, application.ns), context);
  application.depends_on = std::move(dependencies);
  MapReader budget_fields(budget, "spec.budget");
  // Who gives one of the two means that one alone.
  const bool deletes = budget_fields.Has("deletes"), percent = budget_fields.Has("percent");
  application.budget.deletes = static_cast<size_t>(budget_fields.Int("deletes", percent ? 0 : 10, 0, 1'000'000));
  application.budget.percent = static_cast<size_t>(budget_fields.Int("percent", deletes ? 0 : 20, 0, 100));
  application.budget.window = budget_fields.Duration("window", application.budget.window);
  PLUMB_OK(budget_fields.Finish(), context);
  application.fingerprint = Sha256Hex(WriteCanonicalJson(spec));
  return application;
}

}  // namespace plumb
