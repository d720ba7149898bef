// The whole way of an apply - discovery, schemas, diff, plan, run - against the sandbox and against a real kube-apiserver:
// a second run sends nothing, a prune deletes, and a run killed at any point is finished by the next.
#include <gmock/gmock.h>

#include <atomic>
#include <random>
#include <set>

#include "core/edit.h"
#include "diff/object_diff.h"
#include "engine/apply/applier.h"
#include "engine/kube/curl_transport.h"
#include "engine/kube/discovery.h"
#include "engine/kube/kubeconfig.h"
#include "engine/kube/schema_cache.h"
#include "engine/plan/format.h"
#include "engine/plan/namespaces.h"
#include "engine/plan/planner.h"
#include "engine/sandbox/sandbox.h"
#include "tests/engine/kube/control_plane.h"
#include "tests/engine/plan/objects.h"

namespace plumb {
namespace {

using namespace plumb::testing;  // NOLINT: the helpers of these tests

// Lets through so many requests that change something, and kills the sender at the next: that one is lost on its way there
// or its answer on the way back, and nothing is sent after it.
class KillSwitch final : public kube::Transport {
 public:
  explicit KillSwitch(kube::Transport& to) : to_(to) {}

  void Arm(int writes, bool arrives) { left_ = writes, arrives_ = arrives, dead_ = false; }
  void Disarm() { left_ = 1'000'000'000, dead_ = false; }
  int writes() const { return writes_; }

  void Send(http::Request request, std::chrono::milliseconds timeout, Done done) override {
    if (dead_) return done(Cancelled("killed"));
    if (request.method == "GET") return to_.Send(std::move(request), timeout, std::move(done));
    ++writes_;
    if (left_-- > 0) return to_.Send(std::move(request), timeout, std::move(done));
    dead_ = true;
    if (!arrives_) return done(Cancelled("killed"));
    to_.Send(std::move(request), timeout, [done = std::move(done)](const Result<http::Response>&) { done(Cancelled("killed")); });
  }
  std::unique_ptr<Stream> Open(http::Request request, kube::StreamHandler handler) override { return to_.Open(std::move(request), std::move(handler)); }

 private:
  kube::Transport& to_;
  std::atomic<int> left_ = 1'000'000'000, writes_ = 0;
  std::atomic<bool> arrives_ = false, dead_ = false;
};

// One application in one cluster.
class Site {
 public:
  Site(kube::Transport& transport, std::string name)
      : name_(std::move(name)), kill_(std::make_shared<KillSwitch>(transport)), client_(kill_, {.attempts = 2}), discovery_(client_), schemas_(client_) {}

  KillSwitch& kill() { return *kill_; }
  const std::string& name() const { return name_; }

  Inventory Stored() {
    const Inventory none(name_, "default");
    const kube::Answer answer = client_.Get({*kube::BuiltIn("ConfigMap"), "default", none.record().name, ""});
    if (!answer.object.ok()) {
      EXPECT_EQ(answer.object.error().code(), Code::kNotFound) << answer.object.error().message();
      return none;
    }
    auto parsed = Inventory::Parse(answer.object->root());
    EXPECT_TRUE(parsed.ok()) << parsed.error().message();
    return parsed.ok() ? *parsed : none;
  }

  LiveObject Look(const ObjectId& id, const Gvk& gvk) {
    auto resource = discovery_.Find(gvk);
    if (!resource.ok()) return resource.error().code() == Code::kNotFound ? LiveObject::Absent() : LiveObject::Unknown(resource.error().message());
    const kube::Answer answer = client_.Get({*resource, id.ns, id.name, ""});
    if (answer.object.ok()) return LiveObject::Present(*answer.object);
    return answer.object.error().code() == Code::kNotFound ? LiveObject::Absent() : LiveObject::Unknown(answer.object.error().message());
  }

  Plan MakePlanFor(const std::vector<Document>& desired, const Inventory& inventory) {
    PlanInput input;
    input.application = name_;
    input.inventory = inventory;
    input.source.complete = input.live.complete = true;
    input.options.budget_deletes = 1000;
    input.options.protected_kinds.clear();
    for (const Document& object : desired) {
      const Gvk gvk = GvkOf(object.root());
      DesiredObject d;
      d.manifest = Stamp(At(object), inventory.ApplySetId());
      d.live = Look(IdOf(object.root()), gvk);
      DiffInput diff;
      diff.manifest = d.manifest;
      diff.live = d.live.object;
      if (auto schema = schemas_.ForKind(gvk); schema.ok()) {
        diff.schema = *schema;
        diff.type = (*schema)->Find(gvk);
      }
      d.diff = std::make_shared<ObjectDiff>(DiffObject(diff));
      input.desired.push_back(std::move(d));
    }
    for (const auto& [id, entry] : inventory.entries()) input.orphans.emplace(id, Look(id, {id.group, entry.version, id.kind}));
    for (const auto& [id, entry] : inventory.entries())
      if (HasContents(id)) input.contents[id].known.complete = true;  // nobody else is about
    auto plan = MakePlan(input);
    EXPECT_TRUE(plan.ok()) << plan.error().message();
    return plan.ok() ? *plan : Plan();
  }

