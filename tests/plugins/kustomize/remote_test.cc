// Remote bases and functions, as the renderer asks for them: by whoever starts the render, or not at all.
#include <gtest/gtest.h>

#include "plugins/kustomize/remote_url.h"
#include "tests/plugins/kustomize/test_render.h"

namespace plumb::kustomize {
namespace {

TEST(KustomizeRemoteUrl, AddressesFallApartAsInTheProgram) {
  const struct {
    const char *text, *repository, *host, *path, *revision;
  } kCases[] = {
      {"https://github.com/org/repo//deploy/base?ref=v1.2.0", "https://github.com/org/repo", "github.com", "deploy/base", "v1.2.0"},
      {"github.com/org/repo/deploy?ref=main", "https://github.com/org/repo", "github.com", "deploy", "main"},
      {"http://github.com/org/repo", "https://github.com/org/repo", "github.com", "", ""},
      {"git::https://git.example/a/b/c.git//x?version=7", "https://git.example/a/b/c.git", "git.example", "x", "7"},
      {"git@github.com:org/repo.git/sub?ref=a", "git@github.com:org/repo.git", "github.com", "sub", "a"},
      {"ssh://git@git.example:2222/org/repo//x/", "ssh://git@git.example:2222/org/repo", "git.example", "x", ""},
      {"https://dev.azure.com/org/project/_git/repo/path/to", "https://dev.azure.com/org/project/_git/repo", "dev.azure.com", "path/to", ""},
      {"https://GIT.Example/org/repo.git", "https://GIT.Example/org/repo.git", "git.example", "", ""},
      {"file:///srv/git/repo.git//base", "file:///srv/git/repo.git", "", "base", ""},
      {"https://git.example/org/repo?ref=feature%2Fx&submodules=false&timeout=90", "https://git.example/org/repo", "git.example", "", "feature/x"},
  };
  for (const auto& c : kCases) {
    const auto url = ParseRemoteUrl(c.text);
    ASSERT_TRUE(url.ok()) << c.text << ": " << url.error().message();
    EXPECT_EQ(url->repository, c.repository) << c.text;
    EXPECT_EQ(url->host, c.host) << c.text;
    EXPECT_EQ(url->path, c.path) << c.text;
    EXPECT_EQ(url->revision, c.revision) << c.text;
  }
  EXPECT_FALSE(ParseRemoteUrl("https://git.example/org/repo?submodules=false")->submodules);
  EXPECT_EQ(ParseRemoteUrl("https://git.example/org/repo?timeout=2m")->timeout, std::chrono::minutes(2));
  for (const char* bad : {"../base", "https://github.com", "https://github.com/org", "https://git.example/org/repo//../../x", "org/repo", "https:///x/y"}) EXPECT_FALSE(ParseRemoteUrl(bad).ok()) << bad;
}

class FakeRemote final : public RemoteBases {
 public:
  Result<Base> Open(std::string_view url) override {
    asked.emplace_back(url);
    if (url.find("missing") != std::string_view::npos) return NotFound("no such repository");
    return Base{std::make_shared<MemoryTree>(Files{{"base/kustomization.yaml", "resources: [cm.yaml, ../beside]\n"},
                                                   {"base/cm.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: far\n"},
                                                   {"beside/kustomization.yaml", "configMapGenerator: [{name: near, options: {disableNameSuffixHash: true}}]\n"}}),
                "base"};
  }
  Result<std::string> ReadFile(std::string_view url) override {
    asked.emplace_back(url);
    return std::string("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: fetched\n");
  }
  std::vector<std::string> asked;
};

TEST(KustomizeRemote, BasesAndFilesComeFromTheHelper) {
  FakeRemote remote;
  const std::string text = TextOf({{"kustomization.yaml", "namePrefix: p-\nresources:\n- https://github.com/org/repo//base?ref=v1\n- https://raw.example/x/cm.yaml\n"}}, "", "", {.remote = &remote});
  EXPECT_EQ(text, "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: p-far\n---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: p-fetched\n---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: p-near\n");
  EXPECT_EQ(remote.asked, (std::vector<std::string>{"https://github.com/org/repo//base?ref=v1", "https://raw.example/x/cm.yaml"}));
}

TEST(KustomizeRemote, IsRefusedWithoutAHelper) {
  const auto rendered = RenderFiles({{"kustomization.yaml", "resources: ['https://github.com/org/repo//base']\n"}});
  ASSERT_FALSE(rendered.ok());
  EXPECT_EQ(rendered.error().code(), Code::kDenied);
}

TEST(KustomizeRemote, ErrorsNameTheAddress) {
  FakeRemote remote;
  const std::string text = TextOf({{"kustomization.yaml", "resources: ['https://github.com/org/missing']\n"}}, "", "", {.remote = &remote});
  EXPECT_NE(text.find("resource 'https://github.com/org/missing'"), std::string::npos) << text;
}

class FakeFunctions final : public FunctionRunner {
 public:
  Result<std::string> Run(const Call& call) override {
    calls.push_back(call);
    return answer;
  }
  std::vector<Call> calls;
  std::string answer;
};

const char kFunction[] = "apiVersion: acme/v1\nkind: Magic\nmetadata:\n  name: m\n  annotations:\n    config.kubernetes.io/function: |\n      exec:\n        path: ./fn.sh\n        args: [-v]\n";
const char kMap[] = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n";

TEST(KustomizeFunctions, GeneratorsGetTheirConfigurationAndGiveObjects) {
  FakeFunctions functions;
  functions.answer = std::string("apiVersion: config.kubernetes.io/v1\nkind: ResourceList\nitems:\n- apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: made, annotations: {kustomize.config.k8s.io/needs-hash: 'true'}}\n  data: {a: b}\n");
  const std::string text = TextOf({{"kustomization.yaml", "generators: [g.yaml]\nnamePrefix: p-\n"}, {"g.yaml", kFunction}}, "", "", {.functions = &functions});
  EXPECT_EQ(text.substr(0, text.find("p-made-")), "apiVersion: v1\ndata:\n  a: b\nkind: ConfigMap\nmetadata:\n  name: ") << text;
  ASSERT_EQ(functions.calls.size(), 1u);
  EXPECT_EQ(functions.calls[0].program.path, "./fn.sh");
  EXPECT_EQ(functions.calls[0].program.args, std::vector<std::string>{"-v"});
  EXPECT_NE(functions.calls[0].input.find("kind: ResourceList"), std::string::npos);
  EXPECT_NE(functions.calls[0].input.find("functionConfig:\n  apiVersion: acme/v1"), std::string::npos) << functions.calls[0].input;
}

TEST(KustomizeFunctions, TransformersChangeAddAndRemove) {
  FakeFunctions functions;
  functions.answer = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, labels: {seen: 'yes'}}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n";
  const std::string text = TextOf({{"kustomization.yaml", "resources: [a.yaml]\ntransformers: [g.yaml]\n"}, {"a.yaml", std::string(kMap) + "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\n"}, {"g.yaml", kFunction}},
                                  "", "", {.functions = &functions});
  EXPECT_EQ(text, "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  labels:\n    seen: \"yes\"\n  name: a\n---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c\n");
}

TEST(KustomizeFunctions, ValidatorsMayNotChangeAnything) {
  FakeFunctions functions;
  functions.answer = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, labels: {seen: 'yes'}}\n";
  EXPECT_NE(TextOf({{"kustomization.yaml", "resources: [a.yaml]\nvalidators: [g.yaml]\n"}, {"a.yaml", kMap}, {"g.yaml", kFunction}}, "", "", {.functions = &functions}).find("a validator may only look"), std::string::npos);
  functions.answer = kMap;
  EXPECT_EQ(TextOf({{"kustomization.yaml", "resources: [a.yaml]\nvalidators: [g.yaml]\n"}, {"a.yaml", kMap}, {"g.yaml", kFunction}}, "", "", {.functions = &functions}), kMap);
}

TEST(KustomizeFunctions, DoNotRunUnlessAllowedAndNeverInContainers) {
  const Files files = {{"kustomization.yaml", "generators: [g.yaml]\n"}, {"g.yaml", kFunction}};
  EXPECT_EQ(RenderFiles(files).error().code(), Code::kDenied);
  FakeFunctions functions;
  const std::string container = "apiVersion: acme/v1\nkind: Magic\nmetadata:\n  name: m\n  annotations: {config.kubernetes.io/function: '{container: {image: x}}'}\n";
  const auto refused = RenderFiles({{"kustomization.yaml", "generators: [g.yaml]\n"}, {"g.yaml", container}}, "", "", {.functions = &functions});
  EXPECT_EQ(refused.error().code(), Code::kDenied);
  EXPECT_NE(refused.error().message().find("container"), std::string::npos);
  EXPECT_TRUE(functions.calls.empty());
}

}  // namespace
}  // namespace plumb::kustomize
