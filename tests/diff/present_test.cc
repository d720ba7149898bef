// What people and programs see of a diff.
#include "diff/present.h"

#include "core/yaml.h"
#include "tests/diff/pairs.h"

namespace plumb {
namespace {

using testing::Compare;
using testing::Yaml;

std::vector<MaskedDiff> Sample() {
  std::vector<ObjectDiff> diffs;
  diffs.push_back(Compare("{apiVersion: v1, kind: ConfigMap, metadata: {name: settings, namespace: shop}, data: {mode: fast, text: \"a\\nb\\nX\\n\"}}",
                          "{apiVersion: v1, kind: ConfigMap, metadata: {name: settings, namespace: shop, uid: u}, data: {mode: slow, text: \"a\\nb\\nc\\n\", other: kept}}"));
  diffs.push_back(Compare(Yaml("{apiVersion: v1, kind: Service, metadata: {name: web, namespace: shop}, spec: {ports: [{port: 80}]}}"), Document()));
  diffs.back().origin = {"web.yaml", 0, 3};
  diffs.push_back(Compare("{apiVersion: v1, kind: Namespace, metadata: {name: shop}}", "{apiVersion: v1, kind: Namespace, metadata: {name: shop}}"));
  diffs.push_back(DeletionOf(Yaml("{apiVersion: v1, kind: ConfigMap, metadata: {name: old, namespace: shop}, data: {a: b}}")));
  return Masker({.salt = "x"}).Mask(diffs);
}

TEST(PresentText, GroupedByNamespaceWithASummary) {
  EXPECT_EQ(PresentText(Sample()), R"(namespace shop
  ~ ConfigMap settings
      ~ data.mode: "slow" -> "fast"   not declared before
      ~ data.text:   not declared before
          @@ -1,3 +1,3 @@
           a
           b
          -c
          +X
  + Service web  (web.yaml:3)
  - ConfigMap old

1 to create, 1 to change (2 fields), 1 to delete, 1 unchanged
)");
}

TEST(PresentText, NothingToSay) {
  EXPECT_EQ(PresentText({}), "no differences in 0 objects\n");
}

TEST(PresentText, LongValuesAreCutBetweenCharacters) {
  std::string wide;
  for (int i = 0; i < 100; ++i) wide += "\xc3\xa9";
  const ObjectDiff diff = Compare("{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {x: " + wide + "}}", "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {x: b}}");
  const std::vector<MaskedDiff> masked = {Masker().Mask(diff)};
  const std::string text = PresentText(masked, {.width = 20});
  EXPECT_NE(text.find("\xc3\xa9... (202 bytes)"), std::string::npos) << text;
}

TEST(PresentText, AValueCannotDrawOnTheTerminal) {
  const ObjectDiff diff = Compare("{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {x: \"one\\n\\e[2Jtwo\\n\", y: \"\\u202e\\x9b2J\"}}",
                                  "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {x: \"one\\n\", y: z}}");
  const std::vector<MaskedDiff> masked = {Masker().Mask(diff)};
  const std::string text = PresentText(masked);
  EXPECT_NE(text.find("+\\u001b[2Jtwo"), std::string::npos) << text;
  for (const char* raw : {"\x1b", "\xe2\x80\xae", "\xc2\x9b"}) EXPECT_EQ(text.find(raw), std::string::npos) << text;
}

TEST(PresentUnified, IsAPatchOfTheLiveYaml) {
  EXPECT_EQ(PresentUnified(Sample()), R"(--- a/shop/ConfigMap/settings.yaml
+++ b/shop/ConfigMap/settings.yaml
@@ -1,11 +1,11 @@
 apiVersion: v1
 data:
-  mode: slow
+  mode: fast
   other: kept
   text: |
     a
     b
-    c
+    X
 kind: ConfigMap
 metadata:
   name: settings
--- /dev/null
+++ b/shop/Service/web.yaml
@@ -0,0 +1,8 @@
+apiVersion: v1
+kind: Service
+metadata:
+  name: web
+  namespace: shop
+spec:
+  ports:
+  - port: 80
--- a/shop/ConfigMap/old.yaml
+++ /dev/null
@@ -1,7 +0,0 @@
-apiVersion: v1
-data:
-  a: b
-kind: ConfigMap
-metadata:
-  name: old
-  namespace: shop
)");
}

TEST(PresentJson, VersionedForm) {
  const Document json = PresentJson(Sample());
  EXPECT_EQ(json->GetString("apiVersion"), "plumb.dev/v1");
  EXPECT_EQ(WriteJson(json->Get("summary")), R"({"create":1,"patch":1,"delete":1,"none":1,"fields":2,"ignored":0,"uncertain":0})");
  EXPECT_EQ(WriteJson(json->Get("objects")[0]),
            R"({"action":"patch","group":"","version":"v1","kind":"ConfigMap","namespace":"shop","name":"settings","exact":true,"mustReplace":false,)"
            R"("changes":[{"path":"data.mode","old":"slow","new":"fast","cause":"not declared before","explanation":"not declared before","certainty":"exact"},)"
            R"({"path":"data.text","old":"a\nb\nc\n","new":"a\nb\nX\n","cause":"not declared before","explanation":"not declared before","certainty":"exact"}]})");
}

}  // namespace
}  // namespace plumb
