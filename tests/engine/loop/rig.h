// What the tests of the loop stand on: a sandbox that is stepped by hand, a source in memory, a clock that stands still
// and a live store that looks straight into the sandbox.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "core/json.h"
#include "core/memory_tree.h"
#include "core/yaml.h"
#include "engine/kube/discovery.h"
#include "engine/kube/schema_cache.h"
#include "engine/loop/contents_lookup.h"
#include "engine/loop/lookups.h"
#include "engine/loop/loop.h"
#include "engine/loop/other_applications.h"
#include "engine/loop/reconciler.h"
#include "engine/sandbox/sandbox.h"

namespace plumb::testing {

// Hands requests on to a cluster, notes those that write, and lets a test answer in its place.
class Gateway final : public kube::Transport {
 public:
  explicit Gateway(kube::Transport& to) : to_(to) {}

  void Send(http::Request request, std::chrono::milliseconds timeout, Done done) override {
    {
      std::lock_guard lock(mu_);  // a loop with threads sends from all of them; tests read when they rest
      ++requests;
      if (request.method == "DELETE") deletes.push_back(request.target.substr(0, request.target.find('?')));
      if (request.method != "GET") writes.push_back(request.method + " " + request.target.substr(0, request.target.find('?')));
    }
    if (before) before(request);
    if (intercept)
      if (auto answer = intercept(request)) return done(*std::move(answer));
    to_.Send(std::move(request), timeout, std::move(done));
  }
  std::unique_ptr<Stream> Open(http::Request request, kube::StreamHandler handler) override { return to_.Open(std::move(request), std::move(handler)); }

  size_t requests = 0;
  std::vector<std::string> writes;
  std::vector<std::string> deletes;  // targets, since the start
  std::function<void(const http::Request&)> before;
  std::function<std::optional<Result<http::Response>>(const http::Request&)> intercept;

 private:
  kube::Transport& to_;
  std::mutex mu_;
};

// Moves when told to; and with the hours of the world too, where the cluster is a real one, whose answers take time.
class SiteClock final : public Clock {
 public:
  explicit SiteClock(bool runs) : runs_(runs), begin_(Real().Now()) {}
  TimePoint Now() const override { return fake_.Now() + Passed(); }
  WallTime Wall() const override { return fake_.Wall() + Passed(); }
  void Advance(Duration by) { fake_.Advance(by); }

 private:
  Duration Passed() const { return runs_ ? Real().Now() - begin_ : Duration::zero(); }
  const bool runs_;
  const TimePoint begin_;
  FakeClock fake_;
};

// A cluster to use in place of a sandbox: set before the first Site by a test program that runs against a real API server.
inline std::shared_ptr<kube::Transport> other_cluster;

// Always current, unless the test says otherwise. Tells of nothing by itself: the test plays the events.
class FakeLiveStore final : public LiveStore {
 public:
  FakeLiveStore(kube::Client& client, kube::Discovery& discovery) : client_(client), discovery_(discovery) {}

  void Follow(const std::vector<Gvk>&) override {}
  LiveObject Get(const WantedObject& wanted) override {
    if (unknown.contains(wanted.id.kind)) return LiveObject::Unknown(unknown.at(wanted.id.kind));
    if (missed.erase(wanted.id) > 0) return LiveObject::Absent();
    const auto resource = discovery_.Find(wanted.gvk);
    if (!resource.ok()) return LiveObject::Absent();
    const kube::Answer answer = client_.Get({*resource, wanted.id.ns, wanted.id.name, ""});
    return answer.object.ok() ? LiveObject::Present(*answer.object) : LiveObject::Absent();
  }
  bool Settled(const std::vector<Gvk>&) override { return settled; }
  void SetOnChange(OnChange on_change) override { changed = std::move(on_change); }

  bool settled = true;
  std::map<std::string, std::string> unknown;  // kind -> why
  std::set<ObjectId> missed;                   // absent at the next look alone
  OnChange changed;

 private:
  kube::Client& client_;
  kube::Discovery& discovery_;
};

inline http::Response Refusal(int status, const std::string& reason, const std::string& message) {
  return {status, {{"Content-Type", "application/json"}},
          R"({"kind":"Status","apiVersion":"v1","status":"Failure","reason":")" + reason + R"(","message":")" + message + R"(","code":)" + std::to_string(status) + "}"};
}

// One cluster.
class Site {
 public:
  Site() : clock(other_cluster != nullptr), sandbox_(other_cluster ? nullptr : Start(clock)),
           gateway(std::make_shared<Gateway>(other_cluster ? *other_cluster : sandbox_->transport())), client(gateway, {.attempts = 1}), discovery(client), schemas(client), live(client, discovery) {
    target = std::make_shared<Target>();
    target->client = &client;
    target->live = &live;
    target->scope_of = ScopesOf(discovery);
    target->resources = ResourcesOf(discovery);
    target->schema = SchemasOf(schemas);
    target->contents = ContentsOf(client, discovery);
    target->other = OtherApplicationsOf(client);
    if (other_cluster) state = *ClusterProbe(client).Ask(Duration::zero());
    target->state = [this](Duration) -> Result<ClusterState> { return state; };
  }

