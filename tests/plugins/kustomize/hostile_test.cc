// Trees that mean harm: bounded, clear, fast.
#include <gtest/gtest.h>

#include <chrono>

#include "core/memory_tree.h"
#include "plugins/kustomize/render.h"

namespace plumb {
namespace {

using Files = std::map<std::string, std::string>;

// The bounds on time are for the program as people run it; sanitizers make it several times slower.
std::chrono::seconds Seconds(int n) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  n *= 10;
#endif
  return std::chrono::seconds(n);
}

Result<Rendered> Render(Files files, RenderLimits limits = {}) {
  const MemoryTree tree(std::move(files));
  RenderRequest request;
  request.tree = &tree;
  request.limits = limits;
  return RenderKustomize(request);
}

std::string ConfigMap(const std::string& name) {
  return "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: " + name + "\ndata: {a: b}\n";
}

TEST(KustomizeHostile, DeepBasesAreRefused) {
  Files files;
  std::string directory;
  for (int i = 0; i < 1000; ++i) {
    files[directory + "kustomization.yaml"] = "resources: [d]\n";
    directory += "d/";
  }
  files[directory + "kustomization.yaml"] = "namePrefix: a\n";
  const auto begin = std::chrono::steady_clock::now();
  const auto rendered = Render(std::move(files));
  ASSERT_FALSE(rendered.ok());
  EXPECT_EQ(rendered.error().code(), Code::kLimit);
  EXPECT_NE(rendered.error().message().find("bases are nested more than 200 deep"), std::string::npos);
  EXPECT_LT(rendered.error().message().size(), 4000u) << "the way there is not spelled out directory by directory";
  EXPECT_LT(std::chrono::steady_clock::now() - begin, Seconds(2));
}

// Each directory builds on two, and they on the same two: two to the power of forty ways.
TEST(KustomizeHostile, BasesThatMultiplyAreRefused) {
  Files files;
  for (int i = 0; i < 40; ++i) {
    const std::string next = std::to_string(i + 1);
    for (const char* side : {"a", "b"}) files[side + std::to_string(i) + "/kustomization.yaml"] = "resources: [../a" + next + ", ../b" + next + "]\nnamePrefix: " + side + "-\n";
  }
  for (const char* side : {"a", "b"}) files[std::string(side) + "40/kustomization.yaml"] = std::string("configMapGenerator: [{name: ") + side + "}]\n";
  files["kustomization.yaml"] = "resources: [a0, b0]\n";
  const auto begin = std::chrono::steady_clock::now();
  const auto rendered = Render(std::move(files), {.files = 5000});
  ASSERT_FALSE(rendered.ok());
  EXPECT_EQ(rendered.error().code(), Code::kLimit) << rendered.error().message();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, Seconds(10));
}

// A link may lead nowhere, to itself, or out of the source; none is followed out of it.
TEST(KustomizeHostile, LinksDoNotLeadOut) {
  const struct {
    const char *link, *target, *field;
    bool outside;
  } kCases[] = {
      {"app/a.yaml", "/etc/passwd", "resources: [a.yaml]\n", true},
      {"app/a.yaml", "../../../../etc/passwd", "resources: [a.yaml]\n", true},
      {"app/a.yaml", "a.yaml", "resources: [a.yaml]\n", false},
      {"app/a.yaml", "none.yaml", "resources: [a.yaml]\n", false},
      {"app/a.yaml", "../secret.yaml", "resources: [a.yaml]\n", true},
      {"app/data", "..", "configMapGenerator: [{name: a, files: [data/secret.yaml]}]\n", true},
      {"app/data", "/", "configMapGenerator: [{name: a, files: [data/etc/passwd]}]\n", true},
      {"app/base", "/etc", "resources: [base]\n", true},
      {"app/base", ".", "resources: [base]\n", false},
      {"app/base", "..", "resources: [base]\n", false},
  };
  for (const auto& c : kCases) {
    const MemoryTree tree(Files{{"app/kustomization.yaml", c.field}, {"secret.yaml", ConfigMap("secret")}}, {{c.link, c.target}});
    RenderRequest request;
    request.tree = &tree;
    request.path = "app";
    const auto rendered = RenderKustomize(request);
    ASSERT_FALSE(rendered.ok()) << c.link << " to " << c.target;
    EXPECT_NE(rendered.error().code(), Code::kInternal);
    EXPECT_TRUE(!c.outside || rendered.error().code() == Code::kDenied) << c.link << " to " << c.target << ": " << rendered.error().message();
  }
}

