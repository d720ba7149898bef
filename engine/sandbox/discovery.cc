#include "engine/sandbox/discovery.h"

#include <fmt/core.h>

#include <algorithm>

#include "core/json.h"

namespace plumb::sandbox {

namespace {

Value Strings(Arena& a, const std::vector<std::string>& list) {
  std::vector<Value> items;
  for (const std::string& s : list) items.push_back(a.String(s));
  return a.List(items);
}

Value GvkValue(Arena& a, const Gvk& gvk) {
  return a.Map({{"group", a.String(gvk.group)}, {"version", a.String(gvk.version)}, {"kind", a.String(gvk.kind)}});
}

Gvk SubresourceKind(const Resource& r, std::string_view sub) {
  if (sub == "scale") return {"autoscaling", "v1", "Scale"};
  if (sub == "eviction") return {"policy", "v1", "Eviction"};
  if (sub == "binding") return {"", "v1", "Binding"};
  return r.gvk();
}

std::vector<std::string> SubresourceVerbs(std::string_view sub) {
  if (sub == "eviction" || sub == "binding") return {"create"};
  if (sub == "log") return {"get"};
  if (sub == "finalize") return {"update"};
  return {"get", "patch", "update"};
}

// Groups in the order of the registry, each with its versions in theirs.
std::vector<std::pair<std::string, std::vector<std::string>>> Groups(const Registry& registry) {
  std::vector<std::pair<std::string, std::vector<std::string>>> out;
  for (const auto& r : registry.all()) {
    auto group = std::ranges::find(out, r->group, &std::pair<std::string, std::vector<std::string>>::first);
    if (group == out.end()) group = out.insert(out.end(), {r->group, {}});
    if (std::ranges::find(group->second, r->version) == group->second.end()) group->second.push_back(r->version);
  }
  return out;
}

Value Aggregated(Arena& a, const Resource& r) {
  std::vector<Value> subresources;
  for (const std::string& sub : r.subresources)
    subresources.push_back(a.Map({{"subresource", a.String(sub)}, {"responseKind", GvkValue(a, SubresourceKind(r, sub))}, {"verbs", Strings(a, SubresourceVerbs(sub))}}));
  std::vector<Member> out = {{"resource", a.String(r.plural)},
                             {"responseKind", GvkValue(a, r.gvk())},
                             {"scope", a.Borrow(r.namespaced ? "Namespaced" : "Cluster")},
                             {"singularResource", a.String(r.singular)},
                             {"verbs", Strings(a, r.verbs)}};
  if (!r.short_names.empty()) out.push_back({"shortNames", Strings(a, r.short_names)});
  if (!r.categories.empty()) out.push_back({"categories", Strings(a, r.categories)});
  if (!subresources.empty()) out.push_back({"subresources", a.List(subresources)});
  return a.Map(out);
}

Value GroupVersions(Arena& a, const std::string& group, const std::vector<std::string>& versions) {
  std::vector<Value> list;
  for (const std::string& version : versions)
    list.push_back(a.Map({{"groupVersion", a.String(group + "/" + version)}, {"version", a.String(version)}}));
  return a.Map({{"name", a.String(group)}, {"versions", a.List(list)}, {"preferredVersion", list[0]}});
}

}  // namespace

std::string AggregatedDiscovery(const Registry& registry, bool core) {
  Arena a;
  std::vector<Value> groups;
  for (const auto& [group, versions] : Groups(registry)) {
    if (group.empty() != core) continue;
    std::vector<Value> list;
    for (const std::string& version : versions) {
      std::vector<Value> resources;
      for (const auto& r : registry.all())
        if (r->group == group && r->version == version) resources.push_back(Aggregated(a, *r));
      list.push_back(a.Map({{"version", a.String(version)}, {"resources", a.List(resources)}, {"freshness", a.Borrow("Current")}}));
    }
    const Value metadata = group.empty() ? a.Map({}) : a.Map({{"name", a.String(group)}});
    groups.push_back(a.Map({{"metadata", metadata}, {"versions", a.List(list)}}));
  }
  return WriteJson(a.Map({{"kind", a.Borrow("APIGroupDiscoveryList")}, {"apiVersion", a.Borrow("apidiscovery.k8s.io/v2")}, {"metadata", a.Map({})}, {"items", a.List(groups)}}));
}

std::string ApiVersions() {
  return R"({"kind":"APIVersions","versions":["v1"],"serverAddressByClientCIDRs":[]})";
}

std::string ApiGroupList(const Registry& registry) {
  Arena a;
  std::vector<Value> groups;
  for (const auto& [group, versions] : Groups(registry))
    if (!group.empty()) groups.push_back(GroupVersions(a, group, versions));
  return WriteJson(a.Map({{"kind", a.Borrow("APIGroupList")}, {"apiVersion", a.Borrow("v1")}, {"groups", a.List(groups)}}));
}

std::string ApiGroup(const Registry& registry, std::string_view wanted) {
  Arena a;
  for (const auto& [group, versions] : Groups(registry)) {
    if (group != wanted) continue;
    const Value body = GroupVersions(a, group, versions);
    std::vector<Member> members = {{"kind", a.Borrow("APIGroup")}, {"apiVersion", a.Borrow("v1")}};
    members.insert(members.end(), body.members().begin(), body.members().end());
    return WriteJson(a.Map(members));
  }
  return "";
}

std::string ApiResourceList(const Registry& registry, std::string_view group, std::string_view version) {
  Arena a;
  std::vector<Value> resources;
  for (const auto& r : registry.all()) {
    if (r->group != group || r->version != version) continue;
    std::vector<Member> out = {{"name", a.String(r->plural)}, {"singularName", a.String(r->singular)}, {"namespaced", Arena::Bool(r->namespaced)},
                               {"kind", a.String(r->kind)},   {"verbs", Strings(a, r->verbs)}};
    if (!r->short_names.empty()) out.push_back({"shortNames", Strings(a, r->short_names)});
    if (!r->categories.empty()) out.push_back({"categories", Strings(a, r->categories)});
    resources.push_back(a.Map(out));
    for (const std::string& sub : r->subresources) {
      const Gvk kind = SubresourceKind(*r, sub);
      std::vector<Member> under = {{"name", a.String(r->plural + "/" + sub)}, {"singularName", a.Borrow("")}, {"namespaced", Arena::Bool(r->namespaced)}};
      if (kind != r->gvk()) under.insert(under.end(), {{"group", a.String(kind.group)}, {"version", a.String(kind.version)}});
      under.insert(under.end(), {{"kind", a.String(kind.kind)}, {"verbs", Strings(a, SubresourceVerbs(sub))}});
      resources.push_back(a.Map(under));
    }
  }
  if (resources.empty()) return "";
  const std::string name = group.empty() ? std::string(version) : fmt::format("{}/{}", group, version);
  return WriteJson(a.Map({{"kind", a.Borrow("APIResourceList")}, {"apiVersion", a.Borrow("v1")}, {"groupVersion", a.String(name)}, {"resources", a.List(resources)}}));
}

}  // namespace plumb::sandbox
