// A controller on a sandbox, both stepped by hand, with sources in memory and a clock that stands still.
#pragma once

#include <fmt/core.h>

#include "engine/controller/controller.h"
#include "engine/controller/crd.h"
#include "engine/loop/status_document.h"
#include "tests/engine/loop/rig.h"

namespace plumb::testing {

// The cluster, which outlives the controllers on it.
class ControlledSite : public Site {
 public:
  ControlledSite() {
    for (const Document& crd : {ApplicationCrd(), ProjectCrd()}) EXPECT_TRUE(client.Create(*kube::BuiltIn("CustomResourceDefinition"), "", *crd).object.ok());
    cluster().Step();
  }

  // As kubectl apply would.
  void Apply(const std::string& yaml) {
    const auto document = ParseYamlOne(yaml);
    ASSERT_TRUE(document.ok()) << document.error().message();
    const Value object = document->root();
    const auto resource = discovery.Find(GvkOf(object));
    ASSERT_TRUE(resource.ok()) << resource.error().message();
    const std::string ns(object.Get("metadata").GetString("namespace"));
    const kube::Answer answer = client.Apply({*resource, ns.empty() ? "default" : ns, std::string(object.Get("metadata").GetString("name")), ""}, object,
                                             {.field_manager = "kubectl", .force = true});
    ASSERT_TRUE(answer.object.ok()) << answer.object.error().message();
  }
  void ApplyApp(const std::string& name, const std::string& spec = "", const std::string& metadata = "") {
    Apply(fmt::format("apiVersion: plumb.dev/v1alpha1\nkind: Application\nmetadata: {{name: {}, namespace: default{}}}\n"
                      "spec: {{sources: [{{git: {{url: 'https://git.example/{}.git'}}}}]{}}}\n", name, metadata, name, spec));
  }
  Document Application(const std::string& name, const std::string& ns = "default") {
    const kube::Answer answer = client.Get({ApplicationResource(), ns, name, ""});
    return answer.object.ok() ? *answer.object : Document();
  }
  std::string Summary(const std::string& name, const std::string& ns = "default") { return std::string(Application(name, ns)->Get("status").GetString("summary")); }
  std::vector<Document> All(const std::string& kind, const std::string& ns = "default") {
    const auto list = client.List(*kube::BuiltIn(kind), {.ns = ns});
    return list.ok() ? list->items : std::vector<Document>();
  }
  Document Event(const std::string& application, const std::string& reason) {
    for (const Document& event : All("Event"))
      if (event->Get("involvedObject").GetString("name") == application && event->GetString("reason") == reason) return event;
    return {};
  }

  // What every repository has, by its url.
  std::map<std::string, std::pair<std::string, std::map<std::string, std::string>>> repositories;
  EventLog log;
};

class Controlled {
 public:
  explicit Controlled(ControlledSite& site, ControllerOptions options = {}, std::shared_ptr<kube::Transport> transport = nullptr) : site_(site), targets({.attempts = 1}, site.clock, FakeLive) {
    if (!transport) transport = site.gateway;
    client_ = std::make_unique<kube::Client>(transport, kube::ClientOptions{.attempts = 1}, site.clock);
    targets.Set("", transport);
    LoopContext context;
    context.make_resolver = [this](const ApplicationSource& source) -> Result<SourceResolver> {
      last_source = source;
      return SourceResolver([this, url = source.git.url](std::stop_token, bool) -> Result<SourceState> {
        const auto found = site_.repositories.find(url);
        if (found == site_.repositories.end()) return Unavailable("no such repository");
        return SourceState{found->second.first, "subject", std::make_shared<MemoryTree>(found->second.second)};
      });
    };
    context.events = site.log.Sink();
    context.clock = &site.clock;
    options.credentials_directory = ::testing::TempDir();
    LoopOptions loop_options;
    loop_options.poll_jitter = 0;
    controller = std::make_unique<Controller>(*client_, targets, context, loop_options, options);
  }

  void StepOnce() {
    controller->Step();
    site_.cluster().Step();
    while (controller->loop().Step()) {
    }
  }
  // Until nothing is left to do at this moment of the clock.
  void Run() {
    for (int quiet = 0, steps = 0; quiet < 3 && steps < 10'000; ++steps) {
      const size_t before = site_.gateway->requests;
      controller->Step();
      bool busy = site_.cluster().Step();
      while (controller->loop().Step()) busy = true;
      quiet = busy || before != site_.gateway->requests ? 0 : quiet + 1;
    }
  }
  void RunFor(Duration time) {
    site_.clock.Advance(time);
    Run();
  }

 private:
  static std::unique_ptr<LiveStore> FakeLive(kube::Client& client, kube::Discovery& discovery, kube::SchemaCache&) { return std::make_unique<FakeLiveStore>(client, discovery); }
  ControlledSite& site_;
  std::unique_ptr<kube::Client> client_;

 public:
  Targets targets;
  ApplicationSource last_source;
  std::unique_ptr<Controller> controller;
};

}  // namespace plumb::testing