// Ten to the power of twelve values in a few hundred bytes.
std::string Bomb(const std::string& first = "a", const std::string& indent = "") {
  std::string bomb = indent + "x0: &x0 [" + first;
  for (int i = 1; i < 10; ++i) bomb += ", " + first;
  bomb += "]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string before = "*x" + std::to_string(i - 1);
    bomb += indent + "x" + std::to_string(i) + ": &x" + std::to_string(i) + " [" + before;
    for (int k = 0; k < 9; ++k) bomb += ", " + before;
    bomb += "]\n";
  }
  return bomb;
}

// In every file that a kustomization may read, and in the kustomization itself.
TEST(KustomizeHostile, AliasBombsAreRefused) {
  const std::string object = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n" + Bomb();
  const std::string plugin = "apiVersion: builtin\nkind: LabelTransformer\nmetadata: {name: t}\n" + Bomb();
  const std::string merges = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ny0: &y0 {a: b, c: d, e: f}\n" + [] {
    std::string text;
    for (int i = 1; i < 14; ++i) {
      const std::string before = "*y" + std::to_string(i - 1);
      text += "y" + std::to_string(i) + ": &y" + std::to_string(i) + " {k0: " + before;
      for (int k = 1; k < 9; ++k) text += ", k" + std::to_string(k) + ": {<<: " + before + "}";
      text += "}\n";
    }
    return text;
  }();
  const struct {
    const char *what, *field;
    std::string bomb;
  } kCases[] = {
      {"resource", "resources: [bomb.yaml]\n", object},
      {"merge keys", "resources: [bomb.yaml]\n", merges},
      {"patch", "resources: [a.yaml]\npatches: [{path: bomb.yaml}]\n", object},
      {"old patch", "resources: [a.yaml]\npatchesStrategicMerge: [bomb.yaml]\n", object},
      {"operations", "resources: [a.yaml]\npatches: [{path: bomb.yaml, target: {kind: ConfigMap}}]\n", "- op: add\n  path: /data\n" + Bomb("a", "  ")},
      {"configuration", "resources: [a.yaml]\nconfigurations: [bomb.yaml]\n", Bomb()},
      {"crd", "resources: [a.yaml]\ncrds: [bomb.yaml]\n", Bomb()},
      {"schema", "resources: [a.yaml]\nopenapi: {path: bomb.yaml}\n", Bomb()},
      {"replacement", "resources: [a.yaml]\nreplacements: [{path: bomb.yaml}]\n", Bomb()},
      {"transformer", "resources: [a.yaml]\ntransformers: [bomb.yaml]\n", plugin},
      {"generator", "generators: [bomb.yaml]\n", plugin},
      {"kustomization", "", ""},
  };
  for (const auto& c : kCases) {
    std::string kustomization = c.field;
    if (c.bomb.empty()) kustomization = "resources: [a.yaml]\n" + Bomb();
    const auto begin = std::chrono::steady_clock::now();
    const auto rendered = Render({{"kustomization.yaml", kustomization}, {"a.yaml", ConfigMap("a")}, {"bomb.yaml", c.bomb}});
    ASSERT_FALSE(rendered.ok()) << c.what;
    EXPECT_EQ(rendered.error().code(), Code::kLimit) << c.what << ": " << rendered.error().message();
    EXPECT_NE(rendered.error().message().find(c.bomb.empty() ? "kustomization.yaml" : "bomb.yaml"), std::string::npos) << c.what << ": " << rendered.error().message();
    EXPECT_NE(rendered.error().message().find("aliases"), std::string::npos) << c.what << ": " << rendered.error().message();
    EXPECT_LT(std::chrono::steady_clock::now() - begin, Seconds(2)) << c.what;
  }
}

