// The inventory's record: round trip, size, damage, and the life around an apply. Namespaces and gzip beside it.
#include "engine/plan/inventory.h"

#include <gmock/gmock.h>

#include "core/edit.h"
#include "engine/plan/gzip.h"
#include "engine/plan/namespaces.h"
#include "tests/engine/plan/objects.h"

namespace plumb {
namespace {

using ::testing::HasSubstr;
using namespace plumb::testing;  // NOLINT: the helpers of these tests

InventoryEntry Entry(std::string name, std::string uid = "u") { return {{"apps", "Deployment", "shop", std::move(name)}, "v1", std::move(uid)}; }

TEST(Inventory, RoundTripsThroughItsObject) {
  Inventory inventory("shop", "plumb-system");
  inventory.Set(Entry("web", "uid-1"));
  inventory.Set({{"", "Namespace", "", "shop"}, "v1", ""});
  auto object = inventory.ToObject();
  ASSERT_TRUE(object.ok());
  const Value root = object->root();
  EXPECT_EQ(IdOf(root).ToString(), "ConfigMap plumb-system/plumb-inventory-shop");
  EXPECT_EQ(GetAt(root, {"metadata", "annotations"}).GetString("applyset.kubernetes.io/contains-group-kinds"), "Deployment.apps,Namespace");
  EXPECT_EQ(GetAt(root, {"metadata", "annotations"}).GetString("applyset.kubernetes.io/additional-namespaces"), "shop");
  auto parsed = Inventory::Parse(root);
  ASSERT_TRUE(parsed.ok()) << parsed.error().message();
  EXPECT_EQ(*parsed, inventory);
}

// Expected value: python3 -c of base64url(sha256("plumb-inventory-shop.plumb-system.ConfigMap.")), as KEP-3659 says.
TEST(Inventory, ApplySetIdFollowsTheKep) {
  EXPECT_EQ(Inventory("shop", "plumb-system").ApplySetId(), "applyset-Afe7t03WE0wwXfWtLPuHVMUhq2WYfgz27-kEFNrWRws-v1");
}

TEST(Inventory, LargeRecordsAreCompressedAndHugeOnesRefused) {
  Inventory inventory("shop", "plumb-system");
  for (int i = 0; i < 6000; ++i) inventory.Set(Entry("deployment-number-" + std::to_string(i), "8d6b2c1e-0000-4000-8000-" + std::to_string(100000000000 + i)));
  auto object = inventory.ToObject();
  ASSERT_TRUE(object.ok()) << object.error().message();
  EXPECT_TRUE(object->root().Has("binaryData"));
  auto parsed = Inventory::Parse(object->root());
  ASSERT_TRUE(parsed.ok()) << parsed.error().message();
  EXPECT_EQ(*parsed, inventory);

  auto refused = inventory.ToObject({.compress_bytes = 1000, .bytes = 10'000});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), Code::kLimit);
  EXPECT_THAT(refused.error().message(), HasSubstr("6000 objects"));

  auto bomb = Inventory::Parse(object->root(), {.expanded_bytes = 1000});
  ASSERT_FALSE(bomb.ok());
  EXPECT_EQ(bomb.error().code(), Code::kLimit);
}

TEST(Inventory, DamageIsAnErrorNeverEmpty) {
  Inventory inventory("shop", "plumb-system");
  inventory.Set(Entry("web"));
  auto good = inventory.ToObject();
  ASSERT_TRUE(good.ok());
  const auto with = [&](std::initializer_list<std::string_view> path, std::string_view text) {
    return BuildDocument([&](Arena& a) { return WithAt(a, a.Adopt(*good), path, a.String(text)); });
  };
  const struct { std::string_view name; Document object; std::string_view want; } kCases[] = {
      {"cut", with({"data", "inventory.json"}, "[{\"gro"), "closing quote"},
      {"not a list", with({"data", "inventory.json"}, "{}"), "expected a list"},
      {"no kind", with({"data", "inventory.json"}, R"([{"group":"","version":"v1","kind":"","namespace":"","name":"x","uid":""}])"), "'kind'"},
      {"another tool", with({"metadata", "annotations", "applyset.kubernetes.io/tooling"}, "kubectl/v1.36"), "belongs to 'kubectl/v1.36'"},
      {"another application", with({"metadata", "annotations", "plumb.dev/application"}, "cart"), "another name"},
      {"no data", BuildDocument([&](Arena& a) { return Without(a, a.Adopt(*good), "data"); }), "is there"},
  };
  for (const auto& c : kCases) {
    auto parsed = Inventory::Parse(c.object.root());
    ASSERT_FALSE(parsed.ok()) << c.name;
    EXPECT_THAT(parsed.error().message(), HasSubstr(std::string(c.want))) << c.name;
    EXPECT_THAT(parsed.error().message(), HasSubstr("plumb-inventory-shop")) << c.name;
  }
}

TEST(Inventory, LongNamesAreCutWithAHash) {
  const std::string a(300, 'a'), b = a + "b";
  EXPECT_LE(InventoryName(a).size(), 253u);
  EXPECT_NE(InventoryName(a), InventoryName(b));
  EXPECT_EQ(InventoryName("shop"), "plumb-inventory-shop");
}

TEST(Inventory, SupersetKeepsWhatIsKnown) {
  Inventory old("shop", "plumb-system");
  old.Set(Entry("web", "uid-1"));
  const InventoryEntry adds[] = {Entry("web", ""), Entry("new", "")};
  const Inventory both = Superset(old, adds);
  EXPECT_EQ(both.Find(Entry("web").id)->uid, "uid-1");
  EXPECT_EQ(both.Find(Entry("new").id)->uid, "");
}

TEST(Inventory, StampSharesAnObjectThatHasTheLabel) {
  const Manifest once = Stamp(At(Config("shop/a")), "applyset-x-v1");
  EXPECT_EQ(GetAt(once.root(), {"metadata", "labels"}).GetString(kPartOfLabel), "applyset-x-v1");
  EXPECT_TRUE(Stamp(once, "applyset-x-v1").root().SameAs(once.root()));
}

TEST(Gzip, RoundTripsAndRefusesDamage) {
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += static_cast<char>(i * 7919 >> 3);
  const std::string packed = Gzip(text);
  EXPECT_EQ(*Gunzip(packed, 1 << 20), text);
  EXPECT_EQ(*Gunzip(Gzip(""), 10), "");
  EXPECT_FALSE(Gunzip(packed.substr(0, packed.size() / 2), 1 << 20).ok());
  EXPECT_FALSE(Gunzip("not gzip at all", 100).ok());
  EXPECT_EQ(Gunzip(packed, 99'999).error().code(), Code::kLimit);
}

TEST(Namespaces, EveryKindGetsWhatItsScopeSays) {
  const auto scope = [](const Gvk& gvk) -> std::optional<Scope> {
    if (gvk.kind == "Namespace" || gvk.kind == "ClusterRole" || gvk.kind == "CustomResourceDefinition") return Scope::kCluster;
    if (gvk.kind == "ConfigMap") return Scope::kNamespaced;
    return std::nullopt;
  };
  auto out = DefaultNamespaces(
      {At(Config("a")), At(Config("shop/b")), At(Namespace("n")), At(Object("rbac.authorization.k8s.io/v1", "ClusterRole", "shop/view"), "roles.yaml", 9),
       At(Object("x.io/v1", "Widget", "w")), At(Object("x.io/v1", "Gadget", "g")), At(Object("y.io/v1", "Foo", "f")),
       At(Object("apiextensions.k8s.io/v1", "CustomResourceDefinition", "widgets.x.io", R"("spec":{"group":"x.io","scope":"Namespaced","names":{"kind":"Widget"}})")),
       At(Object("apiextensions.k8s.io/v1", "CustomResourceDefinition", "gadgets.x.io", R"("spec":{"group":"x.io","scope":"Cluster","names":{"kind":"Gadget"}})"))},
      scope, "team");
  std::vector<std::string> names;
  for (const Manifest& m : out.manifests) names.push_back(IdOf(m.root()).ToString());
  EXPECT_THAT(names, ::testing::ElementsAre("ConfigMap team/a", "ConfigMap shop/b", "Namespace n", "ClusterRole view", "Widget.x.io team/w",
                                            "Gadget.x.io g", "Foo.y.io f", "CustomResourceDefinition widgets.x.io", "CustomResourceDefinition gadgets.x.io"));
  EXPECT_THAT(out.warnings, ::testing::ElementsAre("roles.yaml:9: ClusterRole view is cluster-scoped; its namespace 'shop' is dropped"));
  ASSERT_EQ(out.unknown.size(), 1u);
  EXPECT_EQ(out.unknown[0].manifest, 6u);
  EXPECT_THAT(out.unknown[0].reason, HasSubstr("kind 'Foo' of 'y.io/v1' is not known"));
}

TEST(Namespaces, WithoutAClusterTheBuiltInKindsAreKnown) {
  auto out = DefaultNamespaces({At(Config("a")), At(Object("storage.k8s.io/v1", "StorageClass", "fast")), At(Object("argoproj.io/v1alpha1", "Rollout", "r"))}, nullptr, "team");
  EXPECT_EQ(IdOf(out.manifests[0].root()).ns, "team");
  EXPECT_EQ(IdOf(out.manifests[1].root()).ns, "");
  EXPECT_EQ(out.unknown.size(), 1u);
}

}  // namespace
}  // namespace plumb
