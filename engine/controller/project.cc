#include "engine/controller/project.h"

#include <fmt/core.h>

#include <algorithm>

#include "diff/field_pattern.h"
#include "engine/loop/map_reader.h"

namespace plumb {

namespace {

bool AnyMatches(const std::vector<std::string>& globs, std::string_view text) {
  return std::any_of(globs.begin(), globs.end(), [&](const std::string& glob) { return MatchesGlob(glob, text); });
}

std::string Joined(const std::vector<std::string>& words) {
  std::string all;
  for (const std::string& word : words) all += (all.empty() ? "" : ", ") + word;
  return all.empty() ? "none" : all;
}

bool AllowsNamespace(const Project& project, const std::string& cluster, const std::string& ns) {
  return std::any_of(project.targets.begin(), project.targets.end(), [&](const ProjectTarget& target) {
    return (target.cluster == "*" || target.cluster == cluster) && AnyMatches(target.namespaces, ns);
  });
}

std::string KindOf(const ObjectId& id) { return id.group.empty() ? id.kind : id.kind + "." + id.group; }

// Why the object is not allowed; "" where it is.
std::string WhyNot(const Project& project, const Application& application, const ObjectId& id, bool of_cluster) {
  const std::string kind = KindOf(id);
  if (of_cluster) return AnyMatches(project.cluster_kinds, kind) ? "" : fmt::format("kind '{}' is not in spec.kinds.cluster ({})", kind, Joined(project.cluster_kinds));
  if (!AnyMatches(project.namespaced_kinds, kind)) return fmt::format("kind '{}' is not in spec.kinds.namespaced ({})", kind, Joined(project.namespaced_kinds));
  if (!AllowsNamespace(project, application.target_cluster, id.ns)) return fmt::format("namespace '{}' is in no line of spec.targets", id.ns);
  return "";
}

}  // namespace

std::string Project::User() const { return account_name.empty() ? "" : fmt::format("system:serviceaccount:{}:{}", account_namespace, account_name); }

Result<Project> ParseProject(const Document& document) {
  const Value root = document.root();
  PLUMB_OK(CheckManifest(root));
  Project project;
  project.name = root.Get("metadata").GetString("name");
  project.ns = root.Get("metadata").GetString("namespace");
  const std::string context = fmt::format("project '{}'", project.name);
  MapReader fields(root.Get("spec"), "spec");
  fields.String("description");
  project.applications = fields.Strings("applications");
  project.repositories = fields.Strings("repositories");
  const Value targets = fields.List("targets");
  const Value kinds = fields.Map("kinds");
  const Value account = fields.Map("serviceAccount");
  PLUMB_OK(fields.Finish(), context);
  for (size_t i = 0; i < targets.size(); ++i) {
    MapReader target(targets[i], fmt::format("spec.targets[{}]", i));
    ProjectTarget& one = project.targets.emplace_back();
    one.cluster = target.String("cluster");
    one.namespaces = target.Strings("namespaces");
    if (one.namespaces.empty()) target.Fail("namespaces", "is missing; \"*\" is any");
    PLUMB_OK(target.Finish(), context);
  }
  MapReader kind(kinds, "spec.kinds");
  const bool given = kind.Has("namespaced");
  std::vector<std::string> namespaced = kind.Strings("namespaced");
  if (given) project.namespaced_kinds = std::move(namespaced);
  project.cluster_kinds = kind.Strings("cluster");
  PLUMB_OK(kind.Finish(), context);
  if (account.is_null()) return project;
  MapReader who(account, "spec.serviceAccount");
  project.account_namespace = who.Required("namespace");
  project.account_name = who.Required("name");
  for (const std::string* part : {&project.account_namespace, &project.account_name})
    if (part->find_first_of(":\r\n") != std::string::npos) who.Fail("name", "is no name of a ServiceAccount");
  PLUMB_OK(who.Finish(), context);
  return project;
}

Status Allows(const Project& project, const Application& application) {
  if (application.ns != project.ns && !AnyMatches(project.applications, application.ns))
    return Invalid(fmt::format("spec.project: project '{}' is not for Applications in namespace '{}'; its spec.applications has {}", project.name, application.ns,
                              Joined(project.applications)));
  for (size_t i = 0; i < application.sources.size(); ++i) {
    const std::string& url = application.sources[i].git.url;
    if (!AnyMatches(project.repositories, url))
      return Invalid(fmt::format("spec.sources[{}].git.url: project '{}' does not allow '{}'; its spec.repositories has {}", i, project.name, url, Joined(project.repositories)));
  }
  if (!AllowsNamespace(project, application.target_cluster, application.target_namespace))
    return Invalid(fmt::format("spec.target: project '{}' does not allow namespace '{}'{}; add it to its spec.targets", project.name, application.target_namespace,
                              application.target_cluster.empty() ? "" : fmt::format(" of cluster '{}'", application.target_cluster)));
  for (const std::string& other : application.takes_over)  // what another team's Application has is not for the taking
    if (!other.starts_with(application.ns + "/"))
      return Invalid(fmt::format("spec.takesOver: '{}' is in another namespace; an Application of project '{}' takes over from its own namespace alone", other, project.name));
  return Ok();
}

Status AllowsObjects(const Project& project, const Application& application, const DesiredSet& desired, const Inventory& inventory, const ScopeLookup& scope_of) {
  std::string first;
  size_t refused = 0;
  // The cluster says what lives in namespaces: a record that gives a ClusterRole one must not pass for less than it is.
  const auto check = [&](const ObjectId& id, const std::string& version) {
    const auto scope = scope_of({id.group, version, id.kind});
    const std::string why = WhyNot(project, application, id, scope ? *scope == Scope::kCluster : id.ns.empty());
    if (why.empty()) return;
    if (++refused == 1) first = fmt::format("{}: project '{}' does not allow it: {}", id.ToString(), project.name, why);
  };
  // The target namespace itself, which createNamespace adds, was allowed with spec.targets.
  for (size_t i = 0; i < std::min(desired.unowned_from, desired.manifests.size()); ++i) check(IdOf(desired.manifests[i].root()), GvkOf(desired.manifests[i].root()).version);
  for (const auto& [id, entry] : inventory.entries()) check(id, entry.version);
  if (refused == 0) return Ok();
  return Invalid(refused == 1 ? first : fmt::format("{}; and {} more", first, refused - 1));
}

}  // namespace plumb
