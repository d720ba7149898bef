// What identifies an object, and what every manifest needs.
#include "core/object.h"

#include <gtest/gtest.h>

#include "core/yaml.h"

namespace plumb {
namespace {

Document Yaml(std::string_view text) {
  auto parsed = ParseYamlOne(text);
  EXPECT_TRUE(parsed.ok()) << text;
  return *parsed;
}

TEST(Gvk, SplitsAtTheSlash) {
  EXPECT_EQ(MakeGvk("apps/v1", "Deployment"), (Gvk{"apps", "v1", "Deployment"}));
  EXPECT_EQ(MakeGvk("v1", "Pod"), (Gvk{"", "v1", "Pod"}));
  EXPECT_EQ(MakeGvk("apps/v1", "Deployment").ApiVersion(), "apps/v1");
  EXPECT_EQ(MakeGvk("v1", "Pod").ApiVersion(), "v1");
}

TEST(ObjectId, IgnoresTheVersionAndReadsWell) {
  const auto id = IdOf(*Yaml("{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop}}"));
  EXPECT_EQ(id, IdOf(*Yaml("{apiVersion: apps/v1beta1, kind: Deployment, metadata: {name: web, namespace: shop}}")));
  EXPECT_EQ(id.ToString(), "Deployment shop/web");
  EXPECT_EQ((ObjectId{"", "Namespace", "", "shop"}).ToString(), "Namespace shop");
  EXPECT_EQ((ObjectId{"cert-manager.io", "Certificate", "shop", "tls"}).ToString(), "Certificate.cert-manager.io shop/tls");
  EXPECT_EQ((ObjectId{"rbac.authorization.k8s.io", "Role", "a", "b"}).ToString(), "Role a/b");
}

TEST(CheckManifest, NamesTheFieldAndWhatWasExpected) {
  const struct {
    std::string_view object, error;
  } kCases[] = {
      {"{apiVersion: v1, kind: A, metadata: {name: x}}", ""},
      {"{apiVersion: v1, kind: A, metadata: {generateName: x-}}", ""},
      {"{apiVersion: v1, kind: A, metadata: {name: x, labels: {a: b, c: null}, annotations: null}}", ""},
      {"5", "not a manifest: expected a map, found an integer"},
      {"{kind: A}", "not a manifest: 'apiVersion' is missing"},
      {"{apiVersion: v1}", "not a manifest: 'kind' is missing"},
      {"{apiVersion: 1, kind: A}", "apiVersion: expected a non-empty string, found an integer"},
      {"{apiVersion: v1, kind: ''}", "kind: expected a non-empty string, found \"\""},
      {"{apiVersion: v1, kind: A}", "A: metadata: is missing"},
      {"{apiVersion: v1, kind: A, metadata: []}", "A: metadata: expected a map, found a list"},
      {"{apiVersion: v1, kind: A, metadata: {}}", "A: metadata.name is missing"},
      {"{apiVersion: v1, kind: A, metadata: {name: 123}}", "A: metadata.name: expected a string, found an integer; quote it"},
      {"{apiVersion: v1, kind: A, metadata: {name: x, namespace: true}}", "A: metadata.namespace: expected a string, found a bool; quote it"},
      {"{apiVersion: v1, kind: A, metadata: {name: x, labels: []}}", "A x: metadata.labels: expected a map, found a list"},
      {"{apiVersion: v1, kind: A, metadata: {name: x, labels: {on: yes}}}", "A x: metadata.labels[true]: expected a string, found a bool; quote it"},
      {"{apiVersion: v1, kind: A, metadata: {name: x, annotations: {a: 1.5}}}", "A x: metadata.annotations[a]: expected a string, found a number; quote it"},
  };
  for (const auto& c : kCases) {
    const Status checked = CheckManifest(*Yaml(c.object));
    EXPECT_EQ(checked.ok() ? "" : checked.error().message(), c.error) << c.object;
  }
}

TEST(Origin, PrintsFileAndLine) {
  EXPECT_EQ((Origin{"deploy/web.yaml", 1, 14}).ToString(), "deploy/web.yaml:14");
  EXPECT_EQ((Origin{"deploy/web.yaml", 1, 0}).ToString(), "deploy/web.yaml");
  EXPECT_EQ(Origin{}.ToString(), "(generated)");
}

}  // namespace
}  // namespace plumb
