// Scalars as Kustomize changes them: by their text, with their quotes, and one node in several fields. Every expectation is
// what the program prints (v5.5.0).
#include <gtest/gtest.h>

#include "tests/plugins/kustomize/test_render.h"

namespace plumb {
namespace {

std::string Object(const std::string& rest) { return "apiVersion: v1\nkind: CR\nmetadata:\n  name: a\n" + rest; }

TEST(KustomizeAsWritten, APatchKeepsTheQuotesOfTheField) {
  EXPECT_EQ(TextOf({{"kustomization.yaml", "resources: [a.yaml]\npatches:\n- patch: '{apiVersion: v1, kind: CR, metadata: {name: a}, spec: {a: 5, b: 5, c: \"5\", d: 5, e: 0x1F, f: true}}'\n"},
                    {"a.yaml", Object("spec: {a: \"large\", b: large, c: 7, d: \"7\", e: \"x\", f: 'x'}\n")}}),
            Object("spec:\n  a: \"5\"\n  b: 5\n  c: \"5\"\n  d: \"5\"\n  e: \"0x1F\"\n  f: \"true\"\n"));
}

TEST(KustomizeAsWritten, AnnotationsKeepTheirSpelling) {
  const std::string flow = "{d: 2001-01-01, t: ~, h: 0x1F, n: null, b: True, o: 010, f: 1.50, e: , u: 1_000, i: .inf}";
  EXPECT_EQ(TextOf({{"kustomization.yaml", "resources: [a.yaml]\n"}, {"a.yaml", "apiVersion: v1\nkind: CR\nmetadata: {name: a, annotations: " + flow + "}\n"}}),
            "apiVersion: v1\nkind: CR\nmetadata:\n  annotations:\n    b: \"True\"\n    d: \"2001-01-01\"\n    e: \"\"\n    f: \"1.50\"\n    h: \"0x1F\"\n    i: \".inf\"\n"
            "    \"n\": \"null\"\n    o: \"010\"\n    t: \"~\"\n    u: \"1_000\"\n  name: a\n");
}

TEST(KustomizeAsWritten, AJsonPatchTakesAnObjectThroughJson) {
  const std::string flow = "{d: 2001-01-01, t: ~, h: 0x1F, b: True, o: 010, f: 1.50, e: , u: 1_000}";
  EXPECT_EQ(TextOf({{"kustomization.yaml", "resources: [a.yaml]\npatches:\n- target: {name: a}\n  patch: '[{\"op\":\"add\",\"path\":\"/metadata/annotations/z\",\"value\":\"1\"}]'\n"},
                    {"a.yaml", "apiVersion: v1\nkind: CR\nmetadata: {name: a, annotations: " + flow + "}\n"}}),
            "apiVersion: v1\nkind: CR\nmetadata:\n  annotations:\n    b: \"true\"\n    d: \"2001-01-01T00:00:00Z\"\n    e: \"\"\n    f: \"1.5\"\n    h: \"31\"\n    o: \"8\"\n"
            "    t: \"null\"\n    u: \"1000\"\n    z: \"1\"\n  name: a\n");
}

TEST(KustomizeAsWritten, NumbersThatJsonHasNotAreErrors) {
  EXPECT_NE(TextOf({{"kustomization.yaml", "resources: [a.yaml]\n"}, {"a.yaml", Object("spec: .inf\n")}}).find("'.inf' has no form in JSON"), std::string::npos);
}

TEST(KustomizeAsWritten, KeysGivenTwiceAreErrorsUnlessNobodySeesThem) {
  EXPECT_NE(TextOf({{"kustomization.yaml", "resources: [a.yaml]\n"}, {"a.yaml", Object("spec: {d: a, d: b}\n")}}).find("key 'd' given twice"), std::string::npos);
  EXPECT_EQ(TextOf({{"kustomization.yaml", "resources: [a.yaml]\n"}, {"a.yaml", "apiVersion: v1\nkind: CR\nmetadata: {name: a, annotations: {d: a, d: b}}\n"}}),
            "apiVersion: v1\nkind: CR\nmetadata:\n  annotations:\n    d: b\n  name: a\n");
  const Files patched = {{"kustomization.yaml", "resources: [a.yaml]\npatches:\n- target: {name: a}\n  patch: '{kind: a, metadata: {name: x}, spec: null}'\n"},
                         {"a.yaml", Object("spec: {d: a, d: b}\n")}};
  EXPECT_EQ(TextOf(patched), Object(""));
}

TEST(KustomizeAsWritten, AddedKeysThatLookLikeNumbersAreErrors) {
  const std::string config_map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, labels: {\"10\": a}}\n";
  EXPECT_EQ(TextOf({{"kustomization.yaml", "resources: [a.yaml]\n"}, {"a.yaml", config_map}}), "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  labels:\n    \"10\": a\n  name: a\n");
  for (const char* added : {"resources: [a.yaml]\ncommonLabels: {\"11\": a}\n", "resources: [a.yaml]\ncommonAnnotations: {\"true\": a}\n", "configMapGenerator: [{name: b, literals: ['10=a']}]\n",
                            "secretGenerator: [{name: b, literals: ['null=a']}]\n", "configMapGenerator: [{name: b, options: {labels: {'10': a}}}]\n"})
    EXPECT_NE(TextOf({{"kustomization.yaml", added}, {"a.yaml", config_map}}).find("looks like"), std::string::npos) << added;
}

// A label that is added to several fields is one node: what changes it in one place changes it in all.
TEST(KustomizeAsWritten, AddedLabelsAreOneNode) {
  const std::string base = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec:\n  selector: {matchLabels: {}}\n  template: {metadata: {labels: {}}}\n";
  const auto want = [](const std::string& own, const std::string& others) {
    return "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  labels:\n    app: " + own + "\n  name: a\nspec:\n  selector:\n    matchLabels:\n      app: " + others +
           "\n  template:\n    metadata:\n      labels:\n        app: " + others + "\n";
  };
  const struct {
    const char* overlay;
    std::string want;
  } kCases[] = {
      {"labels: [{pairs: {app: new}}]\n", want("new", "new")},
      {"patches: [{patch: '{apiVersion: apps/v1, kind: Deployment, metadata: {name: a, labels: {app: new}}}'}]\n", want("new", "new")},
      {"replacements: [{source: {kind: Deployment, fieldPath: metadata.name}, targets: [{select: {kind: Deployment}, fieldPaths: [metadata.labels.app]}]}]\n", want("a", "a")},
      // A JSON patch writes the object anew, so that the fields are on their own.
      {"labels: [{pairs: {app: new}}]\npatches: [{target: {name: a}, patch: '[{\"op\": \"test\", \"path\": \"/kind\", \"value\": \"Deployment\"}]'}]\n", want("new", "old")},
      {"patches: [{patch: '{apiVersion: apps/v1, kind: Deployment, spec: {template: {metadata: {labels: {app: two}}}}, metadata: {name: a, labels: {app: one}}}'}]\n", want("two", "two")},
  };
  for (const auto& c : kCases)
    EXPECT_EQ(TextOf({{"top/kustomization.yaml", std::string("resources: [../base]\n") + c.overlay}, {"base/kustomization.yaml", "resources: [a.yaml]\ncommonLabels: {app: old}\n"}, {"base/a.yaml", base}}, "", "top"),
              c.want)
        << c.overlay;
}

// What a replacement makes, and a name that got a prefix, has no type: a number written over it is a number, unless a
// strategic merge comes by and makes it a string.
TEST(KustomizeAsWritten, TextsWithoutATypeEndAsWhatTheyLookLike) {
  const std::string port = "replacements: [{source: {kind: CR, name: a, fieldPath: spec.port}, targets: [{select: {kind: CR}, ";
  const Files base = {{"base/kustomization.yaml", "resources: [a.yaml]\n" + port + "fieldPaths: [spec.new], options: {create: true}}]}]\n"}, {"base/a.yaml", Object("spec: {port: '80'}\n")}};
  EXPECT_EQ(TextOf(base, "", "base"), Object("spec:\n  new: 80\n  port: \"80\"\n"));
  Files patched = base;
  patched["top/kustomization.yaml"] = "resources: [../base]\npatches: [{target: {kind: CR}, patch: '{kind: CR, metadata: {name: a}, x: y}'}]\n";
  EXPECT_EQ(TextOf(patched, "", "top"), Object("spec:\n  new: \"80\"\n  port: \"80\"\nx: \"y\"\n"));
  const Files named = {{"kustomization.yaml", "resources: [a.yaml]\nnameSuffix: -b\n" + port + "fieldPaths: [metadata.name]}]}]\n"}, {"a.yaml", Object("spec: {port: '80'}\n")}};
  EXPECT_EQ(TextOf(named), "apiVersion: v1\nkind: CR\nmetadata:\n  name: 80\nspec:\n  port: \"80\"\n");
}

TEST(KustomizeAsWritten, LeaveToChangeANameMakesTextsOfThePatchsAnnotations) {
  const Files files = {{"kustomization.yaml", "resources: [a.yaml]\npatches: [{patch: '{apiVersion: v1, kind: CR, metadata: {name: a, annotations: {n: null, m: b}}}'}]\n"}, {"a.yaml", Object("")}};
  EXPECT_EQ(TextOf(files), "apiVersion: v1\nkind: CR\nmetadata:\n  annotations:\n    m: b\n  name: a\n");
  Files allowed = files;
  allowed["kustomization.yaml"] = "resources: [a.yaml]\npatches: [{patch: '{apiVersion: v1, kind: CR, metadata: {name: a, annotations: {n: null, m: b}}}', options: {allowNameChange: true}}]\n";
  EXPECT_EQ(TextOf(allowed), "apiVersion: v1\nkind: CR\nmetadata:\n  annotations:\n    m: b\n    \"n\": \"null\"\n  name: a\n");
}

TEST(KustomizeAsWritten, AnObjectThatLostItsNameIsAnError) {
  const std::string text = TextOf({{"kustomization.yaml", "resources: [a.yaml]\nreplacements: [{source: {kind: CR, fieldPath: spec.list}, targets: [{select: {kind: CR}}]}]\n"}, {"a.yaml", Object("spec: {list: [b]}\n")}});
  EXPECT_NE(text.find("(a.yaml:1) has no 'metadata.name' any more"), std::string::npos) << text;
}

TEST(KustomizeAsWritten, AVariableInASharedLabelChangesItEverywhere) {
  const std::string deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {}\n";
  EXPECT_EQ(TextOf({{"kustomization.yaml", "resources: [a.yaml]\ncommonLabels: {app: x-$(V)}\nconfigurations: [c.yaml]\nvars: [{name: V, objref: {apiVersion: apps/v1, kind: Deployment, name: a}}]\n"},
                    {"c.yaml", "varReference: [{path: metadata/labels}]\n"},
                    {"a.yaml", deployment}}),
            "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  labels:\n    app: x-a\n  name: a\nspec:\n  selector:\n    matchLabels:\n      app: x-a\n  template:\n    metadata:\n      labels:\n        app: x-a\n");
}

TEST(KustomizeAsWritten, LinksCountByWhatTheyLeadTo) {
  const std::string config_map = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n";
  const auto render = [](const Files& files, const std::map<std::string, std::string>& links, const char* options = "") {
    const MemoryTree tree(files, links);
    RenderRequest request;
    request.tree = &tree;
    request.path = "top";
    request.options = *ParseYamlOne(options);
    const auto rendered = RenderKustomize(request);
    return rendered.ok() ? WriteManifests(rendered->manifests) : "error: " + rendered.error().message();
  };
  const Files files = {{"top/kustomization.yaml", "resources: [a.yaml]\n"}, {"top/sub/b.yaml", config_map}, {"b.yaml", config_map}};
  EXPECT_EQ(render(files, {{"top/a.yaml", "sub/b.yaml"}}), config_map);
  EXPECT_NE(render(files, {{"top/a.yaml", "../b.yaml"}}).find("leads to 'b.yaml', which is not in or below 'top'"), std::string::npos);
  EXPECT_EQ(render(files, {{"top/a.yaml", "../b.yaml"}}, "loadRestrictor: none"), config_map);
  EXPECT_NE(render(files, {{"top/a.yaml", "../../etc/passwd"}}, "loadRestrictor: none").find("error"), std::string::npos) << "the source cannot be left";
  const Files linked = {{"top/kustomization.yaml", "resources: [b]\n"}, {"real/b/kustomization.yaml", "resources: [../c]\n"}, {"real/c/kustomization.yaml", "resources: [a.yaml]\n"}, {"real/c/a.yaml", config_map}};
  EXPECT_EQ(render(linked, {{"top/b", "../real/b"}}), config_map) << "a base that is linked reads from where it is";
  EXPECT_NE(render(linked, {{"top/b", "../top"}}).find("cycle"), std::string::npos);
}

}  // namespace
}  // namespace plumb
