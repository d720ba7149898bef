// What gains power or becomes reachable: pods nearer to their node, roles with more rights, bindings with more subjects,
// Services and policies that open more.
#include <fmt/core.h>

#include <algorithm>
#include <set>

#include "core/edit.h"
#include "core/json.h"
#include "engine/plan/references.h"
#include "engine/review/dangers.h"

namespace plumb {

namespace {

void Containers(DangerList& list, Value before, Value after) {
  for (Value now : ContainersOf(after)) {
    const std::string_view name = now.GetString("name");
    const Value old = ContainerNamed(before, name).Get("securityContext"), context = now.Get("securityContext");
    const auto gained = [&](std::string_view what) { list.Add(DangerKind::kPrivilege, fmt::format("container '{}' {}", name, what)); };
    if (context.Get("privileged").AsBool() && !old.Get("privileged").AsBool()) gained("becomes privileged");
    if (context.Get("allowPrivilegeEscalation").AsBool() && !old.Get("allowPrivilegeEscalation").AsBool()) gained("may escalate its privileges");
    if (old.Get("allowPrivilegeEscalation").is_bool() && !old.Get("allowPrivilegeEscalation").AsBool() && !context.Has("allowPrivilegeEscalation"))
      gained("is no longer kept from escalating its privileges");
    if (old.Get("readOnlyRootFilesystem").AsBool() && !context.Get("readOnlyRootFilesystem").AsBool()) gained("may write to its root file system");
    if (old.Get("runAsNonRoot").AsBool() && !context.Get("runAsNonRoot").AsBool()) gained("may run as root");
    if (context.Get("runAsUser").is_int() && context.Get("runAsUser").AsInt() == 0 && !(old.Get("runAsUser").is_int() && old.Get("runAsUser").AsInt() == 0)) gained("runs as root");
    for (Value capability : GetAt(context, {"capabilities", "add"}).items()) {
      const auto had = GetAt(old, {"capabilities", "add"}).items();
      if (std::find(had.begin(), had.end(), capability) == had.end()) gained(fmt::format("gains the capability {}", capability.AsString()));
    }
  }
}

void Pods(DangerList& list) {
  const Value before = PodSpecOf(list.before), after = PodSpecOf(list.after);
  if (after.is_null()) return;
  for (const auto& [field, what] : {std::pair("hostNetwork", "the node's network"), std::pair("hostPID", "the node's processes"), std::pair("hostIPC", "the node's shared memory")})
    if (after.Get(field).AsBool() && !before.Get(field).AsBool()) list.Add(DangerKind::kPrivilege, fmt::format("its pods see {}", what));
  for (Value volume : after.Get("volumes").items()) {
    if (!volume.Has("hostPath")) continue;
    const auto had = before.Get("volumes").items();
    if (std::none_of(had.begin(), had.end(), [&](Value old) { return old.Get("hostPath") == volume.Get("hostPath"); }))
      list.Add(DangerKind::kPrivilege, fmt::format("mounts the node's path '{}'", volume.Get("hostPath").GetString("path")));
  }
  const Value old = before.Get("securityContext"), now = after.Get("securityContext");
  if (old.Get("runAsNonRoot").AsBool() && !now.Get("runAsNonRoot").AsBool()) list.Add(DangerKind::kPrivilege, "its pods may run as root");
  if (GetAt(now, {"seccompProfile", "type"}).AsString() == "Unconfined" && GetAt(old, {"seccompProfile", "type"}).AsString() != "Unconfined")
    list.Add(DangerKind::kPrivilege, "its pods run without a seccomp profile");
  if (!list.before.is_null() && after.GetString("serviceAccountName") != before.GetString("serviceAccountName"))
    list.Add(DangerKind::kPrivilege, fmt::format("acts as ServiceAccount '{}' now (it was '{}')", after.GetString("serviceAccountName"), before.GetString("serviceAccountName")));
  Containers(list, before, after);
}

// Every single right of a role: "apps deployments * get". Names and non-resource URLs count as written.
std::set<std::string> RightsOf(Value role) {
  std::set<std::string> rights;
  constexpr size_t kMost = 20'000;
  const auto all = [](Value list, std::string_view absent) {
    std::vector<std::string> out;
    for (Value v : list.items()) out.emplace_back(v.AsString());
    if (out.empty()) out.emplace_back(absent);
    return out;
  };
  for (Value rule : role.Get("rules").items())
    for (const std::string& verb : all(rule.Get("verbs"), ""))
      for (const std::string& group : all(rule.Get("apiGroups"), ""))
        for (const std::string& resource : all(rule.Get(rule.Has("nonResourceURLs") ? "nonResourceURLs" : "resources"), ""))
          for (const std::string& name : all(rule.Get("resourceNames"), "*"))
            if (rights.size() < kMost) rights.insert(fmt::format("{} {}{}{}{}", verb, resource, group.empty() ? "" : ".", group, name == "*" ? "" : " '" + name + "'"));
  return rights;
}

void Rbac(DangerList& list) {
  if (list.id.group != "rbac.authorization.k8s.io" || list.after.is_null()) return;
  if (list.id.kind == "Role" || list.id.kind == "ClusterRole") {
    const std::set<std::string> before = RightsOf(list.before), after = RightsOf(list.after);
    std::vector<std::string> gained;
    for (const std::string& right : after)
      if (!before.contains(right)) gained.push_back(right);
    if (gained.empty()) return;
    std::string text = fmt::format("{} right{} gained: ", gained.size(), gained.size() == 1 ? "" : "s");
    // The mighty ones first: what follows is cut.
    std::stable_sort(gained.begin(), gained.end(), [](const std::string& a, const std::string& b) {
      const auto mighty = [](const std::string& r) {
        return r.find('*') != r.npos || r.find("secrets") != r.npos || r.starts_with("escalate") || r.starts_with("bind") || r.starts_with("impersonate") || r.find("pods/exec") != r.npos;
      };
      return mighty(a) > mighty(b);
    });
    for (size_t i = 0; i < std::min<size_t>(gained.size(), 6); ++i) text += (i ? ", " : "") + gained[i];
    if (gained.size() > 6) text += ", ...";
    list.Add(DangerKind::kRbac, text);
    return;
  }
  if (list.id.kind != "RoleBinding" && list.id.kind != "ClusterRoleBinding") return;
  const Value role = list.after.Get("roleRef");
  const bool other_role = !list.before.is_null() && list.before.Get("roleRef") != role;
  for (Value subject : list.after.Get("subjects").items()) {
    const auto had = list.before.Get("subjects").items();
    if (!other_role && std::find(had.begin(), had.end(), subject) != had.end()) continue;
    const std::string_view ns = subject.GetString("namespace");
    list.Add(DangerKind::kRbac, fmt::format("{} {}{}{} gets {} '{}'{}", subject.GetString("kind"), ns, ns.empty() ? "" : "/", subject.GetString("name"), role.GetString("kind"),
                                            role.GetString("name"), list.id.kind == "ClusterRoleBinding" ? " in the whole cluster" : ""));
  }
}

void Exposure(DangerList& list) {
  const std::string& kind = list.id.kind;
  const auto add = [&](std::string what) { list.Add(DangerKind::kExposure, std::move(what)); };
  if (kind == "NetworkPolicy" && list.after.is_null()) return add("is deleted: what it closed is open");
  if (list.after.is_null()) return;
  if (kind == "Service") {
    const std::string_view before = GetAt(list.before, {"spec", "type"}).AsString(), after = GetAt(list.after, {"spec", "type"}).AsString();
    if (after != before && (after == "LoadBalancer" || after == "NodePort")) add(fmt::format("is reachable from outside ({})", after));
  }
  if (kind == "Ingress" || kind == "HTTPRoute") {
    const auto hosts = [&](Value v) {
      std::set<std::string> out;
      for (Value rule : GetAt(v, {"spec", "rules"}).items()) out.emplace(rule.GetString("host"));
      for (Value host : GetAt(v, {"spec", "hostnames"}).items()) out.emplace(host.AsString());
      return out;
    };
    const std::set<std::string> before = hosts(list.before);
    for (const std::string& host : hosts(list.after))
      if (!before.contains(host)) add(fmt::format("serves the host '{}'", host.empty() ? "*" : host));
  }
  if (kind == "Namespace") {
    constexpr std::string_view kEnforce = "pod-security.kubernetes.io/enforce";
    const auto level = [&](Value v) {
      const std::string_view word = GetAt(v, {"metadata", "labels"}).GetString(kEnforce);
      return word == "restricted" ? 2 : word == "baseline" ? 1 : 0;
    };
    if (!list.before.is_null() && level(list.after) < level(list.before)) list.Add(DangerKind::kPrivilege, "pod security is enforced less strictly");
  }
}

}  // namespace

void FindPrivilegeDangers(DangerList& list) {
  Pods(list);
  Rbac(list);
  Exposure(list);
}

}  // namespace plumb
