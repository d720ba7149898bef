#include "engine/sandbox/resource.h"

#include <fmt/core.h>

#include <algorithm>

#include "core/edit.h"
#include "diff/embedded_schema.h"

namespace plumb::sandbox {

bool Resource::Has(std::string_view subresource) const { return std::ranges::find(subresources, subresource) != subresources.end(); }
bool Resource::Allows(std::string_view verb) const { return std::ranges::find(verbs, verb) != verbs.end(); }

void Registry::Add(Resource resource) {
  all_.push_back(std::make_unique<Resource>(std::move(resource)));
  const Resource* r = all_.back().get();
  by_path_.emplace(fmt::format("{}/{}/{}", r->group, r->version, r->plural), r);
  by_kind_.emplace(fmt::format("{}/{}/{}", r->group, r->version, r->kind), r);
  by_store_.emplace(r->StoreName(), r);  // the first version given wins: the preferred one
}

const Resource* Registry::Find(std::string_view group, std::string_view version, std::string_view plural) const {
  const auto found = by_path_.find(fmt::format("{}/{}/{}", group, version, plural));
  return found == by_path_.end() ? nullptr : found->second;
}

const Resource* Registry::FindKind(const Gvk& gvk) const {
  const auto found = by_kind_.find(fmt::format("{}/{}/{}", gvk.group, gvk.version, gvk.kind));
  return found == by_kind_.end() ? nullptr : found->second;
}

const Resource* Registry::FindStored(std::string_view store_name) const {
  const auto found = by_store_.find(store_name);
  return found == by_store_.end() ? nullptr : found->second;
}

bool Registry::HasGroupVersion(std::string_view group, std::string_view version) const {
  return std::ranges::any_of(all_, [&](const auto& r) { return r->group == group && r->version == version; });
}

namespace {

std::vector<std::string> Strings(Value list) {
  std::vector<std::string> out;
  for (Value item : list.items()) out.emplace_back(item.AsString());
  return out;
}

// The versions of a CRD that are served, highest priority first: v2, v1, v1beta1, v1alpha1, others by name.
// Source: apimachinery version.CompareKubeAwareVersionStrings.
int VersionRank(std::string_view v) {
  if (v.size() < 2 || v[0] != 'v' || v[1] < '0' || v[1] > '9') return 0;
  const size_t word = v.find_first_not_of("0123456789", 1);
  const int major = std::atoi(std::string(v.substr(1, word)).c_str());
  if (word == std::string_view::npos) return 2'000'000 + major * 1000;
  const std::string_view rest = v.substr(word);
  const bool beta = rest.starts_with("beta"), alpha = rest.starts_with("alpha");
  if (!beta && !alpha) return 0;
  return (beta ? 1'000'000 : 1000) + major * 100 + std::atoi(std::string(rest.substr(beta ? 4 : 5)).c_str());
}

// What only a real node or an aggregator could answer, and the second form of Events, is left out.
bool Served(const EmbeddedResource& r) {
  static constexpr std::string_view kLeftOut[] = {"bindings", "componentstatuses", "tokenreviews"};
  return !r.preview && r.gvk.group != "events.k8s.io" && std::ranges::find(kLeftOut, r.plural) == std::end(kLeftOut);
}

bool ServedSubresource(std::string_view name) {
  static constexpr std::string_view kServed[] = {"status", "scale", "finalize", "eviction", "binding", "approval", "log"};
  return std::ranges::find(kServed, name) != std::end(kServed);
}

}  // namespace

std::shared_ptr<const Registry> Registry::BuiltIn() {
  static const std::shared_ptr<const Registry> registry = [] {
    auto made = std::make_shared<Registry>();
    for (const EmbeddedResource& r : EmbeddedResources()) {
      if (!Served(r)) continue;
      Resource served{r.gvk.group, r.gvk.version, r.plural, r.singular, r.gvk.kind, r.namespaced, r.short_names, r.categories, r.verbs, {}, {}};
      for (const EmbeddedSubresource& sub : r.subresources)
        if (ServedSubresource(sub.name)) served.subresources.push_back(sub.name);
      made->Add(std::move(served));
    }
    return made;
  }();
  return registry;
}

std::shared_ptr<const Registry> Registry::With(const std::vector<Document>& crds) {
  auto registry = std::make_shared<Registry>();
  for (const auto& r : BuiltIn()->all()) registry->Add(*r);
  for (const Document& crd : crds) {
    const Value spec = crd->Get("spec"), names = spec.Get("names");
    std::vector<Value> versions(spec.Get("versions").items().begin(), spec.Get("versions").items().end());
    std::ranges::stable_sort(versions, [](Value a, Value b) { return VersionRank(a.GetString("name")) > VersionRank(b.GetString("name")); });
    for (Value version : versions) {
      if (!version.Get("served").AsBool()) continue;
      Resource r;
      r.group = spec.GetString("group");
      r.version = version.GetString("name");
      r.plural = names.GetString("plural");
      r.kind = names.GetString("kind");
      r.singular = names.GetString("singular");
      if (r.singular.empty()) {
        r.singular = r.kind;
        std::ranges::transform(r.singular, r.singular.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
      }
      r.namespaced = spec.GetString("scope") == "Namespaced";
      r.short_names = Strings(names.Get("shortNames"));
      r.categories = Strings(names.Get("categories"));
      r.verbs = {"delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"};
      for (std::string_view sub : {"status", "scale"})
        if (version.Get("subresources").Has(sub)) r.subresources.emplace_back(sub);
      r.crd_version = crd.At(version);
      registry->Add(std::move(r));
    }
  }
  return registry;
}

}  // namespace plumb::sandbox
