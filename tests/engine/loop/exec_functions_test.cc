// Functions of a source as real programs.
#include "engine/loop/exec_functions.h"

#include <gtest/gtest.h>

#include "core/memory_tree.h"
#include "plugins/kustomize/render.h"

namespace plumb {
namespace {

std::string Render(std::string script, ExecFunctionOptions options = {}, const std::string& path = "./fn.sh") {
  const MemoryTree tree({{"app/kustomization.yaml", "generators: [g.yaml]\n"},
                         {"app/g.yaml", "apiVersion: acme/v1\nkind: Magic\nmetadata:\n  name: m\n  annotations:\n    config.kubernetes.io/function: '{exec: {path: " + path + ", args: [one]}}'\n"},
                         {"app/fn.sh", "#!/bin/sh\n" + std::move(script)},
                         {"app/data/value.txt", "from-a-file"},
                         {"outside.txt", "secret"}});
  RenderRequest request;
  request.tree = &tree;
  request.path = "app";
  ExecFunctions functions(options);
  const auto rendered = RenderKustomize(request, {.functions = &functions});
  return rendered.ok() ? WriteManifests(rendered->manifests) : "error: " + rendered.error().message();
}

const std::string kMap = "printf 'apiVersion: v1\\nkind: ConfigMap\\nmetadata:\\n  name: %s\\n' ";

TEST(ExecFunctions, ProgramsRunInTheirDirectory) {
  EXPECT_EQ(Render(kMap + "\"$1-$(cat data/value.txt)\""), "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: one-from-a-file\n");
  EXPECT_EQ(Render("grep -q 'kind: ResourceList' && " + kMap + "ok"), "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ok\n");
}

TEST(ExecFunctions, SeeNeitherTheRestOfTheSourceNorTheEnvironment) {
  setenv("PLUMB_TEST_SECRET", "secret", 1);
  EXPECT_NE(Render("test -z \"$PLUMB_TEST_SECRET\" && test ! -e ../outside.txt && " + kMap + "clean").find("name: clean"), std::string::npos);
  unsetenv("PLUMB_TEST_SECRET");
}

TEST(ExecFunctions, FailuresSayWhy) {
  EXPECT_NE(Render("echo 'no such thing' >&2; exit 3").find("'./fn.sh' ended with status 3: no such thing"), std::string::npos);
  EXPECT_NE(Render("", {}, "./none.sh").find("is no file below the kustomization"), std::string::npos);
  EXPECT_NE(Render("", {}, "/bin/true").find("relative to its kustomization"), std::string::npos);
  EXPECT_NE(Render("", {}, "../fn.sh").find("error"), std::string::npos);
  EXPECT_NE(Render("echo '}{'").find("its output"), std::string::npos);
}

TEST(ExecFunctions, AreBounded) {
  EXPECT_NE(Render("sleep 20", {.timeout = std::chrono::milliseconds(200)}).find("error"), std::string::npos);
  EXPECT_NE(Render("yes", {.out_bytes = 1000}).find("error"), std::string::npos);
  EXPECT_NE(Render("true", {.files = 2}).find("more than 2 files"), std::string::npos);
  EXPECT_NE(Render("true", {.bytes = 10}).find("more than 10 bytes"), std::string::npos);
}

}  // namespace
}  // namespace plumb
