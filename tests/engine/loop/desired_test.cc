// From an Application's source to its manifests: every option of the Kustomize renderer, and what a render asks for beyond
// its files.
#include "engine/loop/desired.h"

#include <gtest/gtest.h>

#include "core/memory_tree.h"
#include "core/yaml.h"
#include "engine/loop/read_set.h"
#include "plugins/kustomize/render.h"

namespace plumb {
namespace {

const std::map<std::string, std::string> kShop = {
    {"app/kustomization.yaml", "resources: [web.yaml, ../shared.yaml]\nimages: [{name: nginx, newTag: '1.1'}]\n"},
    {"app/web.yaml", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  selector: {matchLabels: {}}\n  template:\n    spec:\n      containers: [{name: web, image: 'nginx:1.0', args: ['${MODE}']}]\n"},
    {"shared.yaml", "apiVersion: v1\nkind: Namespace\nmetadata: {name: last}\n"},
    {"app/extra/kustomization.yaml", "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\ncommonAnnotations: {from: component}\n"},
};

std::string Render(const Tree& tree, const std::string& source, const RenderHelpers& helpers = {}) {
  const auto document = ParseYamlOne("apiVersion: plumb.dev/v1alpha1\nkind: Application\nmetadata: {name: shop}\nspec:\n  sources:\n  - git: {url: https://git.example/shop.git}\n    path: app\n" + source);
  const auto application = ParseApplication(*document);
  if (!application.ok()) return "application: " + application.error().message();
  const auto rendered = RenderSource(tree, application->sources[0], {}, helpers);
  return rendered.ok() ? WriteManifests(rendered->manifests) : "error: " + rendered.error().message();
}

TEST(RenderSource, EveryKustomizeOptionOfAnApplicationCounts) {
  const MemoryTree tree(kShop);
  EXPECT_NE(Render(tree, "").find("loadRestrictor: none"), std::string::npos) << "refused, with what would allow it";
  const std::string text = Render(tree,
                                  "    kustomize:\n"
                                  "      loadRestrictor: none\n      order: none\n      namePrefix: pre-\n      nameSuffix: -suf\n      namespace: shop\n      images: [nginx=proxy:3]\n"
                                  "      replicas: [{name: web, count: 4}]\n      labels: [{pairs: {team: a}, includeSelectors: true}]\n      commonLabels: {all: of-them}\n"
                                  "      commonAnnotations: {note: b}\n      components: [extra]\n"
                                  "      patches: [{target: {kind: Deployment}, patch: '[{\"op\": \"add\", \"path\": \"/spec/paused\", \"value\": true}]'}]\n"
                                  "      postBuild: {substitute: {MODE: fast}}\n");
  for (const char* wanted : {"name: pre-web-suf", "namespace: shop", "image: proxy:3", "replicas: 4", "team: a", "all: of-them", "note: b", "from: component", "paused: true", "- fast"})
    EXPECT_NE(text.find(wanted), std::string::npos) << wanted << " in\n" << text;
  EXPECT_LT(text.find("kind: Deployment"), text.find("kind: Namespace")) << "in the order of the source";
  EXPECT_NE(Render(tree, "    kustomize: {nameprefx: a}\n").find("nameprefx"), std::string::npos);
}

class NoRemote final : public kustomize::RemoteBases {
 public:
  Result<Base> Open(std::string_view) override { return NotFound("asked"); }
  Result<std::string> ReadFile(std::string_view) override { return NotFound("asked"); }
};

TEST(RenderSource, RemoteBasesAreAskedForOnlyWhereSomebodyServesThem) {
  const std::map<std::string, std::string> files = {{"app/kustomization.yaml", "resources: ['https://git.example/org/repo//base']\n"}};
  const MemoryTree tree(files);
  EXPECT_NE(Render(tree, "").find("remote bases are not allowed here"), std::string::npos);
  const RenderHelpers helpers{[](const ApplicationSource& source) {
                                EXPECT_EQ(source.git.url, "https://git.example/shop.git");
                                return std::make_unique<NoRemote>();
                              },
                              nullptr};
  EXPECT_NE(Render(tree, "", helpers).find("asked"), std::string::npos);
}

// A list of changes may spare the look at the tree, and must never hide one.
TEST(ReadSet, IsConcernedByChangesOfWhatItReadAndOfWhatWasNotThere) {
  const std::map<std::string, std::string> files = {{"a/x.yaml", "1"}, {"a/y.yaml", "1"}, {"b/z.yaml", "1"}};
  const MemoryTree before(files);
  const RecordingTree recording(before);
  (void)recording.Read("a/x.yaml");
  (void)recording.Read(".plumb/ignore.yaml");
  (void)recording.List("b");
  const ReadSet reads = recording.Taken();
  const auto concerned = [&](std::map<std::string, std::string> now, const std::string& gone = "") {
    now.insert(files.begin(), files.end());
    now.erase(gone);
    const MemoryTree after(now);
    EXPECT_TRUE(reads.ConcernedBy(*after.ChangesSince(before, 100)) || reads.Same(after));
    return reads.ConcernedBy(*after.ChangesSince(before, 100));
  };
  EXPECT_FALSE(concerned({{"a/y.yaml", "2"}}));
  EXPECT_FALSE(concerned({{"c/new.yaml", "2"}}));
  EXPECT_TRUE(concerned({{"a/x.yaml", "2"}}));
  EXPECT_TRUE(concerned({}, "a/x.yaml"));
  EXPECT_TRUE(concerned({{"b/new.yaml", "2"}}));
  EXPECT_TRUE(concerned({{".plumb/ignore.yaml", "[]"}}));
  EXPECT_TRUE(concerned({{"a/x.yaml/now-a-directory", "1"}}, "a/x.yaml"));
}

TEST(ReadSet, ThatWentThroughALinkIsConcernedByEveryChange) {
  const MemoryTree linked({{"a/one.yaml", "1"}, {"b/other", "1"}}, {{"a/x.yaml", "one.yaml"}, {"a/dangling", "../b/none"}});
  TreeChanges elsewhere;
  elsewhere.changed = {"", "b", "b/other"};
  const RecordingTree plain(linked), through(linked), dangling(linked);
  (void)plain.Read("a/one.yaml");
  EXPECT_FALSE(plain.Taken().ConcernedBy(elsewhere));
  (void)through.Read("a/x.yaml");
  EXPECT_TRUE(through.Taken().ConcernedBy(elsewhere));
  (void)dangling.Read("a/dangling");
  EXPECT_TRUE(dangling.Taken().ConcernedBy(elsewhere)) << "it may lead somewhere now";
}

TEST(ReadSet, ALinkThatLeadsElsewhereIsSomethingElse) {
  const std::map<std::string, std::string> files = {{"a/kustomization.yaml", "resources: [x.yaml]\n"}, {"a/one.yaml", "apiVersion: v1\nkind: Namespace\nmetadata: {name: n}\n"}, {"a/two.yaml", "apiVersion: v1\nkind: Namespace\nmetadata: {name: m}\n"}};
  const MemoryTree before(files, {{"a/x.yaml", "one.yaml"}}), after(files, {{"a/x.yaml", "two.yaml"}});
  const RecordingTree recording(before);
  RenderRequest request;
  request.tree = &recording;
  request.path = "a";
  ASSERT_TRUE(RenderKustomize(request).ok());
  EXPECT_TRUE(recording.Taken().Same(before));
  EXPECT_FALSE(recording.Taken().Same(after));
}

}  // namespace
}  // namespace plumb
