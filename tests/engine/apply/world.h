// A cluster in memory and everything that makes plans for it and carries them out, for tests of apply.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "diff/object_diff.h"
#include "engine/apply/run.h"
#include "engine/plan/hook_planner.h"
#include "engine/plan/planner.h"
#include "tests/engine/apply/fake_cluster.h"
#include "tests/engine/plan/objects.h"

namespace plumb::testing {

inline const ObjectId kRecord = Inventory("shop", "plumb-system").record();

// A cluster and everything that makes plans for it.
struct World {
  std::shared_ptr<FakeCluster> cluster = std::make_shared<FakeCluster>();
  FakeClock clock;
  kube::Client client{cluster, {.attempts = 1}, clock};
  ApplyOptions options;
  PlanOptions plan_options;
  bool retry_hooks = false;
  std::string request;

  World() { cluster->Put(Namespace("plumb-system")); }

  Inventory Stored() const {
    const Document record = cluster->Get(kRecord);
    if (record->is_null()) return Inventory("shop", "plumb-system");
    auto parsed = Inventory::Parse(record.root());
    EXPECT_TRUE(parsed.ok()) << parsed.error().message();
    return *parsed;
  }

  std::optional<InventoryEntry> Recorded(const ObjectId& id) const {
    const Inventory stored = Stored();
    const InventoryEntry* entry = stored.Find(id);
    return entry ? std::optional(*entry) : std::nullopt;
  }

  Plan MakePlanFor(const std::vector<Document>& desired) const {
    PlanInput input;
    input.application = "shop";
    input.inventory = Stored();
    input.source.complete = input.live.complete = true;
    input.options = plan_options;
    const auto look = [&](const ObjectId& id) {
      const Document live = cluster->Get(id);
      return live->is_null() ? LiveObject::Absent() : LiveObject::Present(live);
    };
    std::vector<Manifest> manifests;
    for (const Document& object : desired) {
      if (IsHook(object.root())) {
        input.hooks.manifests.push_back(At(object));
        continue;
      }
      DesiredObject d;
      d.manifest = Stamp(At(object), input.inventory.ApplySetId());
      d.live = look(IdOf(object.root()));
      DiffInput diff;
      diff.manifest = d.manifest;
      diff.live = d.live.object;
      d.diff = std::make_shared<ObjectDiff>(DiffObject(diff));
      manifests.push_back(d.manifest);
      input.desired.push_back(std::move(d));
    }
    input.hooks.content = input.hooks.manifests.empty() ? "none" : ContentOf(manifests, input.hooks.manifests);
    input.hooks.retry = retry_hooks;
    input.hooks.request = request;
    for (const auto& [id, gvk] : HookObjects(input.hooks, input.inventory)) input.hooks.live.emplace(id, look(id));
    for (const auto& [id, entry] : input.inventory.entries()) input.orphans.emplace(id, look(id));
    for (const auto& [id, entry] : input.inventory.entries())
      if (HasContents(id)) input.contents[id].known.complete = true;  // nobody else is about
    auto plan = MakePlan(input);
    EXPECT_TRUE(plan.ok()) << plan.error().message();
    return plan.ok() ? *plan : Plan();
  }

  // Runs to the end: the server handles one request, then its controllers work, then time passes where nothing else moves.
  Result<ApplyReport> Run(const Plan& plan, const ApplyProgress& progress = nullptr) {
    const Inventory inventory = Stored();
    const ResourceLookup resources = FakeResources;
    ApplyRun run(client, resources, options, clock, plan, inventory, progress);
    for (int i = 0; run.Step(); ++i) {
      if (i > 100'000) ADD_FAILURE() << "the run does not end";
      if (!cluster->pending.empty()) {
        cluster->Handle();
      } else {
        cluster->Tick();
        if (run.NextTimer() > clock.Now() && run.NextTimer() != TimePoint::max()) clock.Advance(run.NextTimer() - clock.Now());
      }
    }
    return run.Finish();
  }

  ApplyReport Apply(const std::vector<Document>& desired) {
    auto report = Run(MakePlanFor(desired));
    EXPECT_TRUE(report.ok()) << report.error().message();
    return report.ok() ? *report : ApplyReport();
  }
};

inline Document Deployment(std::string_view name, std::string_view config = "", std::string_view metadata = "", int revision = 1) {
  const std::string volumes = config.empty() ? "" : R"("volumes":[{"configMap":{"name":")" + std::string(config) + R"("}}],)";
  return Object("apps/v1", "Deployment", name, R"("spec":{"replicas":1,"template":{"spec":{)" + volumes + R"("containers":[{"name":"c","image":"i:)" +
                                                   std::to_string(revision) + R"("}]}}})", metadata);
}
inline Document Crd() {
  return Object("apiextensions.k8s.io/v1", "CustomResourceDefinition", "widgets.x.io",
                R"("spec":{"group":"x.io","scope":"Namespaced","names":{"kind":"Widget","plural":"widgets"},"versions":[{"name":"v1"}]})");
}

}  // namespace plumb::testing
