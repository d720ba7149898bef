// What the incidents are played on: one application that is stepped by hand, and several in one loop. On a sandbox, or with
// PLUMB_INCIDENTS=real on a real API server with its controllers (incidents_cluster.cc).
#pragma once

#include <gmock/gmock.h>

#include "tests/engine/loop/incidents_cluster.h"
#include "tests/engine/loop/rig.h"

namespace plumb::testing {

using Files = std::map<std::string, std::string>;

inline Files Maps(int from, int to) {
  Files files;
  for (int i = from; i < to; ++i) files["c" + std::to_string(i) + ".yaml"] = ConfigMap("c" + std::to_string(i));
  return files;
}

inline std::string NamespaceYaml(const std::string& name, const std::string& annotations = "") {
  return "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: " + name + "\n" + (annotations.empty() ? "" : "  annotations: {" + annotations + "}\n");
}

inline Application FromText(const std::string& text) {
  const auto document = ParseYamlOne("apiVersion: plumb.dev/v1alpha1\nkind: Application\n" + text);
  EXPECT_TRUE(document.ok()) << document.error().message();
  auto application = ParseApplication(*document);
  EXPECT_TRUE(application.ok()) << application.error().message();
  return *std::move(application);
}

// One application on its own.
class Incidents : public ::testing::Test {
 protected:
  void SetUp() override {
    if (NoCluster()) GTEST_SKIP() << NoCluster();
  }
  const bool clean_ = CleanCluster();  // before the first object is looked at
  Rig rig;

  void Sync(const std::string& revision, Files files) {
    rig.Push(revision, std::move(files));
    ASSERT_TRUE(rig.Pass().ok()) << rig.status().summary;
  }
  // No delete was sent since the start, and the status says this.
  void NothingDestroyed(const std::string& hold, const std::string& text) {
    EXPECT_THAT(rig.gateway->deletes, ::testing::IsEmpty());
    std::vector<std::string> ids;
    for (const HoldState& h : rig.status().holds) ids.push_back(h.id);
    if (hold.empty()) EXPECT_THAT(ids, ::testing::IsEmpty());
    else EXPECT_THAT(ids, ::testing::Contains(hold)) << rig.status().summary;
    EXPECT_THAT(rig.status().summary, ::testing::HasSubstr(text));
  }
  void ApprovedItGoes(size_t deletes) {
    rig.reconciler->Approve(rig.status().approval, "ann");
    ASSERT_TRUE(rig.Pass().ok()) << rig.status().summary;
    EXPECT_THAT(rig.gateway->deletes, ::testing::SizeIs(deletes));
  }
  bool There(const std::string& kind, const std::string& ns, const std::string& name) {
    const Document object = rig.Get(kind, ns, name);
    return !object->is_null() && object->Get("metadata").Get("deletionTimestamp").is_null();
  }
  // By somebody else.
  void Make(const std::string& json, const std::string& kind, const std::string& ns) {
    const auto object = ParseJson(json);
    const kube::Answer answer = rig.client.Create(*rig.discovery.FindKind("", kind), ns, object->root());
    ASSERT_TRUE(answer.object.ok()) << answer.object.error().message();
  }
  void Remove(const kube::ObjectRef& ref) {
    ASSERT_TRUE(rig.client.Delete(ref).object.ok());
    rig.gateway->deletes.clear();
  }
  // What was waited for may have come; time passes until the next look.
  void NextLook() {
    ASSERT_NE(rig.reconciler->next_look(), TimePoint::max());
    rig.clock.Advance(std::max(Duration::zero(), rig.reconciler->next_look() - rig.clock.Now()));
    ASSERT_TRUE(rig.Pass().ok()) << rig.status().summary;
  }
};

// Several in one loop, on one repository with a directory for each.
class IncidentsOfMany : public ::testing::Test {
 protected:
  void SetUp() override {
    if (NoCluster()) GTEST_SKIP() << NoCluster();
  }
  IncidentsOfMany() {
    LoopContext context;
    context.target_for = [this](const Application&) -> Result<std::shared_ptr<Target>> { return site.target; };
    context.make_resolver = [this](const ApplicationSource&) -> Result<SourceResolver> {
      return SourceResolver([this](std::stop_token, bool) -> Result<SourceState> { return SourceState{revision, "subject", tree}; });
    };
    context.events = log.Sink();
    context.clock = &site.clock;
    LoopOptions options;
    options.poll_jitter = 0;
    loop = std::make_unique<Loop>(context, options);
  }
  void Follow(const std::string& name, const std::string& more = "") {
    ASSERT_TRUE(loop->Set(FromText("metadata: {name: " + name + "}\nspec:\n  sources: [{git: {url: 'https://git.example/all.git'}, path: " + name + "}]\n" + more)).ok());
  }
  void Push(const std::string& to, Files files) {
    revision = to;
    tree = std::make_shared<MemoryTree>(std::move(files));
    loop->Push([](const ApplicationSource&) { return true; });
    Run();
  }
  void Run() {
    for (int steps = 0; loop->Step(); ++steps) ASSERT_LT(steps, 10'000) << "the loop does not come to rest";
  }
  void Wait(Duration time) {
    for (Duration passed{}; passed < time; passed += std::chrono::seconds(1)) {
      site.clock.Advance(std::chrono::seconds(1));
      Run();
    }
  }
  std::string Summary(const std::string& name) { return loop->status("default/" + name)->summary; }

  const bool clean_ = CleanCluster();
  Site site;
  EventLog log;
  std::string revision = "1111";
  std::shared_ptr<const Tree> tree = std::make_shared<MemoryTree>(Files{});
  std::unique_ptr<Loop> loop;
};

}  // namespace plumb::testing
