#include "engine/loop/application_plan.h"

#include <fmt/core.h>

#include <algorithm>
#include <set>

#include "core/edit.h"
#include "diff/object_diff.h"
#include "engine/plan/hook_planner.h"

namespace plumb {

namespace {

Manifest NamespaceManifest(const std::string& name) {
  return {BuildDocument([&](Arena& a) {
            return a.Map({{"apiVersion", Arena::Borrow("v1")},
                          {"kind", Arena::Borrow("Namespace")},
                          {"metadata", a.Map({{"name", a.String(name)}})}});
          }),
          {}};
}

bool UsesNamespace(std::span<const Manifest> manifests, const std::string& ns) {
  return std::any_of(manifests.begin(), manifests.end(), [&](const Manifest& m) { return m.root().Get("metadata").GetString("namespace") == ns; });
}

bool Defines(const std::vector<Manifest>& manifests, const ObjectId& id) {
  return std::any_of(manifests.begin(), manifests.end(), [&](const Manifest& m) { return IdOf(m.root()) == id; });
}

// HorizontalPodAutoscalers, and KEDA's ScaledObjects, which make one.
std::map<ObjectId, std::string> AutoscaledBy(const std::vector<Manifest>& manifests) {
  std::map<ObjectId, std::string> out;
  for (const Manifest& manifest : manifests) {
    const ObjectId id = IdOf(manifest.root());
    const bool keda = id.group == "keda.sh" && id.kind == "ScaledObject";
    if (!keda && !(id.group == "autoscaling" && id.kind == "HorizontalPodAutoscaler")) continue;
    const Value target = GetAt(manifest.root(), {"spec", "scaleTargetRef"});
    const std::string_view version = target.GetString("apiVersion"), kind = target.GetString("kind");
    const Gvk gvk = MakeGvk(version.empty() && keda ? "apps/v1" : version, kind.empty() && keda ? "Deployment" : kind);
    out[{gvk.group, gvk.kind, id.ns, std::string(target.GetString("name"))}] = id.ToString();
  }
  return out;
}

// The diffs that the server can be asked about: not of objects whose namespace or kind comes with this very plan.
std::vector<ObjectDiff*> Askable(const std::vector<DesiredObject>& desired, const std::vector<std::shared_ptr<ObjectDiff>>& diffs, const SchemaLookup& schema) {
  std::set<std::string_view> new_namespaces;
  for (const auto& diff : diffs)
    if (diff && diff->action == DiffAction::kCreate && diff->id.group.empty() && diff->id.kind == "Namespace") new_namespaces.insert(diff->id.name);
  std::vector<ObjectDiff*> askable;
  for (size_t i = 0; i < diffs.size(); ++i) {
    if (!diffs[i] || !desired[i].blocked.empty()) continue;
    const bool creates = diffs[i]->action == DiffAction::kCreate;
    if (creates && (new_namespaces.contains(diffs[i]->id.ns) || schema(diffs[i]->gvk).second == nullptr)) continue;
    askable.push_back(diffs[i].get());
  }
  return askable;
}

}  // namespace

DesiredSet CompleteDesired(const Application& application, std::vector<Manifest> rendered, const ScopeLookup& scope_of) {
  NamespacedManifests named = DefaultNamespaces(std::move(rendered), scope_of, application.target_namespace);
  DesiredSet desired;
  desired.unknown = std::move(named.unknown);
  desired.warnings = std::move(named.warnings);
  const std::string applyset = Inventory(application.name, application.ns).ApplySetId();
  desired.manifests.reserve(named.manifests.size() + 1);
  std::vector<UnknownKind> unknown = std::exchange(desired.unknown, {});
  for (size_t i = 0; i < named.manifests.size(); ++i) {
    Manifest& manifest = named.manifests[i];
    const auto reason = std::find_if(unknown.begin(), unknown.end(), [&](const UnknownKind& u) { return u.manifest == i; });
    if (IsHook(manifest.root())) {
      if (reason != unknown.end()) desired.hooks.blocked[desired.hooks.manifests.size()] = reason->reason;
      desired.hooks.manifests.push_back(std::move(manifest));
      continue;
    }
    if (reason != unknown.end()) desired.unknown.push_back({desired.manifests.size(), reason->reason});
    desired.manifests.push_back(Stamp(std::move(manifest), applyset));
  }
  desired.hooks.content = desired.hooks.manifests.empty() ? "none" : ContentOf(desired.manifests, desired.hooks.manifests);
  desired.unowned_from = desired.manifests.size();
  desired.autoscaled = AutoscaledBy(desired.manifests);

  const std::string& ns = application.target_namespace;
  const bool always_there = ns == "default" || ns.starts_with("kube-");
  if (application.sync.create_namespace && !always_there && (UsesNamespace(desired.manifests, ns) || UsesNamespace(desired.hooks.manifests, ns)) &&
      !Defines(desired.manifests, {"", "Namespace", "", ns}))
    desired.manifests.push_back(NamespaceManifest(ns));
  return desired;
}

std::vector<WantedObject> ObjectsToRead(const DesiredSet& desired, const Inventory& inventory) {
  std::vector<WantedObject> wanted;
  std::set<ObjectId> seen;
  for (const Manifest& manifest : desired.manifests) {
    wanted.push_back({IdOf(manifest.root()), GvkOf(manifest.root())});
    seen.insert(wanted.back().id);
  }
  for (const auto& [id, entry] : inventory.entries())
    if (seen.insert(id).second) wanted.push_back({id, {id.group, entry.version, id.kind}});
  for (auto& [id, gvk] : HookObjects(desired.hooks, inventory))
    if (seen.insert(id).second) wanted.push_back({id, gvk});
  return wanted;
}

ObjectDiff DiffDesired(const Manifest& manifest, const LiveObject& live, const PlanView& view) {
  const auto [schema, type] = view.schema(GvkOf(manifest.root()));
  DiffInput input;
  input.manifest = manifest;
  input.live = live.object;
  input.type = type;
  input.schema = schema;
  input.ignore = view.ignore;
  const ObjectId id = IdOf(manifest.root());
  if (view.autoscaled)
    if (const auto scaled = view.autoscaled->find(id); scaled != view.autoscaled->end()) input.autoscaler = scaled->second;
  if (view.declared_before) input.declared_before = view.declared_before(id);
  return DiffObject(input);
}

ObjectDiff CheckedDiff(const Manifest& manifest, const LiveObject& live, const PlanView& view) {
  ObjectDiff diff = DiffDesired(manifest, live, view);
  ObjectDiff* const one[] = {&diff};
  if (view.check) view.check(one);
  return diff;
}

Result<Plan> PlanApplication(const Application& application, const DesiredSet& desired, const Inventory& inventory, const PlanView& given) {
  PlanView view = given;
  if (!view.autoscaled) view.autoscaled = &desired.autoscaled;
  PlanInput input;
  input.application = application.name;
  input.inventory = inventory;
  input.source = view.source;
  input.live = view.complete;
  input.options.prune = application.sync.prune || application.deleting;
  input.options.remove_all = application.deleting;
  input.options.deleting = application.deleting;
  input.options.budget_deletes = application.budget.deletes;
  input.options.budget_percent = application.budget.percent;
  input.options.own_namespaces = {application.ns};
  if (!view.own_namespace.empty()) input.options.own_namespaces.insert(view.own_namespace);
  input.frozen = view.frozen;
  if (const std::string source = SourceText(application); !source.empty() && !inventory.source().empty() && source != inventory.source())
    input.moved = fmt::format("{}; before: {}", source, inventory.source());
  for (const std::string& name : application.takes_over) {
    const size_t slash = name.find('/');
    input.options.adopt_from.insert(Inventory(name.substr(slash + 1), name.substr(0, slash)).ApplySetId());
  }
  const std::string own_id = inventory.ApplySetId();
  const auto look_up = [&](const LiveObject& live) {
    const std::string id(GetAt(live.object.root(), {"metadata", "labels"}).GetString(kPartOfLabel));
    if (id.empty() || id == own_id || !view.other || input.others.contains(id)) return;
    auto other = view.other(id);
    input.others.emplace(id, other.ok() ? *std::move(other) : OtherApplication{"", {}, other.error().message()});
  };
  input.inventory_size = view.inventory_size;
  input.removed_recently = view.removed_recently;
  if (view.refused) input.refused = *view.refused;

  std::set<ObjectId> known;
  std::vector<std::shared_ptr<ObjectDiff>> diffs(desired.manifests.size());
  input.desired.reserve(desired.manifests.size());
  for (size_t i = 0; i < desired.manifests.size(); ++i) {
    const Manifest& manifest = desired.manifests[i];
    DesiredObject object;
    object.manifest = manifest;
    object.owned = i < desired.unowned_from;
    object.live = view.live({IdOf(manifest.root()), GvkOf(manifest.root())});
    if (object.live.state != LiveObject::State::kUnknown) object.diff = diffs[i] = std::make_shared<ObjectDiff>(DiffDesired(manifest, object.live, view));
    look_up(object.live);
    known.insert(IdOf(manifest.root()));
    input.desired.push_back(std::move(object));
  }
  for (const UnknownKind& unknown : desired.unknown) input.desired[unknown.manifest].blocked = unknown.reason;
  std::vector<std::string> unchecked;
  if (view.check) unchecked = view.check(Askable(input.desired, diffs, view.schema));
  // What is not there and is to be left alone is not made (plumb.dev/reconcile: disabled and the like).
  std::erase_if(input.desired, [](const DesiredObject& object) {
    return object.live.state == LiveObject::State::kAbsent && object.diff && object.diff->action == DiffAction::kNone;
  });
  const bool deletes = input.options.prune && view.source.complete && view.complete.complete;
  for (const auto& [id, entry] : inventory.entries()) {
    if (known.contains(id)) continue;
    LiveObject live = view.live({id, {id.group, entry.version, id.kind}});
    look_up(live);
    if (view.waits)
      if (std::string why = view.waits(entry); !why.empty()) input.waits.emplace(id, std::move(why));
    if (deletes && view.contents && HasContents(id) && live.state == LiveObject::State::kPresent) input.contents.emplace(id, view.contents(id, live.object.root()));
    input.orphans.emplace(id, std::move(live));
  }

  input.hooks = desired.hooks;
  input.hooks.request = view.request;
  input.hooks.retry = view.retry_hooks;
  for (const auto& [id, gvk] : HookObjects(desired.hooks, inventory)) input.hooks.live.emplace(id, view.live({id, gvk}));

  PLUMB_TRY(plan, MakePlan(input));
  plan.warnings.insert(plan.warnings.begin(), desired.warnings.begin(), desired.warnings.end());
  plan.unchecked = std::move(unchecked);
  return plan;
}

void RecordSource(const Application& application, const Plan& plan, const std::string& approved, Inventory& inventory) {
  const bool held = !plan.ApprovedBy(approved) && std::any_of(plan.holds.begin(), plan.holds.end(), [](const Hold& hold) { return hold.id == "moved"; });
  if (std::string source = SourceText(application); !held && !source.empty()) inventory.set_source(std::move(source));
}

Result<Inventory> ReadInventory(const Application& application, Value record) {
  if (record.is_null()) return Inventory(application.name, application.ns);
  PLUMB_TRY(inventory, Inventory::Parse(record), "inventory");
  if (inventory.application() != application.name)
    return Conflict(fmt::format("inventory: {} belongs to application '{}', not to '{}'; choose another --name", inventory.record().ToString(),
                                inventory.application(), application.name));
  return inventory;
}

}  // namespace plumb
