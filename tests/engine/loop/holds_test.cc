// Holds of a running application: what is told stays told until it is over, whichever object was looked at last, and what only the
// server asks for can be approved.
#include <gmock/gmock.h>

#include "core/edit.h"
#include "tests/engine/loop/rig.h"

namespace plumb {
namespace {

using namespace plumb::testing;  // NOLINT: the helpers of these tests
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const ObjectId kA = {"", "ConfigMap", "default", "a"}, kB = {"", "ConfigMap", "default", "b"};

std::string Value(Rig& rig, const std::string& name) { return std::string(rig.Get("ConfigMap", "default", name)->Get("data").GetString("value")); }

void EditAndLook(Rig& rig, const ObjectId& id, const std::string& value) {
  rig.Edit("ConfigMap", "default", id.name, R"({"data":{"value":")" + value + R"("}})");
  rig.reconciler->MarkDirty(id);
  ASSERT_TRUE(rig.Pass().ok());
}

TEST(Holds, DriftThatIsNotHealedIsHeldUntilTheLastOfItIsGone) {
  Rig rig("  sync: {selfHeal: false}\n");
  rig.Push("1111", {{"a.yaml", ConfigMap("a")}, {"b.yaml", ConfigMap("b")}});
  ASSERT_TRUE(rig.Pass().ok());
  EditAndLook(rig, kA, "7");
  EXPECT_THAT(rig.status().summary, HasSubstr("Held: sync.selfHeal is off"));
  EditAndLook(rig, kB, "8");
  EXPECT_EQ(rig.status().drift.size(), 2u);
  EditAndLook(rig, kA, "1");
  EXPECT_THAT(rig.status().summary, HasSubstr("Held: sync.selfHeal is off")) << "the other one is as it was";
  EXPECT_EQ(rig.status().drift.size(), 1u);
  EditAndLook(rig, kB, "1");
  EXPECT_EQ(rig.status().summary, "Synced");
  EXPECT_THAT(rig.status().holds, IsEmpty());
}

std::string StatefulSet(const std::string& service) {
  return "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: db, annotations: {argocd.argoproj.io/sync-options: Replace=true}}\nspec:\n  serviceName: " + service +
         "\n  selector: {matchLabels: {app: db}}\n  template:\n    metadata: {labels: {app: db}}\n    spec: {containers: [{name: c, image: i}]}\n";
}

// Somebody made the StatefulSet anew, in a way that cannot be changed back in place.
TEST(Holds, WhatOneObjectNeedsApprovalForOutlastsTheHealingOfAnother) {
  Rig rig("  target: {namespace: default}\n");
  rig.Push("1111", {{"a.yaml", ConfigMap("a")}, {"db.yaml", StatefulSet("db")}});
  ASSERT_TRUE(rig.Pass().ok());
  const kube::ObjectRef db = {*rig.discovery.FindKind("apps", "StatefulSet"), "default", "db", ""};
  const ObjectId id = {"apps", "StatefulSet", "default", "db"};
  const std::string label(rig.client.Get(db).object->root().Get("metadata").Get("labels").GetString(kPartOfLabel));
  ASSERT_TRUE(rig.client.Delete(db, {}).object.ok());
  auto other = ParseYamlOne(StatefulSet("other"));
  ASSERT_TRUE(other.ok());
  const Document labelled = BuildDocument([&](Arena& a) { return WithAt(a, a.Adopt(*other), {"metadata", "labels"}, a.Map({{kPartOfLabel, a.String(label)}})); });
  ASSERT_TRUE(rig.client.Apply(db, labelled.root(), {.field_manager = "somebody"}).object.ok());
  rig.reconciler->MarkDirty(id);
  ASSERT_TRUE(rig.Pass().ok());
  ASSERT_EQ(rig.status().holds.size(), 1u);
  EXPECT_EQ(rig.status().holds[0].id, "protected");
  const std::string approval = rig.status().approval;
  EXPECT_FALSE(approval.empty());

  EditAndLook(rig, kA, "7");
  EXPECT_EQ(Value(rig, "a"), "1");
  ASSERT_EQ(rig.status().holds.size(), 1u) << "another object's plan lifts nothing";
  EXPECT_EQ(rig.status().approval, approval);

  rig.reconciler->Approve(approval, "ann");
  ASSERT_TRUE(rig.Pass().ok());
  EXPECT_EQ(rig.client.Get(db).object->root().Get("spec").GetString("serviceName"), "db");
  EXPECT_THAT(rig.status().holds, IsEmpty());
}

std::string Replaceable(const std::string& name, const std::string& value) {
  return "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: " + name + ", annotations: {plumb.dev/replace: allowed}}\ndata: {value: \"" + value + "\"}\n";
}

// A webhook says that a field is immutable, which no plan can know before.
TEST(Holds, AReplaceThatOnlyTheServerAsksForBeyondTheBudgetCanBeApproved) {
  Rig rig("  budget: {deletes: 2, percent: 0}\n");
  const auto files = [](const std::string& value) {
    return std::map<std::string, std::string>{{"a.yaml", Replaceable("a", value)}, {"b.yaml", Replaceable("b", value)}, {"c.yaml", Replaceable("c", value)}};
  };
  rig.Push("1111", files("1"));
  ASSERT_TRUE(rig.Pass().ok());
  rig.gateway->intercept = [&](const http::Request& request) -> std::optional<Result<http::Response>> {
    const size_t at = request.target.find("/configmaps/");
    if (request.method != "PATCH" || at == std::string::npos || request.target.find("plumb-inventory") != std::string::npos) return std::nullopt;
    if (rig.Get("ConfigMap", "default", request.target.substr(at + 12, 1))->is_null()) return std::nullopt;
    return Refusal(422, "Invalid", "data.value: Invalid value: field is immutable");
  };
  rig.Push("2222", files("2"));
  EXPECT_FALSE(rig.Pass().ok());
  EXPECT_THAT(rig.status().summary, HasSubstr("more than the budget lets through"));
  const auto changed = [&] {
    int n = 0;
    for (const char* name : {"a", "b", "c"}) n += Value(rig, name) == "2";
    return n;
  };
  EXPECT_EQ(changed(), 2);
  rig.clock.Advance(rig.reconciler->next_look() - rig.clock.Now());
  ASSERT_TRUE(rig.Pass().ok()) << "the plan knows by now";
  ASSERT_EQ(rig.status().holds.size(), 1u);
  EXPECT_EQ(rig.status().holds[0].reason, "1 object would be deleted or replaced, after 2 within budget.window, of 3: more than the budget (2 objects)");
  EXPECT_EQ(changed(), 2);
  rig.reconciler->Approve(rig.status().approval, "ann");
  ASSERT_TRUE(rig.Pass().ok());
  EXPECT_EQ(changed(), 3);
  EXPECT_EQ(rig.status().summary, "Synced");
}

}  // namespace
}  // namespace plumb
