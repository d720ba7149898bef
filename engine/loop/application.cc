#include "engine/loop/application.h"

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "core/hash.h"
#include "core/json.h"
#include "core/yaml.h"
#include "engine/loop/map_reader.h"

namespace plumb {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kApiVersion = "plumb.dev/v1alpha1";
constexpr std::string_view kRenderers[] = {"plain", "kustomize"};

Result<ApplicationSource> ParseSource(const Document& document, Value value, const std::string& path) {
  ApplicationSource source;
  MapReader fields(value, path);
  source.path = fields.String("path");
  source.directory = fields.String("directory");
  const Value git = fields.Map("git");
  if (git.is_null() == source.directory.empty()) fields.Fail("git", "give exactly one of 'git' and 'directory'");
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
  GitCredentials& c = source.git.credentials;
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
  PLUMB_OK(fields.Finish());
  return sync;
}

Result<std::string> ReadFile(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return NotFound(fmt::format("{}: cannot be read: {}", path.string(), std::strerror(errno)));
  std::ostringstream text;
  text << in.rdbuf();
  return std::move(text).str();
}

// A relative place in a configuration file means relative to that file, wherever plumb was started.
void MakeAbsolute(std::string& place, const fs::path& file) {
  if (place.empty() || place.find("://") != std::string::npos || place.starts_with('/')) return;
  if (!place.starts_with('.') && place.find(':') != std::string::npos) return;  // host:path of ssh
  place = fs::weakly_canonical(fs::absolute(file).parent_path() / place).string();
}

Status LoadFile(const fs::path& path, std::vector<Application>& applications) {
  PLUMB_TRY(text, ReadFile(path));
  YamlOptions strict;
  strict.refuse_duplicate_keys = true;
  PLUMB_TRY(documents, ParseYaml(text, strict), path.string());
  for (const YamlDocument& document : documents) {
    const std::string at = fmt::format("{}:{}", path.string(), document.line);
    PLUMB_TRY(application, ParseApplication(document.value), at);
    application.origin = {path.string(), 0, document.line};
    for (ApplicationSource& source : application.sources) {
      GitCredentials& c = source.git.credentials;
      for (std::string* place : {&source.git.url, &source.directory, &c.password.file, &c.bearer.file, &c.ca_file, &c.ssh_key_file, &c.known_hosts_file})
        MakeAbsolute(*place, path);
    }
    for (const Application& other : applications)
      if (other.name == application.name)
        return Invalid(fmt::format("{}: application '{}' is given twice; the other is at {}", at, application.name, other.origin.ToString()));
    applications.push_back(std::move(application));
  }
  return Ok();
}

}  // namespace

Result<Application> ParseApplication(const Document& document) {
  const Value root = document.root();
  PLUMB_OK(CheckManifest(root));
  if (root.GetString("kind") != "Application" || root.GetString("apiVersion") != kApiVersion)
    return Invalid(fmt::format("expected apiVersion: {}, kind: Application; found {} {}", kApiVersion, root.GetString("apiVersion"), root.GetString("kind")));
  Application application;
  MapReader top(root, "");
  top.String("apiVersion");
  top.String("kind");
  top.Map("metadata");
  top.Map("status");  // what a controller wrote; not ours to read
  const Value spec = top.Map("spec");
  PLUMB_OK(top.Finish());
  application.name = root.Get("metadata").GetString("name");
  if (const auto ns = root.Get("metadata").GetString("namespace"); !ns.empty()) application.record_namespace = ns;
  const std::string context = fmt::format("application '{}'", application.name);

  MapReader fields(spec, "spec");
  const Value sources = fields.List("sources");
  if (sources.empty()) fields.Fail("sources", "expected a list with at least one source");
  const Value target = fields.Map("target");
  const Value sync = fields.Map("sync");
  const Value budget = fields.Map("budget");
  application.ignore = document.At(fields.List("ignore"));
  PLUMB_OK(fields.Finish(), context);

  for (size_t i = 0; i < sources.size(); ++i) {
    PLUMB_TRY(source, ParseSource(document, sources[i], fmt::format("spec.sources[{}]", i)), context);
    application.sources.push_back(std::move(source));
  }
  MapReader target_fields(target, "spec.target");
  application.target_namespace = target_fields.String("namespace", application.target_namespace);
  PLUMB_OK(target_fields.Finish(), context);
  PLUMB_TRY(parsed_sync, ParseSync(sync), context);
  application.sync = parsed_sync;
  MapReader budget_fields(budget, "spec.budget");
  application.delete_budget = static_cast<size_t>(budget_fields.Int("deletes", 10, 0, 1'000'000));
  PLUMB_OK(budget_fields.Finish(), context);
  application.fingerprint = Sha256Hex(WriteCanonicalJson(spec));
  return application;
}

Result<std::vector<Application>> LoadApplications(const std::string& place) {
  std::error_code error;
  std::vector<fs::path> files;
  if (fs::is_directory(place, error)) {
    for (const auto& entry : fs::directory_iterator(place, error)) {
      const std::string extension = entry.path().extension().string();
      const bool hidden = entry.path().filename().string().starts_with('.');
      if (!hidden && (extension == ".yaml" || extension == ".yml" || extension == ".json")) files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
  } else {
    files.emplace_back(place);
  }
  std::vector<Application> applications;
  for (const fs::path& file : files) PLUMB_OK(LoadFile(file, applications));
  if (applications.empty()) return Invalid(fmt::format("{}: no Application in it; 'plumb explain application' shows one", place));
  return applications;
}

std::string_view ApplicationReference() {
  return R"(# An Application: one source kept true on one cluster. Only spec.sources is needed; other values shown are the defaults.
apiVersion: plumb.dev/v1alpha1
kind: Application
metadata:
  name: shop                        # names the inventory, metrics and log lines
  namespace: default                # where the inventory is kept; it must exist
spec:
  sources:                          # one or more; their manifests are joined
  - git:
      url: https://git.example/shop.git   # https, ssh, file, or a local path (relative to this file)
      revision: ""                  # branch, tag, semver range (^1.2) or commit; "" is the remote's HEAD
      submodules: false
      # credentials:                # secrets come from files or the environment, never from this document
      #   {username: git, passwordFile: f, passwordEnv: V, tokenFile: f, tokenEnv: V, caFile: f, sshKeyFile: f, knownHostsFile: f}
    # directory: ./deploy           # instead of git: a local directory
    path: ""                        # the directory in the source to render; "" is its root
    # plain: {recurse: true, include: [], exclude: []}   # the renderer with its options; recognised from the files
    # kustomize: {}                                      # where none is named
  target:
    namespace: default              # for objects that name none
  sync:
    auto: true                      # apply without being asked
    prune: true                     # delete what left git: only what this application's inventory owns
    selfHeal: true                  # put back what others changed
    createNamespace: true           # make the target namespace where it is absent
    interval: 3m                    # between looks at the source (a webhook is immediate)
    timeout: 10m                    # of one sync, health included
  budget:
    deletes: 10                     # a plan that deletes more objects is held
  ignore: []                        # fields that others may own: [{kind: Deployment, fields: [spec.replicas]}] (docs/diff.md)
)";
}

}  // namespace plumb
