// Any manifests, live objects and inventory make a plan or an error, never a crash; in a plan every edge points backwards in
// sequence and stage, and the same input gives the same digest. Nothing is deleted without a UID, an inventory, a complete view
// and source, a look at what it would take along, and budget or approval; nothing is deleted or replaced in a freeze.
#include <cstdint>
#include <cstdlib>

#include "core/edit.h"
#include "core/json.h"
#include "engine/plan/format.h"
#include "engine/plan/guards.h"
#include "engine/plan/holds.h"
#include "engine/plan/planner.h"

namespace {

using namespace plumb;  // NOLINT: a program of one file

// Reads choices from the fuzzer's bytes; 0 for ever at their end.
class Choices {
 public:
  Choices(const uint8_t* data, size_t size) : data_(data), size_(size) {}
  size_t Below(size_t n) { return size_ == 0 ? 0 : (--size_, *data_++ % n); }
  bool More() const { return size_ > 0; }

 private:
  const uint8_t* data_;
  size_t size_;
};

constexpr const char* kKinds[][2] = {
    {"v1", "Namespace"}, {"v1", "ConfigMap"}, {"v1", "Pod"}, {"apps/v1", "Deployment"}, {"batch/v1", "CronJob"}, {"x.io/v1", "Widget"},
    {"apiextensions.k8s.io/v1", "CustomResourceDefinition"}, {"admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration"},
    {"rbac.authorization.k8s.io/v1", "RoleBinding"}, {"networking.k8s.io/v1", "Ingress"}, {"v1", "LimitRange"}, {"v1", "ServiceAccount"}};
constexpr const char* kNames[] = {"a", "b", "c", "shop", "other"};
constexpr const char* kKeys[] = {"spec", "template", "containers", "volumes", "configMap", "name", "group", "names", "kind", "serviceAccountName", "subjects",
                                 "roleRef", "webhooks", "clientConfig", "service", "rules", "env", "secretName", "parentRefs"};
constexpr const char* kNotes[][2] = {
    {"plumb.dev/depends-on", "ConfigMap/a"}, {"plumb.dev/depends-on", "Pod/b, Namespace/shop"}, {"plumb.dev/depends-on", "/,"},
    {"config.kubernetes.io/depends-on", "apps/namespaces/shop/Deployment/a"}, {"config.kubernetes.io/depends-on", "/Namespace/shop"},
    {"argocd.argoproj.io/sync-wave", "-1"}, {"argocd.argoproj.io/sync-wave", "2147483647"}, {"argocd.argoproj.io/sync-wave", "x"},
    {"plumb.dev/prune", "disabled"}, {"plumb.dev/prune", "allowed"}, {"plumb.dev/replace", "allowed"}, {"argocd.argoproj.io/sync-options", ",Prune=false,"}};

Value Anything(Choices& c, Arena& a, int depth) {
  switch (depth > 5 ? c.Below(3) : c.Below(6)) {
    case 0: return a.String(kNames[c.Below(5)]);
    case 1: return Arena::Int(static_cast<int64_t>(c.Below(3)) - 1);
    case 2: return Arena::Null();
    case 3: {
      std::vector<Value> items;
      for (size_t n = c.Below(3); n > 0; --n) items.push_back(Anything(c, a, depth + 1));
      return a.List(items);
    }
    default: {
      Value map = a.Map({});
      for (size_t n = c.Below(4); n > 0; --n) map = With(a, map, kKeys[c.Below(std::size(kKeys))], Anything(c, a, depth + 1));
      return map;
    }
  }
}

Document Object(Choices& c, bool live) {
  return BuildDocument([&](Arena& a) {
    const size_t kind = c.Below(std::size(kKinds));
    Value metadata = a.Map({{"name", a.String(kNames[c.Below(5)])}});
    if (c.Below(3) != 0) metadata = With(a, metadata, "namespace", a.String(kNames[3 + c.Below(2)]));
    for (size_t n = c.Below(3); n > 0; --n) {
      const auto& note = kNotes[c.Below(std::size(kNotes))];
      metadata = WithAt(a, metadata, {"annotations", note[0]}, a.String(note[1]));
    }
    if (c.Below(3) == 0) metadata = With(a, metadata, "ownerReferences", Anything(c, a, 0));
    if (live && c.Below(8) != 0) metadata = With(a, metadata, "uid", a.String(kNames[c.Below(5)]));
    if (live && c.Below(8) == 0) metadata = With(a, metadata, "deletionTimestamp", a.String("t"));
    Value object = a.Map({{"apiVersion", a.String(kKinds[kind][0])}, {"kind", a.String(kKinds[kind][1])}, {"metadata", metadata}});
    for (size_t n = c.Below(3); n > 0; --n) object = With(a, object, kKeys[c.Below(std::size(kKeys))], Anything(c, a, 0));
    return object;
  });
}

LiveObject State(Choices& c, Document object) {
  switch (c.Below(4)) {
    case 0: return LiveObject::Absent();
    case 1: return LiveObject::Unknown("the fuzzer says so");
    default: return LiveObject::Present(std::move(object));
  }
}

void Require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Choices c(data, size);
  PlanInput input;
  input.application = "fuzz";
  input.inventory = Inventory("fuzz", "plumb-system");
  input.source.complete = c.Below(4) != 0;
  input.live.complete = c.Below(4) != 0;
  input.options.prune = c.Below(4) != 0;
  input.options.budget_deletes = c.Below(4);
  input.options.budget_percent = c.Below(3) * 20;
  input.removed_recently = c.Below(3);
  if (c.Below(8) == 0) input.frozen = "the fuzzer says so";
  if (c.Below(8) == 0) input.moved = "the fuzzer says so";
  for (int i = 0; i < 60 && c.More(); ++i) {
    const Document object = Object(c, false);
    if (c.Below(3) == 0) {
      const Document live = Object(c, true);
      const ObjectId id = IdOf(live.root());
      input.inventory.Set({id, "v1", c.Below(4) ? kNames[c.Below(5)] : ""});
      input.orphans[id] = State(c, live);
      if (c.Below(6) == 0) input.waits[id] = "somebody may claim it";
      if (!HasContents(id) || c.Below(4) == 0) continue;  // nobody looked into some
      Contents& contents = input.contents[id];
      contents.known.complete = c.Below(4) != 0;
      for (size_t n = c.Below(3); n > 0; --n) contents.objects.push_back({{"", "Pod", id.name, kNames[c.Below(5)]}, kNames[c.Below(5)], "", {kNames[c.Below(5)]}});
    } else {
      DesiredObject desired;
      desired.manifest = Stamp({object, {"f.yaml", i, 1}}, input.inventory.ApplySetId());
      desired.live = State(c, object);
      if (c.Below(10) == 0) desired.blocked = "its kind is not known";
      input.desired.push_back(std::move(desired));
    }
  }
  auto plan = MakePlan(input);
  if (!plan.ok()) {
    Require(plan.error().code() == Code::kInvalid);
    return 0;
  }
  Require(plan->steps.size() >= input.desired.size());
  size_t removals = 0, free_removals = 0;
  for (size_t i = 0; i < plan->steps.size(); ++i) {
    const Step& step = plan->steps[i];
    Require(step.stage < plan->stages.size());
    for (const Edge& edge : step.after) {
      Require(edge.on < i);
      Require(plan->steps[edge.on].stage <= step.stage);
    }
    if (i > 0) Require(plan->steps[i - 1].stage <= step.stage);
    if (step.action != Action::kDelete && step.action != Action::kReplace) continue;
    ++removals;
    Require(input.frozen.empty() && !step.uid.empty());
    free_removals += step.hold < 0;
    if (IsProtected(step, input.options)) Require(step.hold >= 0);
    if (step.action == Action::kReplace) continue;
    Require(input.inventory.Find(step.id) != nullptr);
    Require(input.source.complete && input.live.complete && input.options.prune && !input.waits.contains(step.id));
    if (!HasContents(step.id)) continue;
    const Contents& contents = input.contents.at(step.id);  // somebody looked, saw all of it, and all of it is ours
    Require(contents.known.complete && JudgeContents(contents, input.inventory, input.inventory.ApplySetId()).foreign.empty());
  }
  // Nothing beyond the budget, and nothing for an empty source, goes without a word.
  if (OverBudget(removals + input.removed_recently, input.inventory.entries().size(), input.options)) Require(free_removals == 0);
  if (input.desired.empty() || !input.moved.empty()) Require(free_removals == 0);
  Require(MakePlan(input)->digest == plan->digest);
  FormatPlan(*plan, {.colour = true, .unchanged = true, .reasons = true});
  WriteJson(PlanToJson(*plan).root());
  return 0;
}
