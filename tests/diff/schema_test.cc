#include "diff/schema.h"

#include <gtest/gtest.h>

#include <thread>

#include "core/json.h"
#include "diff/embedded_schema.h"

namespace plumb {
namespace {

const Type* Down(const Type* type, std::initializer_list<std::string_view> path) {
  for (std::string_view step : path) {
    if (!type) return nullptr;
    type = step == "[]" ? type->item : type->Member(step);
  }
  return type;
}

const Type* Pod() { return EmbeddedSchema()->Find({"", "v1", "Pod"}); }

TEST(EmbeddedSchema, KnowsHowListsMerge) {
  const Type* spec = Down(Pod(), {"spec"});
  ASSERT_NE(spec, nullptr);
  EXPECT_EQ(spec->name, "io.k8s.api.core.v1.PodSpec");
  const struct {
    const char* field;
    ListType list;
    std::vector<std::string_view> keys;
  } kCases[] = {{"containers", ListType::kMap, {"name"}},
                {"tolerations", ListType::kAtomic, {}},
                {"hostAliases", ListType::kMap, {"ip"}},
                {"topologySpreadConstraints", ListType::kMap, {"topologyKey", "whenUnsatisfiable"}}};
  for (const auto& c : kCases) {
    const Type* type = spec->Member(c.field);
    ASSERT_TRUE(type && type->is_list) << c.field;
    EXPECT_EQ(type->list_type, c.list) << c.field;
    EXPECT_EQ(type->keys, c.keys) << c.field;
  }
  EXPECT_EQ(Down(Pod(), {"metadata", "finalizers"})->list_type, ListType::kSet);
  EXPECT_EQ(Down(Pod(), {"metadata", "ownerReferences"})->keys, std::vector<std::string_view>{"uid"});
}

TEST(EmbeddedSchema, CompletesListKeysFromDefaults) {
  const Type* ports = Down(Pod(), {"spec", "containers", "[]", "ports"});
  ASSERT_EQ(ports->keys, (std::vector<std::string_view>{"containerPort", "protocol"}));
  ASSERT_EQ(ports->key_defaults.size(), 2u);
  EXPECT_EQ(ports->key_defaults[1]->AsString(), "TCP");
  EXPECT_TRUE(ports->item->FindField("protocol")->HasRealDefault());
  EXPECT_FALSE(ports->item->FindField("containerPort")->HasRealDefault()) << "0 is only how the generator spells \"none\"";
}

TEST(EmbeddedSchema, KnowsFormatsAndAtomicMaps) {
  const Type* container = Down(Pod(), {"spec", "containers", "[]"});
  EXPECT_EQ(Down(container, {"resources", "limits", "cpu"})->format, Format::kQuantity);
  EXPECT_EQ(Down(container, {"resources", "limits", "cpu"})->scalar, ScalarType::kUntyped);
  EXPECT_EQ(Down(container, {"livenessProbe", "httpGet", "port"})->format, Format::kIntOrString);
  EXPECT_EQ(Down(Pod(), {"metadata", "creationTimestamp"})->format, Format::kTime);
  EXPECT_EQ(Down(EmbeddedSchema()->Find({"", "v1", "Secret"}), {"data", "x"})->format, Format::kByte);
  EXPECT_EQ(Down(EmbeddedSchema()->Find({"apps", "v1", "Deployment"}), {"spec", "selector"})->map_type, MapType::kAtomic);
  EXPECT_EQ(Down(EmbeddedSchema()->Find({"", "v1", "Service"}), {"spec", "selector"})->map_type, MapType::kAtomic);
  EXPECT_EQ(Down(Pod(), {"spec", "nodeSelector"})->map_type, MapType::kAtomic);
  EXPECT_EQ(Down(Pod(), {"metadata", "labels"})->map_type, MapType::kGranular);
}

TEST(EmbeddedSchema, KeepsPatchStrategies) {
  const Field* volumes = Down(Pod(), {"spec"})->FindField("volumes");
  EXPECT_TRUE(volumes->patch.merge && volumes->patch.retain_keys);
  EXPECT_EQ(volumes->patch.merge_key, "name");
  const Field* strategy = Down(EmbeddedSchema()->Find({"apps", "v1", "Deployment"}), {"spec"})->FindField("strategy");
  EXPECT_TRUE(strategy->patch.retain_keys && !strategy->patch.merge);
}

TEST(EmbeddedSchema, UndeclaredFieldsHaveNoType) {
  EXPECT_EQ(Down(Pod(), {"spec", "replicas"}), nullptr);
  EXPECT_EQ(EmbeddedSchema()->Find({"example.com", "v1", "Thing"}), nullptr);
  EXPECT_EQ(EmbeddedSchema()->FindOrDeduced({"example.com", "v1", "Thing"}), Schema::Deduced());
}

TEST(EmbeddedSchema, RecursiveTypesEnd) {
  const Type* crd = EmbeddedSchema()->Find({"apiextensions.k8s.io", "v1", "CustomResourceDefinition"});
  const Type* schema = Down(crd, {"spec", "versions", "[]", "schema", "openAPIV3Schema"});
  ASSERT_NE(schema, nullptr);
  EXPECT_EQ(Down(schema, {"properties", "x", "not"}), schema);
}

TEST(EmbeddedResources, AreWhatAServerDiscovers) {
  const EmbeddedResource* deployments = FindEmbeddedResource({"apps", "v1", "Deployment"});
  ASSERT_NE(deployments, nullptr);
  EXPECT_EQ(deployments->plural, "deployments");
  EXPECT_EQ(deployments->short_names, std::vector<std::string>{"deploy"});
  EXPECT_TRUE(deployments->namespaced);
  ASSERT_EQ(deployments->subresources.size(), 2u);
  EXPECT_EQ(deployments->subresources[0].gvk, (Gvk{"autoscaling", "v1", "Scale"}));
  EXPECT_FALSE(FindEmbeddedResource({"", "v1", "Namespace"})->namespaced);
  for (const EmbeddedResource& r : EmbeddedResources())
    EXPECT_NE(EmbeddedSchema()->Find(r.gvk), nullptr) << r.gvk.ApiVersion() << " " << r.gvk.kind;
  EXPECT_GT(EmbeddedResources().size(), 80u);
}

TEST(EmbeddedSchema, ManyThreadsMayAskAtOnce) {
  const Document doc = *ParseJson(WriteJson(EmbeddedDefinition("io.k8s.api.core.v1.PodSpec")));
  const SchemaPtr schema = *SchemaWithCrds(nullptr, {});
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (const EmbeddedResource& r : EmbeddedResources()) EXPECT_EQ(schema->Find(r.gvk), EmbeddedSchema()->Find(r.gvk));
    });
}

