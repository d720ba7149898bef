#include "engine/plan/guards.h"

#include <fmt/core.h>

#include "core/edit.h"
#include "engine/plan/references.h"
#include "engine/plan/sync_options.h"

namespace plumb {
namespace {

struct KeepAnnotation {
  std::string_view key, value;
};
// The words of the peers for "never prune this", so that a repository which moves to Plumb stays as safe as it was.
constexpr KeepAnnotation kKeep[] = {
    {"plumb.dev/prune", "disabled"},
    {"helm.sh/resource-policy", "keep"},
    {"kustomize.toolkit.fluxcd.io/prune", "disabled"},
    {"client.lifecycle.config.k8s.io/deletion", "detach"},
    {"cli-utils.sigs.k8s.io/on-remove", "keep"},
};
std::string_view PartOf(Value live) { return GetAt(live, {"metadata", "labels"}).GetString(kPartOfLabel); }

// A desired object that lives inside the namespace or is of the CRD's kind: deleting `live` would take it along.
const ObjectId* FindInside(const ObjectId& id, Value live, const PlanInput& input, std::vector<ObjectId>& store) {
  const bool is_namespace = id.group.empty() && id.kind == "Namespace";
  const bool is_crd = id.kind == "CustomResourceDefinition";
  if (!is_namespace && !is_crd) return nullptr;
  const Value spec = live.Get("spec");
  for (const DesiredObject& desired : input.desired) {
    const ObjectId other = IdOf(desired.manifest.root());
    const bool inside = is_namespace ? other.ns == id.name
                                     : other.group == spec.GetString("group") && other.kind == GetAt(spec, {"names", "kind"}).AsString();
    if (inside) return &store.emplace_back(other);
  }
  return nullptr;
}

// "everything that application 'x' made", of an object whose finalizer does that; else "".
std::string Unit(const ObjectId& id, Value live) {
  const bool ours = id.kind == "Application" && id.group == "plumb.dev";
  const bool argo = id.kind == "Application" && id.group == "argoproj.io";
  if (!ours && !argo) return "";
  for (Value finalizer : GetAt(live, {"metadata", "finalizers"}).items()) {
    const std::string_view name = finalizer.AsString();
    if (ours ? name == "plumb.dev/delete" : name.starts_with("resources-finalizer.argocd.argoproj.io"))
      return fmt::format("everything that application '{}' made (finalizer '{}')", id.name, name);
  }
  return "";
}

}  // namespace

std::optional<std::string> WhyKept(const InventoryEntry& entry, Value live, const PlanInput& input, std::string_view applyset_id) {
  const ObjectId& id = entry.id;
  const Value metadata = live.Get("metadata");
  if (const Value* since = metadata.Find("deletionTimestamp"); since && !since->is_null()) {
    std::string finalizers;
    for (Value f : metadata.Get("finalizers").items()) finalizers += fmt::format("{}'{}'", finalizers.empty() ? "" : ", ", f.AsString());
    return fmt::format("is being deleted since {}{}{}", since->AsString(), finalizers.empty() ? "" : ", and waits for the finalizers ", finalizers);
  }
  for (const KeepAnnotation& keep : kKeep)
    if (AnnotationOf(live, keep.key) == keep.value) return fmt::format("annotation '{}: {}'", keep.key, keep.value);
  if (std::string why = KeptBySyncOption(live, input.options.deleting); !why.empty()) return why;
  if (id.group.empty() && id.kind == "Namespace" && input.options.kept_namespaces.contains(id.name))
    return fmt::format("namespace '{}' belongs to the cluster", id.name);
  if (id.group.empty() && id.kind == "Namespace" && input.options.own_namespaces.contains(id.name))
    return fmt::format("namespace '{}' is where Plumb runs, or keeps the record of this application", id.name);
  if (id.kind == "CustomResourceDefinition" && id.name.ends_with(".plumb.dev")) return "Plumb itself works with it";
  if (const std::string_view other = OtherOwner(live, applyset_id); !other.empty())
    return fmt::format("is part of another application now ({})", other);
  // A copied label proves nothing about an object that was made anew; only with ours on it (a restored backup) is it ours.
  if (metadata.GetString("uid") != entry.uid && PartOf(live) != applyset_id)
    return entry.uid.empty() ? "nothing proves that this application made it" : "was deleted and made anew by someone else";
  std::vector<ObjectId> store;
  if (const ObjectId* inside = FindInside(id, live, input, store))
    return fmt::format("{} is still wanted, and would be deleted with it", inside->ToString());
  return std::nullopt;
}

bool IsProtected(const ObjectId& id, Value live, const PlanOptions& options) {
  if (AnnotationOf(live, "plumb.dev/prune") == "allowed") return false;
  if (NeedsConfirmation(live, options.deleting)) return true;
  const std::string kind = id.group.empty() ? id.kind : id.kind + "." + id.group;
  return options.protected_kinds.contains(kind) || !Unit(id, live).empty();
}

bool IsProtected(const Step& step, const PlanOptions& options) {
  if (step.action == Action::kReplace && ReplaceAllowed(step.desired.root())) return false;
  return IsProtected(step.id, step.live.root(), options);
}

std::optional<std::string> WhyInUse(const ObjectId& id, const PlanInput& input, std::string_view applyset_id, std::string* takes_along) {
  const auto live = input.orphans.find(id);
  if (live != input.orphans.end()) *takes_along = Unit(id, live->second.object.root());
  if (!HasContents(id)) return std::nullopt;
  const auto found = input.contents.find(id);
  if (found == input.contents.end()) return "what is in it is not known: nobody looked";
  const Contents& contents = found->second;
  if (!contents.known.complete) return fmt::format("what is in it is not known: {}", contents.known.reason);
  const Cascade cascade = JudgeContents(contents, input.inventory, applyset_id);
  if (!cascade.foreign.empty())
    return fmt::format("{} {} in it, and this application does not own {}", NameSome(cascade.foreign), cascade.foreign.size() == 1 ? "is" : "are",
                       cascade.foreign.size() == 1 ? "it" : "them");
  if (!cascade.dragged.empty()) *takes_along = fmt::format("{} object{} in it: {}", cascade.dragged.size(), cascade.dragged.size() == 1 ? "" : "s", NameSome(cascade.dragged));
  return std::nullopt;
}

bool ReplaceAllowed(Value desired) { return AnnotationOf(desired, "plumb.dev/replace") == "allowed"; }

std::string FrozenText(std::string_view reason) { return fmt::format("destructive operations are frozen: {}", reason); }

bool IsReplaceable(const ObjectId& id, Value desired, const PlanOptions& options) {
  for (std::string_view kind : {"Namespace", "CustomResourceDefinition", "PersistentVolume", "PersistentVolumeClaim"})
    if (id.kind == kind) return false;
  const std::string_view word = AnnotationOf(desired, "plumb.dev/replace");
  return word == "allowed" || (word != "disabled" && AllowsReplace(desired)) || (options.replace && word != "disabled");
}

std::string_view OtherOwner(Value live, std::string_view applyset_id) {
  const std::string_view part_of = PartOf(live);
  return part_of == applyset_id ? std::string_view() : part_of;
}

}  // namespace plumb
