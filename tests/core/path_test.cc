#include "core/path.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/json.h"

namespace plumb {
namespace {

TEST(FieldPath, PrintsAndParsesItsOwnForm) {
  const char* const kForms[] = {
      "",
      "spec.containers[name=web].image",
      "metadata.annotations[\"a.b/c\"]",
      "metadata.annotations[\"say \\\"x\\\"\"].y",
      "spec.ports[port=80,protocol=TCP].nodePort",
      "args[2]",
      "[0].a",
      "metadata.finalizers[=kubernetes.io/pvc-protection]",
      "set[=true][=\"true\"][=1.5][=\"a b\"][=null]",
      "ports[name=\"80\"]",
  };
  for (const char* form : kForms) {
    const auto path = FieldPath::Parse(form);
    ASSERT_TRUE(path.ok()) << form << ": " << path.error().message();
    EXPECT_EQ(path->ToString(), form);
  }
  EXPECT_EQ(FieldPath::Parse(".spec.a")->ToString(), "spec.a") << "a leading dot is allowed";
}

TEST(FieldPath, RefusesWhatItCannotRead) {
  for (const char* text : {"a..b", "a[", "a[]", "a[x]", "a[x=", "a[x=1", "a[\"x]", "a b", "a.", "a[x=1]b", "[=]", "a[\"x\"", "."})
    EXPECT_FALSE(FieldPath::Parse(text).ok()) << text;
  EXPECT_THAT(FieldPath::Parse("a..b").error().message(), testing::HasSubstr("'a..b': expected a field's name"));
}

TEST(FieldPath, ReadsJsonPointers) {
  EXPECT_EQ(FieldPath::ParsePointer("/spec/template/containers/0/a~1b~0c")->ToString(),
            "spec.template.containers[0][\"a/b~c\"]");
  EXPECT_EQ(FieldPath::ParsePointer("")->size(), 0u);
  EXPECT_EQ(FieldPath::ParsePointer("/")->size(), 1u) << "the key that is the empty string";
  EXPECT_FALSE(FieldPath::ParsePointer("a").ok());
  EXPECT_FALSE(FieldPath::ParsePointer("/a~2").ok());
}

TEST(FieldPath, FindsItemsByTheirKeys) {
  const Document d = *ParseJson(R"({"c":[{"n":"a","p":80},{"n":"b","p":"80"}],"s":["x",true],"m":{"0":1}})");
  const struct {
    const char* path;
    const char* want;
  } kCases[] = {
      {"c[n=b].p", "\"80\""}, {"c[p=80].n", "\"a\""}, {"c[p=\"80\"].n", "\"b\""}, {"c[1].n", "\"b\""},
      {"s[=true]", "true"},   {"c[n=z]", nullptr},    {"c[7]", nullptr},          {"s[=\"true\"]", nullptr},
      {"c.n", nullptr},       {"m.0", "1"},
  };
  for (const auto& c : kCases) {
    const Value root = d.root();
    const Value* found = FieldPath::Parse(c.path)->Find(root);
    EXPECT_EQ(found ? WriteJson(*found) : "none", c.want ? c.want : "none") << c.path;
  }
  const Value root = d.root();
  EXPECT_NE(FieldPath::ParsePointer("/m/0")->Find(root), nullptr) << "a pointer's number is also a map's key";
}

TEST(FieldPath, PrintsAsKubernetesDoes) {
  EXPECT_EQ(FieldPath::Parse("spec.ports[port=80,protocol=TCP].nodePort")->ToKubernetesString(),
            ".spec.ports[port=80,protocol=\"TCP\"].nodePort");
  EXPECT_EQ(FieldPath::Parse("metadata.labels[\"a/b\"]")->ToKubernetesString(), ".metadata.labels.a/b");
}

}  // namespace
}  // namespace plumb
