// Programs of the source as generators, transformers and validators, through the kustomize program and through Plumb.
//
// The program is `kustomize` in the folder PLUMB_ASSETS (default ../cache/bin); skipped where it is not there.
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "core/memory_tree.h"
#include "tests/plugins/kustomize/against_program.h"

namespace plumb::kustomize {
namespace {

namespace fs = std::filesystem;

// A configuration whose annotation names the script beside it.
std::string Config(const std::string& extra = "") {
  return "apiVersion: acme.example/v1\nkind: Magic\nmetadata:\n  name: magic\n  annotations:\n    config.kubernetes.io/function: |\n      exec:\n        path: ./fn.sh\n" + extra;
}

const char kTwoMaps[] = "printf 'apiVersion: v1\\nkind: ConfigMap\\nmetadata:\\n  name: made\\ndata:\\n  n: \"1\"\\n---\\napiVersion: v1\\nkind: ConfigMap\\nmetadata:\\n  name: also\\n'";

std::string Made(const std::string& annotations) {
  return "printf 'apiVersion: v1\\nkind: ConfigMap\\nmetadata:\\n  name: made\\n  annotations:\\n    " + annotations + "\\ndata:\\n  a: b\\n'";
}

// But for a validator that says yes: the program calls its own marks, which the objects come back with, a change.
TEST(KustomizeFunctions, DoWhatTheyDoInTheProgram) {
  if (!fs::exists(KustomizeProgram())) GTEST_SKIP() << "no kustomize program at " << KustomizeProgram() << "; set PLUMB_ASSETS";
  const struct {
    const char *what, *kustomization;
    std::string script, config = Config();
  } kCases[] = {
      {"objects are generated", "generators: [fn.yaml]\nnamePrefix: p-\n", kTwoMaps},
      {"generated names may get a hash", "generators: [fn.yaml]\n", Made("kustomize.config.k8s.io/needs-hash: \"true\"")},
      {"a generated object may merge", "configMapGenerator: [{name: made, literals: [c=d]}]\ngenerators: [fn.yaml]\n", Made("kustomize.config.k8s.io/behavior: merge")},
      {"or replace", "configMapGenerator: [{name: made, literals: [c=d]}]\ngenerators: [fn.yaml]\n", Made("kustomize.config.k8s.io/behavior: replace")},
      {"but not by accident", "configMapGenerator: [{name: made, literals: [c=d]}]\ngenerators: [fn.yaml]\n", kTwoMaps},
      {"an answer may be a list", "generators: [fn.yaml]\n", "printf 'apiVersion: config.kubernetes.io/v1\\nkind: ResourceList\\nitems:\\n- apiVersion: v1\\n  kind: ConfigMap\\n  metadata:\\n    name: made\\n'"},
      {"nothing is an answer", "resources: [web.yaml]\ngenerators: [fn.yaml]\n", "true"},
      {"a failure is one", "generators: [fn.yaml]\n", "exit 3"},
      {"no objects is none", "generators: [fn.yaml]\n", "echo '- a'"},
      {"local objects are left out", "generators: [fn.yaml]\n", Made("config.kubernetes.io/local-config: \"true\"")},
      {"objects go through", "resources: [web.yaml]\ntransformers: [fn.yaml]\n", "cat"},
      {"objects are changed", "resources: [web.yaml]\nnameSuffix: -s\ntransformers: [fn.yaml]\n", "sed 's/replicas: 1/replicas: 5/'"},
      {"after an image was", "resources: [web.yaml]\nimages: [{name: nginx, newTag: '9'}]\ntransformers: [fn.yaml]\n", "sed 's/nginx:9/nginx:10/'"},
      {"a reference follows a name with a hash", "resources: [web.yaml]\nconfigMapGenerator: [{name: settings, literals: [a=b]}]\ntransformers: [fn.yaml]\n", "sed 's/replicas: 1/replicas: 2/'"},
      {"objects are taken away", "resources: [web.yaml]\ntransformers: [fn.yaml]\n", "printf 'apiVersion: config.kubernetes.io/v1\\nkind: ResourceList\\nitems: []\\n'"},
      {"and added", "resources: [web.yaml]\ntransformers: [fn.yaml]\n", "sed 's/^items:$/items:\\n- apiVersion: v1\\n  kind: ConfigMap\\n  metadata:\\n    name: added/'"},
      {"the configuration is told", "resources: [web.yaml]\ntransformers: [fn.yaml]\n", "sed \"s/replicas: 1/replicas: $(grep -c functionConfig fn.yaml || true)2/\"", Config("spec:\n  functionConfig: here\n")},
      {"a validator may say no", "resources: [web.yaml]\nvalidators: [fn.yaml]\n", "exit 1"},
      {"but not change", "resources: [web.yaml]\nvalidators: [fn.yaml]\n", "sed 's/replicas: 1/replicas: 2/'"},
      {"and where it comes from may be noted", "resources: [web.yaml]\ngenerators: [fn.yaml]\nbuildMetadata: [originAnnotations, transformerAnnotations]\n", kTwoMaps},
      {"a configuration in place", "generators:\n- |-\n  apiVersion: acme.example/v1\n  kind: Magic\n  metadata:\n    name: magic\n    annotations:\n      config.kubernetes.io/function: 'exec: {path: ./fn.sh}'\n", kTwoMaps},
      {"no such program", "generators: [fn.yaml]\n", kTwoMaps, "apiVersion: acme.example/v1\nkind: Magic\nmetadata:\n  name: magic\n  annotations:\n    config.kubernetes.io/function: 'exec: {path: ./none.sh}'\n"},
  };
  const fs::path folder = fs::temp_directory_path() / ("plumb-functions-" + std::to_string(getpid()));
  fs::create_directories(folder);
  for (const auto& c : kCases) {
    const std::map<std::string, std::string> files = {
        {"kustomization.yaml", c.kustomization},
        {"fn.yaml", c.config},
        {"fn.sh", "#!/bin/sh\n" + c.script + "\n"},
        {"web.yaml", "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  replicas: 1\n  template:\n    spec:\n      containers:\n      - name: main\n        image: nginx:1\n        envFrom:\n        - configMapRef:\n            name: settings\n"},
    };
    for (const auto& [name, content] : files) std::ofstream(folder / name) << content;
    fs::permissions(folder / "fn.sh", fs::perms::owner_all);
    const auto compared = CompareWithProgram(folder, MemoryTree(files), "", false, true);
    ASSERT_TRUE(compared.ok()) << c.what << ": " << compared.error().message();
    EXPECT_TRUE(compared->same) << c.what << "\nprogram: " << compared->program << "\nplumb: " << compared->plumb;
  }
  fs::remove_all(folder);
}

}  // namespace
}  // namespace plumb::kustomize