TEST(CrdSchema, FollowsTheStructuralSchema) {
  const Document crd = *ParseJson(R"({
    "metadata": {"name": "things.example.com"},
    "spec": {"group": "example.com", "names": {"kind": "Thing"}, "versions": [
      {"name": "v1", "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": {"type": "object", "properties": {
        "replicas": {"type": "integer", "default": 1},
        "port": {"x-kubernetes-int-or-string": true},
        "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": true, "properties": {"a": {"type": "string"}}},
        "template": {"type": "object", "x-kubernetes-embedded-resource": true, "x-kubernetes-preserve-unknown-fields": true},
        "items": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"],
                  "items": {"type": "object", "properties": {"name": {"type": "string", "default": "x"}}}}}}}}}},
      {"name": "v2"}]}})");
  const Result<SchemaPtr> schema = SchemaFromCrd(crd);
  ASSERT_TRUE(schema.ok()) << schema.error().message();
  const Type* thing = (*schema)->Find({"example.com", "v1", "Thing"});
  ASSERT_NE(thing, nullptr);
  EXPECT_EQ(Down(thing, {"metadata"})->name, kObjectMetaDefinition);
  EXPECT_EQ(Down(thing, {"spec", "port"})->format, Format::kIntOrString);
  EXPECT_EQ(Down(thing, {"spec", "port"})->scalar, ScalarType::kUntyped);
  EXPECT_EQ(Down(thing, {"spec", "free", "unknown"}), Schema::Deduced());
  EXPECT_EQ(Down(thing, {"spec", "unknown"}), nullptr);
  EXPECT_EQ(Down(thing, {"spec", "template", "metadata"})->name, kObjectMetaDefinition);
  EXPECT_EQ(Down(thing, {"spec", "items"})->key_defaults[0]->AsString(), "x");
  EXPECT_TRUE(Down(thing, {"spec"})->FindField("replicas")->HasRealDefault());
  EXPECT_TRUE((*schema)->Find({"example.com", "v2", "Thing"})->IsAny()) << "no schema: everything is deduced";
  EXPECT_EQ((*schema)->Find({"", "v1", "Pod"}), Pod()) << "the base's kinds";
}

TEST(CrdSchema, NamesTheFieldThatIsWrong) {
  const Result<SchemaPtr> schema = SchemaFromCrd(*ParseJson(R"({"metadata":{"name":"x"},"spec":{"group":"g","names":{}}})"));
  ASSERT_FALSE(schema.ok());
  EXPECT_EQ(schema.error().message(), "CustomResourceDefinition 'x': spec.names.kind: expected a string");
}

TEST(OpenApiSchema, AMapTypeBesideAReferenceOverridesIt) {
  const Document doc = *ParseJson(R"({"components": {"schemas": {
    "a": {"type": "object", "properties": {"x": {"allOf": [{"$ref": "#/components/schemas/b"}], "default": {},
          "x-kubernetes-map-type": "atomic"}, "y": {"$ref": "#/components/schemas/b"}},
          "x-kubernetes-group-version-kind": [{"group": "g", "version": "v1", "kind": "A"}]},
    "b": {"type": "object", "properties": {"z": {"type": "string"}}}}}})");
  const SchemaPtr current = *SchemaFromOpenApiV3({doc});
  const Type* a = current->Find({"g", "v1", "A"});
  EXPECT_EQ(Down(a, {"x"})->map_type, MapType::kAtomic);
  EXPECT_EQ(Down(a, {"x", "z"})->scalar, ScalarType::kString);
  EXPECT_EQ(Down(a, {"y"})->map_type, MapType::kGranular);
  const SchemaPtr old = *SchemaFromOpenApiV3({doc}, {.type_at_reference = false});
  EXPECT_EQ(Down(old->Find({"g", "v1", "A"}), {"x"})->map_type, MapType::kGranular);
}

}  // namespace
}  // namespace plumb