  Result<ApplyReport> Apply(const std::vector<Document>& desired, bool wait = false) {
    discovery_.Invalidate();
    const Inventory inventory = Stored();
    const Plan plan = MakePlanFor(desired, inventory);
    ApplyOptions options;
    options.wait = wait;
    options.deadline = std::chrono::seconds(60);
    Applier applier(client_, [this](const Gvk& gvk) -> std::optional<kube::Resource> {
      auto found = discovery_.Find(gvk);
      return found.ok() ? std::optional(*found) : std::nullopt;
    }, options);
    return applier.Run(plan, inventory);
  }

  // Everything in the cluster that carries the application's label.
  std::set<ObjectId> Labelled(const std::vector<Gvk>& kinds) {
    std::set<ObjectId> found;
    for (const Gvk& gvk : kinds) {
      auto resource = discovery_.Find(gvk);
      if (!resource.ok()) continue;
      auto list = client_.List(*resource, {.label_selector = std::string(kPartOfLabel) + "=" + Inventory(name_, "default").ApplySetId()});
      EXPECT_TRUE(list.ok()) << list.error().message();
      if (!list.ok()) continue;
      for (const Document& object : list->items) found.insert(IdOf(object.root()));
    }
    return found;
  }

 private:
  const std::string name_;
  const std::shared_ptr<KillSwitch> kill_;
  kube::Client client_;
  kube::Discovery discovery_;
  kube::SchemaCache schemas_;
};

// Objects of one application, all names made from the application's.
struct Objects {
  std::string app;

  std::string In(const std::string& name) const { return app + "/" + name; }
  std::string Group() const { return app + ".example.com"; }
  Document Deployment(const std::string& name, const std::string& config, int revision) const {
    return Object("apps/v1", "Deployment", In(name),
                  R"("spec":{"replicas":1,"selector":{"matchLabels":{"app":")" + name + R"("}},"template":{"metadata":{"labels":{"app":")" + name +
                      R"("}},"spec":{"volumes":[{"name":"v","configMap":{"name":")" + config + R"(","optional":true}}],"containers":[{"name":"c","image":"example/i:)" +
                      std::to_string(revision) + R"(","ports":[{"containerPort":80}],"resources":{"requests":{"cpu":"0.1"}}}]}}})");
  }
  Document Data(const std::string& name, int revision) const {
    return Object("v1", "ConfigMap", In(name), R"("data":{"k":")" + std::to_string(revision) + "\"}");
  }
  Document Service(const std::string& name, int revision) const {
    return Object("v1", "Service", In(name), R"("spec":{"selector":{"app":")" + name + R"("},"ports":[{"port":)" + std::to_string(8000 + revision) + "}]}");
  }
  Document Crd() const {
    return Object("apiextensions.k8s.io/v1", "CustomResourceDefinition", "widgets." + Group(),
                  R"("spec":{"group":")" + Group() + R"(","scope":"Namespaced","names":{"kind":"Widget","plural":"widgets","singular":"widget","listKind":"WidgetList"},)"
                  R"("versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object","properties":{"spec":{"type":"object",)"
                  R"("properties":{"size":{"type":"integer"}}}}}}}]})");
  }
  Document Widget(const std::string& name, int revision) const {
    return Object(Group() + "/v1", "Widget", In(name), R"("spec":{"size":)" + std::to_string(revision) + "}");
  }
  std::vector<Gvk> Kinds() const {
    return {{"", "v1", "Namespace"}, {"", "v1", "ConfigMap"}, {"", "v1", "Service"}, {"apps", "v1", "Deployment"}, {Group(), "v1", "Widget"},
            {"apiextensions.k8s.io", "v1", "CustomResourceDefinition"}};
  }

  std::vector<Document> Random(std::mt19937& random, int revision) const {
    std::vector<Document> desired = {Namespace(app), Crd()};
    for (int i = 0; i < 8; ++i) {
      const std::string name = "o" + std::to_string(i);
      switch (random() % 5) {
        case 0: desired.push_back(Deployment(name, "o" + std::to_string(random() % 8), revision)); break;
        case 1: desired.push_back(Widget(name, static_cast<int>(random() % 3))); break;
        case 2: desired.push_back(Data(name, static_cast<int>(random() % 3))); break;
        case 3: desired.push_back(Service(name, revision)); break;
        default: break;
      }
    }
    std::shuffle(desired.begin(), desired.end(), random);
    return desired;
  }
};