  Document Get(const std::string& kind, const std::string& ns, const std::string& name) {
    const kube::Answer answer = client.Get({*discovery.FindKind(kind == "Deployment" ? "apps" : "", kind), ns, name, ""});
    return answer.object.ok() ? *answer.object : Document();
  }
  // As somebody else would, with a merge patch.
  void Edit(const std::string& kind, const std::string& ns, const std::string& name, const std::string& patch) {
    const kube::Answer answer = client.Patch({*discovery.FindKind(kind == "Deployment" ? "apps" : "", kind), ns, name, ""}, kube::PatchType::kMerge,
                                             ParseJson(patch)->root(), {.field_manager = "somebody"});
    EXPECT_TRUE(answer.object.ok()) << answer.object.error().message();
    gateway->writes.clear();
  }

  SiteClock clock;

 private:
  static std::unique_ptr<sandbox::Sandbox> Start(Clock& clock) {
    auto started = sandbox::Sandbox::Start({.listen = false, .clock = &clock, .step = true, .seed = 1});
    EXPECT_TRUE(started.ok()) << started.error().message();
    return std::move(*started);
  }
  std::unique_ptr<sandbox::Sandbox> sandbox_;

 public:
  sandbox::Sandbox& cluster() { return *sandbox_; }
  bool real() const { return sandbox_ == nullptr; }
  std::shared_ptr<Gateway> gateway;
  kube::Client client;
  kube::Discovery discovery;
  kube::SchemaCache schemas;
  FakeLiveStore live;
  std::shared_ptr<Target> target;
  ClusterState state{"uid-of-kube-system", ""};  // as its kube-system namespace says
};

inline std::string ConfigMap(const std::string& name, const std::string& value = "1") {
  return "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: " + name + "}\ndata: {value: \"" + value + "\"}\n";
}

inline std::shared_ptr<const SourceState> Commit(const std::string& revision, std::map<std::string, std::string> files) {
  return std::make_shared<const SourceState>(SourceState{revision, "commit " + revision, std::make_shared<MemoryTree>(std::move(files))});
}

inline Application MakeApplication(const std::string& name, const std::string& more_spec = "") {
  auto document = ParseYamlOne("apiVersion: plumb.dev/v1alpha1\nkind: Application\nmetadata: {name: " + name + ", generation: 1}\nspec:\n  sources: [{git: {url: 'https://git.example/" + name +
                               ".git'}}]\n" + more_spec);
  EXPECT_TRUE(document.ok()) << document.error().message();
  auto application = ParseApplication(*document);
  EXPECT_TRUE(application.ok()) << application.error().message();
  return *application;
}

// Events as "type: text".
class EventLog {
 public:
  EventSink Sink() {
    return [this](const LoopEvent& event) {
      std::lock_guard lock(mu_);
      all_.push_back(std::string(LoopEventName(event.type)) + ": " + event.text);
    };
  }
  std::vector<std::string> Take() {
    std::lock_guard lock(mu_);
    return std::exchange(all_, {});
  }

 private:
  std::mutex mu_;
  std::vector<std::string> all_;
};

// One application on its own, its passes made by hand.
class Rig : public Site {
 public:
  explicit Rig(const std::string& more_spec = "", const ApplicationStatus& before = {}, Clock* own_clock = nullptr) { Make(more_spec, before, own_clock); }

  void Make(const std::string& more_spec, const ApplicationStatus& before = {}, Clock* own_clock = nullptr) {
    ReconcilerContext context;
    context.target = [this]() -> Result<std::shared_ptr<Target>> { return target; };
    context.source = [this](size_t) { return view; };
    context.waits_for = [this] { return waits_for; };
    context.events = log.Sink();
    context.clock = own_clock ? own_clock : &clock;
    auto made = Reconciler::Make(MakeApplication("shop", more_spec), context, before);
    EXPECT_TRUE(made.ok()) << made.error().message();
    reconciler = std::move(*made);
  }
  // A new revision, and whether it concerns the application.
  bool Push(const std::string& revision, std::map<std::string, std::string> files) {
    SourceMove move{view.state, Commit(revision, std::move(files)), std::nullopt};
    view.state = move.after;
    view.looked = true;
    if (move.before) move.changes = move.after->tree->ChangesSince(*move.before->tree, 1000);
    return reconciler->SourceMoved(0, move);
  }
  // Lets it record the UIDs of what it made (docs/safety.md).
  void Settle() {
    clock.Advance(std::chrono::seconds(1));
    EXPECT_TRUE(Pass().ok());
  }
  Status Pass() {
    gateway->writes.clear();
    gateway->requests = 0;
    return reconciler->Reconcile({});
  }
  ApplicationStatus status() const { return reconciler->status(); }

  SourceView view;
  std::string waits_for;
  EventLog log;
  std::unique_ptr<Reconciler> reconciler;
};

}  // namespace plumb::testing