// Few values, each of them a megabyte that stands in memory once.
TEST(KustomizeHostile, LongTextsThatAliasesRepeatAreRefused) {
  std::string bomb = ConfigMap("a") + "long: &long '" + std::string(1 << 20, 'x') + "'\nten: &ten [*long, *long, *long, *long, *long, *long, *long, *long, *long, *long]\nhundred: [*ten, *ten, *ten, *ten, *ten, *ten, *ten, *ten, *ten, *ten]\n";
  const auto refused = Render({{"kustomization.yaml", "resources: [bomb.yaml]\n"}, {"bomb.yaml", bomb}});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), Code::kLimit);
  EXPECT_NE(refused.error().message().find("resource 'bomb.yaml': 8:"), std::string::npos) << refused.error().message();

  // Each object is small enough, all of them together are not.
  std::string many;
  for (int i = 0; i < 20; ++i) {
    many += "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: n" + std::to_string(i) + "}\na: &long '" + std::string(10'000, 'x') + "'\nb: [";
    for (int k = 0; k < 30; ++k) many += k == 0 ? "*long" : ", *long";
    many += "]\n---\n";
  }
  const auto together = Render({{"kustomization.yaml", "resources: [many.yaml]\n"}, {"many.yaml", many}}, {.total_bytes = 5'000'000});
  ASSERT_FALSE(together.ok());
  EXPECT_EQ(together.error().code(), Code::kLimit);
  EXPECT_NE(together.error().message().find("more text than a render may make"), std::string::npos) << together.error().message();
}

// A delimiter puts the text beside itself, so that it doubles each time; a variable stands in a text many times.
TEST(KustomizeHostile, TextsThatGrowAreRefused) {
  std::string replacements;
  for (int i = 0; i < 60; ++i) replacements += "- source: {kind: ConfigMap, fieldPath: data.a}\n  targets: [{select: {kind: ConfigMap}, fieldPaths: [data.a], options: {delimiter: '!', index: 9999}}]\n";
  std::string references;
  for (int i = 0; i < 2000; ++i) references += "$(V)";
  const std::string variables = "vars: [{name: V, objref: {apiVersion: v1, kind: ConfigMap, name: a}, fieldref: {fieldPath: data.a}}]\ncommonAnnotations: {v: '" + references + "'}\n";
  const std::string long_map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: '" + std::string(100'000, 'x') + "'}\n";
  for (const auto& [field, object] : {std::pair{"replacements:\n" + replacements, ConfigMap("a").replace(ConfigMap("a").find("{a: b}"), 6, "{a: some-text}")}, {variables, long_map}}) {
    const auto begin = std::chrono::steady_clock::now();
    const auto rendered = Render({{"kustomization.yaml", "resources: [a.yaml]\n" + field}, {"a.yaml", object}}, {.total_bytes = 50'000'000});
    ASSERT_FALSE(rendered.ok()) << field.substr(0, 20);
    EXPECT_EQ(rendered.error().code(), Code::kLimit) << rendered.error().message();
    EXPECT_LT(std::chrono::steady_clock::now() - begin, Seconds(10));
  }
}

// A megabyte of configuration and ten thousand fields to put it into.
TEST(KustomizeHostile, LongConfiguredTextsInManyFieldsAreRefused) {
  std::string references, containers, subjects;
  for (int i = 0; i < 10'000; ++i) {
    references += "      - {configMapRef: {name: a}}\n";
    containers += "    - {name: c" + std::to_string(i) + ", image: app}\n";
    subjects += "- {kind: ServiceAccount, name: default}\n";
  }
  const std::string pod = ConfigMap("a") + "---\napiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n" + containers +
                          "    - name: with\n      image: app\n      envFrom:\n" + references;
  const std::string binding = "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: r}\nsubjects:\n" + subjects;
  std::string maps;
  for (int i = 0; i < 10'000; ++i) maps += ConfigMap("m" + std::to_string(i)) + "---\n";
  const std::string text(1 << 20, 'x');
  const std::pair<std::string, const std::string*> cases[] = {
      {"namePrefix: " + text, &pod},  {"namePrefix: " + text, &maps},           {"nameSuffix: " + text, &maps},
      {"namespace: " + text, &maps},  {"namespace: " + text, &binding},         {"images: [{name: app, newName: " + text + "}]", &pod},
      {"labels: [{pairs: {a: " + text + "}}]", &maps}, {"commonAnnotations: {a: " + text + "}", &maps}};
  for (const auto& [field, objects] : cases) {
    const auto begin = std::chrono::steady_clock::now();
    const auto rendered = Render({{"kustomization.yaml", "resources: [a.yaml]\n" + field + "\n"}, {"a.yaml", *objects}}, {.memory_bytes = 64u << 20});
    ASSERT_FALSE(rendered.ok()) << field.substr(0, 20);
    EXPECT_EQ(rendered.error().code(), Code::kLimit) << field.substr(0, 20);
    EXPECT_NE(rendered.error().message().find("a long text is put into many fields"), std::string::npos) << rendered.error().message().substr(0, 300);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, Seconds(10)) << field.substr(0, 20);
  }
}