void AppliesPrunesAndSendsNothingTwice(kube::Transport& transport, bool controllers) {
  Site site(transport, UniqueName("apply"));
  const Objects make{site.name()};
  const std::vector<Document> first = {make.Widget("w", 1), make.Deployment("web", "settings", 1), make.Data("settings", 1), make.Service("web", 1),
                                       Namespace(make.app), make.Crd()};
  auto report = site.Apply(first, controllers);
  ASSERT_TRUE(report.ok()) << report.error().message();
  EXPECT_TRUE(report->complete) << ::testing::PrintToString(report->errors);
  EXPECT_EQ(report->applied, first.size());

  const int writes = site.kill().writes();
  report = site.Apply(first);
  ASSERT_TRUE(report.ok()) << report.error().message();
  EXPECT_EQ(report->unchanged, first.size()) << FormatPlan(site.MakePlanFor(first, site.Stored()));
  EXPECT_EQ(report->requests, 0u);
  EXPECT_EQ(site.kill().writes(), writes);

  report = site.Apply({Namespace(make.app), make.Crd(), make.Deployment("web", "settings", 2), make.Data("settings", 1)});
  ASSERT_TRUE(report.ok()) << report.error().message();
  EXPECT_TRUE(report->complete) << ::testing::PrintToString(report->errors);
  EXPECT_EQ(report->deleted, 2u);
  EXPECT_EQ(report->applied, 1u);
  EXPECT_EQ(site.Labelled(make.Kinds()).size(), 4u);
}

void KilledAnywhereTheNextRunFinishes(kube::Transport& transport, unsigned points) {
  std::mt19937 random(3);
  Site site(transport, UniqueName("kill"));
  const Objects make{site.name()};
  std::vector<Document> desired;
  for (unsigned point = 0; point < points; ++point) {
    desired = make.Random(random, static_cast<int>(point));
    site.kill().Arm(static_cast<int>(random() % 14), random() % 2);
    (void)site.Apply(desired);
    site.kill().Disarm();
    if (point % 5 != 4) continue;  // up to five deaths in a row, each on the way to another version
    auto report = site.Apply(desired);
    ASSERT_TRUE(report.ok()) << report.error().message();
    EXPECT_TRUE(report->complete) << ::testing::PrintToString(report->errors);
    std::set<ObjectId> want, recorded;
    for (const Document& object : desired) want.insert(IdOf(object.root()));
    const Inventory stored = site.Stored();
    for (const auto& [id, entry] : stored.entries()) recorded.insert(id);
    EXPECT_EQ(site.Labelled(make.Kinds()), want) << "after point " << point;
    EXPECT_EQ(recorded, want);
    const Plan plan = site.MakePlanFor(desired, stored);
    EXPECT_TRUE(plan.empty()) << FormatPlan(plan);
    report = site.Apply(desired);
    ASSERT_TRUE(report.ok());
    EXPECT_EQ(report->requests, 0u) << "the second run sends nothing";
    if (::testing::Test::HasFailure()) return;
  }
}

std::unique_ptr<sandbox::Sandbox> StartSandbox() {
  sandbox::Options options;
  options.listen = false;
  options.pod_start = std::chrono::milliseconds(5);
  auto box = sandbox::Sandbox::Start(std::move(options));
  EXPECT_TRUE(box.ok()) << box.error().message();
  return box.ok() ? *std::move(box) : nullptr;
}

std::unique_ptr<kube::Transport> Connect(const ControlPlane& cluster) {
  auto connection = kube::LoadConnection({.kubeconfig = cluster.kubeconfig()}, {});
  EXPECT_TRUE(connection.ok()) << connection.error().message();
  auto transport = kube::CurlTransport::Create(*connection);
  EXPECT_TRUE(transport.ok()) << transport.error().message();
  return *std::move(transport);
}

TEST(ApplyOnSandbox, AppliesPrunesAndSendsNothingTwice) {
  const auto box = StartSandbox();
  ASSERT_TRUE(box);
  AppliesPrunesAndSendsNothingTwice(box->transport(), true);
}

TEST(ApplyOnSandbox, KilledAnywhereTheNextRunFinishes) {
  const auto box = StartSandbox();
  ASSERT_TRUE(box);
  KilledAnywhereTheNextRunFinishes(box->transport(), 100);
}

TEST(ApplyOnControlPlane, AppliesPrunesAndSendsNothingTwice) {
  ControlPlane* cluster = PLUMB_NEED_CONTROL_PLANE();
  AppliesPrunesAndSendsNothingTwice(*Connect(*cluster), false);
}

TEST(ApplyOnControlPlane, KilledAnywhereTheNextRunFinishes) {
  ControlPlane* cluster = PLUMB_NEED_CONTROL_PLANE();
  KilledAnywhereTheNextRunFinishes(*Connect(*cluster), 50);
}

}  // namespace
}  // namespace plumb
