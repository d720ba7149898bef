#include "engine/kube/resource_map.h"

#include <fmt/core.h>

#include <algorithm>

#include "core/suggest.h"

namespace plumb::kube {
namespace {

std::vector<std::string> Strings(Value list) {
  std::vector<std::string> out;
  for (const Value item : list.items()) out.emplace_back(item.AsString());
  return out;
}

bool SameWord(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::ranges::equal(a, b, [&](char x, char y) { return lower(x) == lower(y); });
}

bool HasName(const Resource& resource, std::string_view name) {
  return SameWord(resource.plural, name) || SameWord(resource.gvk.kind, name) || SameWord(resource.singular, name) ||
         std::ranges::any_of(resource.short_names, [&](const std::string& s) { return SameWord(s, name); });
}

}  // namespace

Status ResourceMap::AddAggregated(Value list) {
  if (list.GetString("kind") != "APIGroupDiscoveryList") return Invalid("not an APIGroupDiscoveryList");
  for (const Value group : list.Get("items").items()) {
    const std::string_view group_name = group.Get("metadata").GetString("name");
    for (const Value version : group.Get("versions").items()) {
      const std::string_view version_name = version.GetString("version");
      // The aggregator could not reach the server behind this version: what it lists is old or nothing.
      if (version.GetString("freshness") == "Stale")
        AddUnknown(Gvk{std::string(group_name), std::string(version_name), ""}.ApiVersion(), "its API service does not answer");
      for (const Value item : version.Get("resources").items()) {
        const Value kind = item.Get("responseKind");
        if (item.GetString("resource").empty() || kind.GetString("kind").empty()) continue;
        Resource resource;
        resource.gvk = {std::string(group_name), std::string(version_name), std::string(kind.GetString("kind"))};
        resource.plural = item.GetString("resource");
        resource.singular = item.GetString("singularResource");
        resource.namespaced = item.GetString("scope") == "Namespaced";
        resource.verbs = Strings(item.Get("verbs"));
        resource.short_names = Strings(item.Get("shortNames"));
        resource.categories = Strings(item.Get("categories"));
        for (const Value sub : item.Get("subresources").items()) resource.subresources.emplace_back(sub.GetString("subresource"));
        resources_.push_back(std::move(resource));
      }
    }
  }
  return Ok();
}

Status ResourceMap::AddLegacy(std::string_view group, std::string_view version, Value list) {
  if (list.GetString("kind") != "APIResourceList") return Invalid("not an APIResourceList");
  const size_t first = resources_.size();
  for (const Value item : list.Get("resources").items()) {
    const std::string_view name = item.GetString("name");
    if (name.empty() || item.GetString("kind").empty()) continue;
    if (const size_t slash = name.find('/'); slash != std::string_view::npos) {
      const auto owner = std::find_if(resources_.begin() + static_cast<std::ptrdiff_t>(first), resources_.end(),
                                      [&](const Resource& r) { return r.plural == name.substr(0, slash); });
      if (owner != resources_.end()) owner->subresources.emplace_back(name.substr(slash + 1));
      continue;
    }
    Resource resource;
    resource.gvk = {std::string(group), std::string(version), std::string(item.GetString("kind"))};
    resource.plural = name;
    resource.singular = item.GetString("singularName");
    resource.namespaced = item.Get("namespaced").AsBool();
    resource.verbs = Strings(item.Get("verbs"));
    resource.short_names = Strings(item.Get("shortNames"));
    resource.categories = Strings(item.Get("categories"));
    resources_.push_back(std::move(resource));
  }
  return Ok();
}

Error ResourceMap::Absent(std::string_view group, std::string_view version, std::string_view kind) const {
  for (const auto& [name, reason] : unknown_) {
    const size_t slash = name.find('/');
    const std::string_view unknown_group = slash == std::string::npos ? (name == "v1" ? "" : std::string_view(name)) : std::string_view(name).substr(0, slash);
    const bool whole_group = slash == std::string::npos;
    const bool matches = unknown_group == group && (whole_group || version.empty() || std::string_view(name).substr(slash + 1) == version);
    if (matches || name == "*")
      return Unavailable(fmt::format("whether the cluster has kind '{}' is not known: '{}' could not be asked ({})", kind, name, reason));
  }
  std::vector<std::string> kinds;
  for (const Resource& r : resources_)
    if (r.gvk.kind != kind && std::ranges::find(kinds, r.gvk.kind) == kinds.end()) kinds.push_back(r.gvk.kind);
  for (const Resource& r : resources_)
    if (r.gvk.kind == kind)
      return NotFound(fmt::format("kind '{}' of '{}{}{}' is not known to the cluster; it has '{}'", kind, group, group.empty() || version.empty() ? "" : "/",
                                  version, r.gvk.ApiVersion()));
  return NotFound(fmt::format("kind '{}' of '{}{}{}' is not known to the cluster{}", kind, group, group.empty() || version.empty() ? "" : "/", version,
                              DidYouMean(kind, kinds)));
}

Result<const Resource*> ResourceMap::Find(const Gvk& gvk) const {
  const auto found = std::ranges::find(resources_, gvk, &Resource::gvk);
  if (found == resources_.end()) return Absent(gvk.group, gvk.version, gvk.kind);
  return &*found;
}

Result<const Resource*> ResourceMap::FindKind(std::string_view group, std::string_view kind) const {
  const auto found = std::ranges::find_if(resources_, [&](const Resource& r) { return r.gvk.group == group && r.gvk.kind == kind; });
  if (found == resources_.end()) return Absent(group, "", kind);
  return &*found;
}

Result<const Resource*> ResourceMap::FindByName(std::string_view name) const {
  const size_t dot = name.find('.');
  const std::string_view word = name.substr(0, dot), rest = dot == std::string_view::npos ? "" : name.substr(dot + 1);
  const size_t second = rest.find('.');
  const std::string_view version = rest.substr(0, second), after = second == std::string_view::npos ? "" : rest.substr(second + 1);
  for (const Resource& resource : resources_) {
    if (!HasName(resource, word)) continue;
    if (rest.empty() || resource.gvk.group == rest || (resource.gvk.version == version && resource.gvk.group == after)) return &resource;
  }
  if (!rest.empty()) return Absent(rest, "", word);
  if (!complete()) {
    const auto& [unknown, reason] = *unknown_.begin();
    return Unavailable(fmt::format("no kind '{}' was found, but '{}' could not be asked ({})", name, unknown, reason));
  }
  std::vector<std::string> words;
  for (const Resource& r : resources_) words.push_back(r.plural);
  return NotFound(fmt::format("the cluster has no kind '{}'{}", name, DidYouMean(name, words)));
}

}  // namespace plumb::kube