TEST(KustomizeHostile, LimitsHold) {
  const Files files = {{"kustomization.yaml", "resources: [a.yaml, b.yaml]\n"}, {"a.yaml", ConfigMap("a")}, {"b.yaml", ConfigMap("b")}};
  EXPECT_TRUE(Render(files).ok());
  for (const RenderLimits& limits : {RenderLimits{.files = 2}, RenderLimits{.file_bytes = 20}, RenderLimits{.total_bytes = 90}, RenderLimits{.objects = 1}}) {
    const auto rendered = Render(files, limits);
    ASSERT_FALSE(rendered.ok());
    EXPECT_EQ(rendered.error().code(), Code::kLimit) << rendered.error().message();
  }
}

// Each copies the object into itself, so that it doubles: what is shared in memory would be endless in print.
TEST(KustomizeHostile, PatchesThatExplodeAreRefused) {
  std::string operations, replacements, patches;
  for (int i = 0; i < 40; ++i) {
    operations += std::string(i == 0 ? "" : ", ") + R"({"op": "copy", "from": "/data", "path": "/data/x)" + std::to_string(i) + "\"}";
    replacements += "- source: {kind: ConfigMap, fieldPath: data}\n  targets: [{select: {kind: ConfigMap}, fieldPaths: [data.x" + std::to_string(i) + "], options: {create: true}}]\n";
    patches += "- target: {kind: ConfigMap}\n  patch: '[{\"op\": \"copy\", \"from\": \"/data\", \"path\": \"/data/x" + std::to_string(i) + "\"}]'\n";
  }
  for (const std::string& field : {"patches:\n- target: {kind: ConfigMap}\n  patch: '[" + operations + "]'\n", "replacements:\n" + replacements, "patches:\n" + patches}) {
    const auto rendered = Render({{"kustomization.yaml", "resources: [a.yaml]\n" + field}, {"a.yaml", ConfigMap("a")}});
    ASSERT_FALSE(rendered.ok()) << field;
    EXPECT_EQ(rendered.error().code(), Code::kLimit) << rendered.error().message();
  }
}

TEST(KustomizeHostile, ObjectsThatAreNestedTooDeepAreRefused) {
  std::string replacements;
  for (int i = 0; i < 700; ++i) replacements += "- source: {kind: CR, fieldPath: spec}\n  targets: [{select: {kind: CR}, fieldPaths: [spec.x], options: {create: true}}]\n";
  const auto rendered = Render({{"kustomization.yaml", "resources: [a.yaml]\nreplacements:\n" + replacements}, {"a.yaml", "apiVersion: v1\nkind: CR\nmetadata: {name: a}\nspec: {a: b}\n"}});
  ASSERT_FALSE(rendered.ok());
  EXPECT_EQ(rendered.error().code(), Code::kLimit) << rendered.error().message();
}

