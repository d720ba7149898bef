// The everyday commands of real kubectl programs, the newest and the oldest supported, over HTTP.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "engine/sandbox/sandbox.h"
#include "tests/engine/kube/control_plane.h"

namespace plumb::sandbox {
namespace {

struct Output {
  int code = -1;
  std::string text;
};

Output Shell(const std::string& command) {
  Output out;
  FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  char buffer[4096];
  while (const size_t n = fread(buffer, 1, sizeof buffer, pipe)) out.text.append(buffer, n);
  out.code = WEXITSTATUS(pclose(pipe));
  return out;
}

constexpr const char* kManifest = R"(apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - {name: c, image: "nginx:1.25", ports: [{containerPort: 80}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: cm}
data: {a: "1"}
)";

class Kubectl : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    kubectl_ = ControlPlaneProgram(GetParam());
    if (kubectl_.empty()) GTEST_SKIP() << GetParam() << " cannot be had here";
    auto started = Sandbox::Start({.pod_start = std::chrono::milliseconds(50)});
    ASSERT_TRUE(started.ok()) << started.error().message();
    box_ = *std::move(started);
    home_ = std::filesystem::temp_directory_path() / ("plumb-kubectl-" + std::to_string(getpid()) + "-" + GetParam());
    std::filesystem::create_directories(home_);
    ASSERT_TRUE(box_->WriteKubeconfig(home_ / "config").ok());
    Write("web.yaml", kManifest);
  }
  void TearDown() override {
    box_.reset();
    if (!home_.empty()) std::filesystem::remove_all(home_);
  }
  void Write(const std::string& name, const std::string& text) { std::ofstream(home_ / name) << text; }
  Output Do(const std::string& arguments) {
    return Shell("cd " + home_.string() + " && HOME=" + home_.string() + " KUBECONFIG=config EDITOR=./editor timeout 60 " + kubectl_ + " " + arguments);
  }
  void Expect(const std::string& arguments, const std::string& text, int code = 0) {
    const Output out = Do(arguments);
    EXPECT_EQ(out.code, code) << arguments << "\n" << out.text;
    EXPECT_NE(out.text.find(text), std::string::npos) << arguments << "\n" << out.text;
  }

  std::string kubectl_;
  std::filesystem::path home_;
  std::unique_ptr<Sandbox> box_;
};

TEST_P(Kubectl, EverydayCommandsWork) {
  Expect("apply -f web.yaml", "deployment.apps/web created");
  Expect("apply -f web.yaml", "deployment.apps/web unchanged");
  Expect("wait --for=condition=Available deploy/web --timeout=30s", "condition met");
  Expect("get deploy web", "2/2");
  Expect("get pods", "Running");
  Expect("get pods --watch --request-timeout=1s", "Running", Do("version --client").code);
  Expect("api-resources", "deployments");
  Expect("label cm cm x=y", "labeled");
  Expect("annotate cm cm x=y", "annotated");
  Expect("patch cm cm -p '{\"data\":{\"b\":\"2\"}}'", "patched");
  Expect("patch deploy web --type json -p '[{\"op\":\"replace\",\"path\":\"/spec/replicas\",\"value\":3}]'", "patched");
  Expect("rollout status deploy/web --timeout=30s", "successfully rolled out");
  Write("editor", "#!/bin/sh\nsed -i 's/b: \"2\"/b: \"3\"/' \"$1\"\n");
  std::filesystem::permissions(home_ / "editor", std::filesystem::perms::owner_all);
  Expect("edit cm cm", "edited");
  Expect("get cm cm -o jsonpath={.data.b}", "3");
  Write("changed.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: cm}\ndata: {a: \"9\"}\n");
  Expect("diff -f changed.yaml", "+  a: \"9\"", 1);
  Expect("apply --server-side --force-conflicts -f changed.yaml", "serverside-applied");
  Write("secret.yaml", "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {p: x}\n");
  Expect("create -f secret.yaml", "secret/s created");
  Expect("create -f secret.yaml", "already exists", 1);
  Expect("delete -f web.yaml", "deleted");
  Expect("get deploy web", "not found", 1);
}

TEST_P(Kubectl, ManifestsWithMistakesAreRefused) {
  Write("bad.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: cm}\nspec: {}\n");
  Expect("apply -f bad.yaml", "unknown field \"spec\"", 1);
}

INSTANTIATE_TEST_SUITE_P(Versions, Kubectl, testing::Values("kubectl", "kubectl-1.20"),
                         [](const auto& param) { return std::string(param.param) == "kubectl" ? "current" : "v1_20"; });

}  // namespace
}  // namespace plumb::sandbox
