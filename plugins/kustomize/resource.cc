#include "plugins/kustomize/resource.h"

#include <algorithm>

#include "plugins/kustomize/as_written.h"
#include "plugins/kustomize/node.h"

namespace plumb::kustomize {
namespace {

#define PLUMB_INTERNAL_ANNOTATION "internal.config.kubernetes.io/"
constexpr std::string_view kPreviousNames = PLUMB_INTERNAL_ANNOTATION "previousNames";
constexpr std::string_view kPreviousNamespaces = PLUMB_INTERNAL_ANNOTATION "previousNamespaces";
constexpr std::string_view kPreviousKinds = PLUMB_INTERNAL_ANNOTATION "previousKinds";
constexpr std::string_view kPrefixes = PLUMB_INTERNAL_ANNOTATION "prefixes";
constexpr std::string_view kSuffixes = PLUMB_INTERNAL_ANNOTATION "suffixes";
constexpr std::string_view kBehavior = PLUMB_INTERNAL_ANNOTATION "generatorBehavior";
constexpr std::string_view kNeedsHash = PLUMB_INTERNAL_ANNOTATION "needsHashSuffix";
constexpr std::string_view kAllowName = PLUMB_INTERNAL_ANNOTATION "allowNameChange";
constexpr std::string_view kAllowKind = PLUMB_INTERNAL_ANNOTATION "allowKindChange";
constexpr std::string_view kEnabled = "enabled";

// What the fields of Resource hold; all other build annotations are only removed at the end.
constexpr std::string_view kHeld[] = {kPreviousNames, kPreviousNamespaces, kPreviousKinds, kPrefixes, kSuffixes,
                                      kBehavior,      kNeedsHash,          kAllowName,     kAllowKind};
constexpr std::string_view kOthers[] = {
    PLUMB_INTERNAL_ANNOTATION "refBy",
    PLUMB_INTERNAL_ANNOTATION "path",
    PLUMB_INTERNAL_ANNOTATION "index",
    PLUMB_INTERNAL_ANNOTATION "seqindent",
    PLUMB_INTERNAL_ANNOTATION "id",
    PLUMB_INTERNAL_ANNOTATION "annotations-migration-resource-id",
    "config.kubernetes.io/path",
    "config.kubernetes.io/index",
    "config.k8s.io/id",
};
#undef PLUMB_INTERNAL_ANNOTATION

std::string Join(const std::vector<std::string>& parts) {
  std::string joined;
  for (const std::string& part : parts) joined += (joined.empty() ? "" : ",") + part;
  return joined;
}

std::vector<std::string> Split(std::string_view text) {
  std::vector<std::string> parts;
  while (true) {
    const size_t comma = text.find(',');
    parts.emplace_back(text.substr(0, comma));
    if (comma == std::string_view::npos) return parts;
    text.remove_prefix(comma + 1);
  }
}

bool SameEnd(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  const auto& shorter = a.size() < b.size() ? a : b;
  const auto& longer = a.size() < b.size() ? b : a;
  if (shorter.empty()) return longer.empty();
  return std::equal(shorter.rbegin(), shorter.rend(), longer.rbegin());
}

// What takes the place of an identity has no type, as the program sets it.
Value Identity(Arena& arena, Value old, std::string_view text) {
  return old.is_null() ? arena.String(text) : UntypedOver(arena, old, text);
}

}  // namespace

std::vector<ResId> Resource::PreviousIds() const {
  std::vector<ResId> ids;
  if (previous.empty()) return ids;
  const std::string api_version = ScalarText(root.Get("apiVersion"));
  ids.reserve(previous.size());
  for (const PreviousName& p : previous)
    ids.push_back({ResGvk::FromApiVersion(api_version, p.kind), p.name, p.ns, false});
  return ids;
}

ResId Resource::OriginalId() const {
  if (previous.empty()) return CurrentId();
  const PreviousName& p = previous.front();
  return {ResGvk::FromApiVersion(ScalarText(root.Get("apiVersion")), p.kind), p.name, p.ns, false};
}

bool Resource::WasNamed(std::string_view name) const {
  const Value current = root.Get("metadata").Get("name");
  if (current.is_string() && !current.has_spelling() ? current.AsString() == name : ScalarText(current) == name) return true;
  return std::any_of(previous.begin(), previous.end(), [&](const PreviousName& p) { return p.name == name; });
}

bool Resource::MatchesAnyId(const ResId& id) const {
  if (!WasNamed(id.name)) return false;
  for (const ResId& mine : PreviousIds())
    if (id.Same(mine)) return true;
  return id.Same(CurrentId());
}

void Resource::StorePreviousId() {
  const ResId id = CurrentId();
  previous.push_back({id.name, std::string(id.EffectiveNamespace()), id.gvk.kind});
}

void SetName(Arena& arena, Resource& resource, std::string_view name) {
  resource.root = WithAt(arena, resource.root, {"metadata", "name"}, Identity(arena, resource.root.Get("metadata").Get("name"), name));
}

void SetNamespace(Arena& arena, Resource& resource, std::string_view ns) {
  resource.root = ns.empty() ? WithoutAt(arena, resource.root, {"metadata", "namespace"})
                             : WithAt(arena, resource.root, {"metadata", "namespace"}, Identity(arena, resource.root.Get("metadata").Get("namespace"), ns));
}

void SetKind(Arena& arena, Resource& resource, std::string_view kind) {
  resource.root = With(arena, resource.root, "kind", Identity(arena, resource.root.Get("kind"), kind));
}

Value WithBuildAnnotations(Arena& arena, const Resource& resource) {
  std::vector<std::pair<std::string_view, std::string>> added;
  if (!resource.previous.empty()) {
    std::vector<std::string> names, namespaces, kinds;
    for (const PreviousName& p : resource.previous) {
      names.push_back(p.name);
      namespaces.push_back(p.ns);
      kinds.push_back(p.kind);
    }
    added = {{kPreviousNames, Join(names)}, {kPreviousNamespaces, Join(namespaces)}, {kPreviousKinds, Join(kinds)}};
  }
  if (!resource.prefixes.empty()) added.emplace_back(kPrefixes, Join(resource.prefixes));
  if (!resource.suffixes.empty()) added.emplace_back(kSuffixes, Join(resource.suffixes));
  if (resource.behavior != Behavior::kUnset) added.emplace_back(kBehavior, BehaviorName(resource.behavior));
  if (resource.needs_hash) added.emplace_back(kNeedsHash, kEnabled);
  if (resource.allow_name_change) added.emplace_back(kAllowName, kEnabled);
  if (resource.allow_kind_change) added.emplace_back(kAllowKind, kEnabled);
  if (added.empty()) return resource.root;

  const Value old = resource.root.Get("metadata").Get("annotations");
  std::vector<Member> members(old.members().begin(), old.members().end());
  for (const auto& [key, text] : added) members.push_back({key, arena.String(text)});
  return WithAt(arena, resource.root, {"metadata", "annotations"}, arena.Map(members));
}

void TakeBuildAnnotations(Arena& arena, Resource& resource) {
  resource.previous.clear();
  resource.prefixes.clear();
  resource.suffixes.clear();
  resource.behavior = Behavior::kUnset;
  resource.needs_hash = resource.allow_name_change = resource.allow_kind_change = false;

  const Value annotations = resource.root.Get("metadata").Get("annotations");
  const auto text = [&](std::string_view key) { return ScalarText(annotations.Get(key)); };
  const bool any = std::any_of(std::begin(kHeld), std::end(kHeld), [&](auto key) { return annotations.Has(key); });
  if (!any) return;

  if (annotations.Has(kPreviousNames)) {
    const auto names = Split(text(kPreviousNames)), namespaces = Split(text(kPreviousNamespaces)),
               kinds = Split(text(kPreviousKinds));
    const size_t count = std::min({names.size(), namespaces.size(), kinds.size()});
    for (size_t i = 0; i < count; ++i) resource.previous.push_back({names[i], namespaces[i], kinds[i]});
  }
  if (annotations.Has(kPrefixes)) resource.prefixes = Split(text(kPrefixes));
  if (annotations.Has(kSuffixes)) resource.suffixes = Split(text(kSuffixes));
  if (annotations.Has(kBehavior)) resource.behavior = ParseBehavior(text(kBehavior));
  resource.needs_hash = text(kNeedsHash) == kEnabled;
  resource.allow_name_change = text(kAllowName) == kEnabled;
  resource.allow_kind_change = text(kAllowKind) == kEnabled;

  std::vector<Member> left;
  for (const Member& m : annotations.members())
    if (std::find(std::begin(kHeld), std::end(kHeld), m.key) == std::end(kHeld)) left.push_back(m);
  resource.root = WithAt(arena, resource.root, {"metadata", "annotations"}, arena.Map(left));
}

void InheritMetadata(Arena& arena, Resource& resource, const Resource& old) {
  for (std::string_view field : {std::string_view("labels"), std::string_view("annotations")}) {
    auto merged = MetadataMap(resource.root, field);
    merged.merge(MetadataMap(old.root, field));  // keeps what the new one has
    resource.root = WithMetadataMap(arena, resource.root, field, merged);
  }
  resource.previous = old.previous;
  resource.prefixes = old.prefixes;
  resource.suffixes = old.suffixes;
  resource.behavior = old.behavior;
  resource.allow_name_change = old.allow_name_change;
  resource.allow_kind_change = old.allow_kind_change;
  resource.needs_hash = resource.needs_hash && old.needs_hash;
  resource.ref_vars = old.ref_vars;
  const ResId id = old.CurrentId();
  SetName(arena, resource, id.name);
  SetNamespace(arena, resource, id.ns);
}

Status CleanAnnotations(Arena& arena, Resource& resource, bool keep_origin, bool keep_transformations) {
  auto annotations = MetadataMap(resource.root, "annotations");
  const bool had_any = !annotations.empty();
  for (std::string_view key : kOthers) annotations.erase(std::string(key));
  if (!keep_origin) annotations.erase(std::string(kOriginAnnotation));
  if (!keep_transformations) annotations.erase(std::string(kTransformationsAnnotation));
  if (!had_any && keep_origin && keep_transformations) return Ok();
  if (annotations.contains("")) return Invalid("an annotation of " + resource.CurrentId().ToString() + " has no key: give it one");
  for (const auto& [key, text] : annotations) PLUMB_OK(CheckAddedKey(key), "annotations of " + resource.CurrentId().ToString());
  resource.root = WithMetadataMap(arena, resource.root, "annotations", annotations);
  return Ok();
}

bool SamePrefixesAndSuffixes(const Resource& a, const Resource& b, bool allow_empty) {
  const auto agree = [&](const std::vector<std::string>& x, const std::vector<std::string>& y) {
    return (allow_empty && (x.empty() || y.empty())) || SameEnd(x, y);
  };
  return agree(a.prefixes, b.prefixes) && agree(a.suffixes, b.suffixes);
}

std::string_view BehaviorName(Behavior behavior) {
  switch (behavior) {
    case Behavior::kCreate: return "create";
    case Behavior::kReplace: return "replace";
    case Behavior::kMerge: return "merge";
    default: return "unspecified";
  }
}

Behavior ParseBehavior(std::string_view name) {
  for (Behavior b : {Behavior::kCreate, Behavior::kReplace, Behavior::kMerge})
    if (BehaviorName(b) == name) return b;
  return Behavior::kUnspecified;
}

}  // namespace plumb::kustomize