TEST(KustomizeHostile, DirectoriesOfManyFilesCostNothing) {
  Files files = {{"kustomization.yaml", "resources: [a.yaml]\n"}, {"a.yaml", ConfigMap("a")}};
  for (int i = 0; i < 100'000; ++i) files["f" + std::to_string(i)] = "";
  const MemoryTree tree(std::move(files));
  RenderRequest request;
  request.tree = &tree;
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_TRUE(RenderKustomize(request).ok());
  EXPECT_LT(std::chrono::steady_clock::now() - begin, Seconds(1));
}

TEST(KustomizeHostile, ExpressionsCannotBacktrack) {
  Files files = {{"a.yaml", ConfigMap(std::string(2000, 'a'))}};
  files["kustomization.yaml"] = "resources: [a.yaml]\npatches:\n- target: {name: '(a*)*b'}\n  patch: '[{\"op\": \"remove\", \"path\": \"/data\"}]'\n";
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_TRUE(Render(files).ok());
  EXPECT_LT(std::chrono::steady_clock::now() - begin, Seconds(2));
  files["kustomization.yaml"] = "resources: [a.yaml]\npatches:\n- target: {name: '(?!a)'}\n  patch: '[{\"op\": \"remove\", \"path\": \"/data\"}]'\n";
  EXPECT_FALSE(Render(files).ok()) << "look-ahead is no part of the dialect";
}

TEST(KustomizeHostile, TenThousandObjectsGrowLinearly) {
  std::string text;
  for (int i = 0; i < 10'000; ++i) text += ConfigMap("cm-" + std::to_string(i)) + "---\n";
  const auto begin = std::chrono::steady_clock::now();
  const auto rendered = Render({{"kustomization.yaml", "resources: [all.yaml]\nnamePrefix: a-\nnamespace: b\ncommonLabels: {a: b}\n"}, {"all.yaml", text}});
  ASSERT_TRUE(rendered.ok()) << rendered.error().message();
  EXPECT_EQ(rendered->manifests.size(), 10'000u);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, Seconds(30));
}

TEST(KustomizeHostile, OddShapesAreErrorsNotCrashes) {
  const char* const kResources[] = {
      "a", "[]", "- a", "{}", "kind: A", "kind: A\nmetadata: []", "kind: A\nmetadata: {name: []}", "kind: AList\nitems: a",
      "kind: AList\nitems: [[], {}, null, 1]", "apiVersion: {}\nkind: A\nmetadata: {name: a, annotations: [], labels: 5}",
      "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: []", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {template: text}",
      "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: a}\nsubjects: {a: b}\nroleRef: []",
      "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: a}\nsubjects: [a, [], {kind: ServiceAccount, namespace: null}]",
  };
  const char* const kFields[] = {
      "namePrefix: a-", "namespace: b", "commonLabels: {a: b}", "images: [{name: a, newTag: b}]", "images: [{name: '[', newTag: b}]",
      "replicas: [{name: a, count: 1}]", "patches: [{target: {}, patch: '[{\"op\": \"add\", \"path\": \"/spec/a\", \"value\": 1}]'}]",
      "patches: [{target: {}, patch: '{kind: A, metadata: {name: a}, spec: {b: [1]}}'}]", "patches: [{patch: '- $patch: delete'}]",
      "replacements: [{source: {name: a}, targets: [{select: {name: a}, fieldPaths: ['spec.*.[a=b].0', '[', 'a.[b]']}]}]",
      "vars: [{name: A, objref: {kind: A, name: a}}]", "configMapGenerator: [{name: a, behavior: merge}]", "labels: [{pairs: {a: b}, fields: [{path: '', create: true}]}]",
      "transformers: ['{apiVersion: builtin, kind: ValueAddTransformer, metadata: {name: a}, targets: [{fieldPath: a/b}]}']", "crds: [a.yaml]", "configurations: [a.yaml]",
      "openapi: {path: a.yaml}", "sortOptions: {order: legacy, legacySortOptions: {orderFirst: [A]}}", "generators: [a.yaml]", "components: ['.']", "resources: ['']",
  };
  for (const char* resource : kResources) {
    for (const char* field : kFields) {
      const auto rendered = Render({{"kustomization.yaml", std::string("resources: [a.yaml]\n") + field + "\n"}, {"a.yaml", resource}});
      if (rendered.ok()) continue;
      EXPECT_NE(rendered.error().code(), Code::kInternal) << field << " over " << resource;
    }
  }
}

}  // namespace
}  // namespace plumb
