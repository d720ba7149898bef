// Random applications with hooks, waves, references and deletes, carried out against a cluster whose requests and controllers take
// time on a simulated clock: the order of requests that the server saw respects every edge, and with enough workers a run takes as
// long as its critical path.
#include <fmt/core.h>
#include <gmock/gmock.h>

#include <cstdlib>
#include <map>
#include <random>
#include <set>

#include "core/hash.h"
#include "tests/engine/apply/world.h"

namespace plumb {
namespace {

using namespace plumb::testing;  // NOLINT: the helpers of these tests
using std::chrono::milliseconds;

// Between `least` and `most`, the same for the same text.
Duration Some(const std::string& text, int least, int most) {
  uint32_t number = 0;
  for (const char c : Sha256(text).substr(0, 4)) number = number << 8 | static_cast<unsigned char>(c);
  return milliseconds(least + static_cast<int>(number % static_cast<uint32_t>(most - least)));
}
Duration Latency(const std::string& object) { return Some("latency " + object, 5, 40); }
// How long controllers need for an object until it is ready; zero where nobody has to do anything.
Duration Work(const ObjectId& id) {
  const bool works = id.kind == "Namespace" || id.kind == "CustomResourceDefinition" || id.kind == "Deployment" || id.kind == "Job";
  return works ? Some("work " + id.ToString(), 100, 2000) : Duration{};
}

struct Times {
  TimePoint sent{}, accepted{}, ready{}, gone{};
  bool was_sent = false;
};

// Runs a plan; what the server saw of each object, by ObjectId::ToString.
class TimedRun {
 public:
  explicit TimedRun(World& world) : world_(world) {
    world.cluster->due = [this](const FakeCluster::Entry& entry) { return ReadyAt(entry) <= world_.clock.Now(); };
    for (const auto& [id, entry] : world.cluster->objects) seen_.emplace(Version(entry), TimePoint{});  // as it is, it is
  }
  ~TimedRun() { world_.cluster->due = nullptr; }

  Result<ApplyReport> Run(const Plan& plan) {
    const Inventory inventory = world_.Stored();
    const ResourceLookup resources = FakeResources;
    ApplyRun run(world_.client, resources, world_.options, world_.clock, plan, inventory, nullptr);
    FakeCluster& cluster = *world_.cluster;
    begun = world_.clock.Now();
    for (int i = 0; run.Step(); ++i) {
      if (i > 100'000) {
        ADD_FAILURE() << "the run does not end";
        break;
      }
      while (sent_.size() < cluster.pending.size()) {
        const std::string target = cluster.pending[sent_.size()].request.target;
        sent_.push_back({world_.clock.Now(), world_.clock.Now() + Latency(target.substr(0, target.find('?')))});
      }
      TimePoint next = run.NextTimer();
      for (const auto& [at, due] : sent_) next = std::min(next, due);
      for (const auto& [version, ready] : seen_)
        if (ready > world_.clock.Now()) next = std::min(next, ready);
      if (next > world_.clock.Now() && next != TimePoint::max()) world_.clock.Advance(next - world_.clock.Now());
      for (size_t p = 0; p < sent_.size(); ++p) {
        if (sent_[p].second > world_.clock.Now()) continue;
        const TimePoint sent_at = sent_[p].first;
        sent_.erase(sent_.begin() + static_cast<long>(p));
        cluster.Handle(p);
        Note(cluster.log.back(), sent_at);
        break;  // one thing at a time: what it brings may send more
      }
      for (const auto& [id, entry] : cluster.objects) ReadyAt(entry);
      cluster.Tick();
    }
    took = world_.clock.Now() - begun;
    return run.Finish();
  }

  TimePoint begun{};
  Duration took{};
  std::map<std::string, Times> times;

 private:
  static std::string Version(const FakeCluster::Entry& entry) {
    return std::string(entry.object->Get("metadata").GetString("uid")) + "/" + std::to_string(entry.generation);
  }
  TimePoint ReadyAt(const FakeCluster::Entry& entry) {
    const auto [at, fresh] = seen_.try_emplace(Version(entry), world_.clock.Now() + Work(IdOf(entry.object.root())));
    if (fresh) times[IdOf(entry.object.root()).ToString()].ready = at->second;
    return at->second;
  }
  // The first write that makes or changes an object, and its deletion.
  void Note(const std::string& line, TimePoint sent_at) {
    const std::string method = line.substr(0, line.find(' '));
    Times& of = times[line.substr(method.size() + 1)];
    if (method == "DELETE") of.gone = world_.clock.Now();
    if (method == "GET" || of.was_sent) return;
    if (method == "DELETE" && line.starts_with("DELETE Job shop/hook")) return;  // it makes room
    of.was_sent = true;
    of.sent = sent_at;
    of.accepted = world_.clock.Now();
    of.ready = std::max(of.ready, of.accepted);
  }

  World& world_;
  std::map<std::string, TimePoint> seen_;                // version of an object -> when it is ready
  std::vector<std::pair<TimePoint, TimePoint>> sent_;  // beside cluster.pending: when it was sent, when it is answered
};

// When each step starts and is done where nothing waits for anything but its edges, its stage, requests and controllers.
class CriticalPath {
 public:
  CriticalPath(const World& world, const Plan& plan) : world_(world), plan_(plan), at_(plan.steps.size()) {
    std::vector<Duration> open(plan.stages.size());
    for (size_t i = 0; i < plan.steps.size(); ++i) {
      const Step& step = plan.steps[i];
      Duration start{};
      for (size_t stage = 1; stage <= step.stage; ++stage)
        for (size_t j = 0; j < i; ++j)
          if (plan.steps[j].stage < stage) start = std::max(start, After(j, plan.stages[stage]));
      for (const Edge& edge : step.after) start = std::max(start, edge.gate == Gate::kExists ? at_[edge.on].accepted : at_[edge.on].ready);
      at_[i] = Of(step, start);
    }
    for (const At& at : at_) longest_ = std::max(longest_, std::max(at.accepted, at.ready));
  }
  Duration longest() const { return longest_; }

 private:
  struct At {
    Duration accepted{}, ready{};  // of a delete, both: it is gone
  };
  Duration After(size_t j, const Stage& stage) const {
    const bool removes = plan_.steps[j].action == Action::kDelete;
    return removes || stage.requires_gate != Gate::kHealthy ? at_[j].accepted : at_[j].ready;
  }
  At Of(const Step& step, Duration start) const {
    const bool called = !step.hook || step.hook->phase != SyncPhase::kSyncFail;
    if (!step.changes() || !called) return {start, start};
    auto path = FakeResources(step.gvk) ? kube::ObjectRef{*FakeResources(step.gvk), step.id.ns, step.id.name, ""}.Path() : "/apis/x.io/v1/namespaces/" + step.id.ns + "/widgets/" + step.id.name;
    const Duration latency = Latency(path);
    const Duration accepted = start + (step.hook && step.action == Action::kReplace ? 3 : 1) * latency;  // read, delete, make
    if (step.action == Action::kDelete) return {accepted, accepted};
    // What was ready stays so through a change, but for a Deployment, which is rolled out.
    const bool stays = step.action == Action::kPatch && step.id.kind != "Deployment";
    return {accepted, accepted + (stays ? Duration{} : Work(step.id))};
  }

  const World& world_;
  const Plan& plan_;
  std::vector<At> at_;
  Duration longest_{};
};

struct Made {
  Document object;
  int phase, wave;  // PreSync 0, Sync 1, PostSync 3
  std::set<std::string> uses, waits_for;  // ToString of objects: are there before it; are healthy before it
};

std::string Annotations(const std::vector<std::pair<std::string, std::string>>& annotations) {
  std::string text;
  for (const auto& [key, value] : annotations) text += (text.empty() ? "\"" : ",\"") + key + "\":\"" + value + "\"";
  return "\"annotations\":{" + text + "}";
}

// One random version of an application. References and promises only lead to what is declared before.
std::vector<Made> RandomApplication(std::mt19937& random, int revision) {
  const auto below = [&](size_t n) { return std::uniform_int_distribution<size_t>(0, n - 1)(random); };
  std::vector<Made> made = {{Namespace("shop"), 0, -9, {}, {}}, {Crd(), 0, -9, {}, {}}};
  const bool waves = below(2);
  for (size_t i = 0; i < 24; ++i) {
    const std::string number = std::to_string(i);
    if (below(5) == 0) continue;  // it comes and goes with the versions
    Made one{Document(), 1, waves ? static_cast<int>(i / 8) : 0, {}, {}};
    std::vector<std::pair<std::string, std::string>> annotations;
    if (waves) annotations.emplace_back("argocd.argoproj.io/sync-wave", std::to_string(one.wave));
    if (below(4) == 0) {
      const size_t other = 2 + below(made.size() - 1);
      if (other < made.size() && made[other].phase == 1) {
        const ObjectId id = IdOf(made[other].object.root());
        annotations.emplace_back("plumb.dev/depends-on", id.group.empty() || id.kind == "Job" || id.kind == "Deployment" ? id.kind + (id.group.empty() ? "" : "." + id.group) + "/" + id.name
                                                                                                                      : id.kind + "." + id.group + "/" + id.name);
        one.waits_for.insert(id.ToString());
      }
    }
    const std::string metadata = Annotations(annotations);
    switch (below(4)) {
      case 0: one.object = Object("v1", "ConfigMap", "shop/c" + number, R"("data":{"k":")" + std::to_string(below(2) ? revision : 0) + "\"}", metadata); break;
      case 1: {
        std::string config;
        for (const Made& other : made)
          if (IdOf(other.object.root()).kind == "ConfigMap" && other.wave <= one.wave && below(2)) config = IdOf(other.object.root()).name;
        if (!config.empty()) one.uses.insert("ConfigMap shop/" + config);
        one.object = Deployment("shop/d" + number, config, metadata, below(2) ? revision : 0);
        break;
      }
      case 2: one.object = Object("batch/v1", "Job", "shop/j" + number, R"("spec":{"backoffLimit":0})", metadata); break;
      default:
        one.object = Object("x.io/v1", "Widget", "shop/w" + number, "", metadata);
        one.uses.insert(IdOf(made[1].object.root()).ToString());
    }
    made.push_back(std::move(one));
  }
  const struct { const char* name; int rank; } kPhases[] = {{"PreSync", 0}, {"Sync", 1}, {"PostSync", 3}};
  for (int i = 0; i < 6; ++i) {
    const auto& phase = kPhases[i % 3];
    const int wave = static_cast<int>(below(3));
    if (below(4) == 0) continue;
    made.push_back({Object("batch/v1", "Job", "shop/hook" + std::to_string(i), R"("spec":{"backoffLimit":0})",
                           Annotations({{"argocd.argoproj.io/hook", phase.name}, {"argocd.argoproj.io/sync-wave", std::to_string(wave)}})),
                    phase.rank, wave, {}, {}});
  }
  return made;
}

// What docs/ordering.md promises, from the manifests alone: nothing here asks the plan.
void ExpectOrder(const std::vector<Made>& made, const std::set<std::string>& deleted, const std::map<std::string, Times>& times) {
  const auto of = [&](const std::string& name) -> const Times* {
    const auto found = times.find(name);
    return found == times.end() || !found->second.was_sent ? nullptr : &found->second;
  };
  const std::string ns = "Namespace shop", crd = IdOf(Crd().root()).ToString();
  for (const Made& late : made) {
    const std::string name = IdOf(late.object.root()).ToString();
    const Times* self = of(name);
    if (!self) continue;
    if (name != ns && name != crd && of(ns)) { EXPECT_GE(self->sent, of(ns)->ready) << name << " before its namespace is active"; }
    for (const std::string& used : late.uses)
      if (const Times* other = of(used)) { EXPECT_GE(self->sent, used == crd ? other->ready : other->accepted) << name << " before " << used; }
    for (const std::string& promised : late.waits_for)
      if (const Times* other = of(promised)) { EXPECT_GE(self->sent, other->ready) << name << " before " << promised << " is healthy"; }
    for (const Made& early : made) {
      const std::string before = IdOf(early.object.root()).ToString();
      const Times* other = of(before);
      if (other && before != ns && before != crd && std::pair(early.phase, early.wave) < std::pair(late.phase, late.wave)) {
        EXPECT_GE(self->sent, other->ready) << name << " before the wave of " << before << " is healthy";
      }
    }
  }
  for (const std::string& gone : deleted) {
    const Times* self = of(gone);
    if (!self) continue;
    for (const Made& other : made) {
      const std::string name = IdOf(other.object.root()).ToString();
      if (!of(name)) continue;
      if (other.phase <= 1) { EXPECT_GE(self->sent, of(name)->accepted) << gone << " is deleted before " << name << " is applied"; }
      else { EXPECT_GE(of(name)->sent, self->accepted) << name << " before the deletion of " << gone; }
    }
  }
}

TEST(OrderProperty, EveryEdgeIsRespectedAndARunTakesAsLongAsItsCriticalPath) {
  const char* const more = std::getenv("PLUMB_ORDER_SEEDS");
  const unsigned seeds = more ? static_cast<unsigned>(std::atoi(more)) : 100;
  double worst = 0, sum = 0;
  size_t hooks = 0, deletes = 0, edges = 0;
  for (unsigned seed = 0; seed < seeds; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    World world;
    world.plan_options.budget_deletes = 100;
    world.options.in_flight = 1000;
    world.options.wait = true;
    std::vector<Made> before;
    for (int revision = 1; revision <= 3; ++revision) {
      const std::vector<Made> made = RandomApplication(random, revision);
      std::vector<Document> desired;
      std::set<std::string> deleted, wanted;
      for (const Made& one : made) {
        desired.push_back(one.object);
        wanted.insert(IdOf(one.object.root()).ToString());
      }
      for (const Made& one : before)
        if (const std::string name = IdOf(one.object.root()).ToString(); !wanted.contains(name) && !IsHook(one.object.root())) deleted.insert(name);
      std::shuffle(desired.begin(), desired.end(), random);
      const Plan plan = world.MakePlanFor(desired);
      const CriticalPath path(world, plan);
      TimedRun run(world);
      auto report = run.Run(plan);
      ASSERT_TRUE(report.ok() && report->complete) << (report.ok() ? ::testing::PrintToString(report->errors) : report.error().message());

      for (const Step& step : plan.steps) {
        hooks += step.hook.has_value();
        deletes += step.action == Action::kDelete;
        const auto self = run.times.find(step.id.ToString());
        if (!step.changes() || self == run.times.end()) continue;
        for (const Edge& edge : step.after) {
          const Step& on = plan.steps[edge.on];
          const auto other = run.times.find(on.id.ToString());
          if (!on.changes() || other == run.times.end() || !other->second.was_sent) continue;
          ++edges;
          const Times& t = other->second;
          EXPECT_GE(self->second.sent, edge.gate == Gate::kExists ? t.accepted : edge.gate == Gate::kGone ? t.gone : t.ready)
              << step.id.ToString() << " before " << on.id.ToString() << " is " << GateName(edge.gate);
        }
      }
      ExpectOrder(made, deleted, run.times);
      // The record is written before and after, and hooks are let go of: nothing that depends on the graph.
      const Duration around = 5 * milliseconds(40);
      const double ratio = std::chrono::duration<double>(run.took - around) / std::chrono::duration<double>(path.longest());
      EXPECT_GE(run.took, path.longest()) << "shorter than its critical path: the test reckons wrongly";
      EXPECT_LE(ratio, 1.1) << "took " << FormatDuration(run.took) << ", its critical path " << FormatDuration(path.longest());
      worst = std::max(worst, ratio);
      sum += ratio;
      before = made;
      if (::testing::Test::HasFailure()) return;
    }
  }
  fmt::print("{} runs with {} hooks and {} deletes, {} edges: makespan / critical path {:.3f} on average, {:.3f} at most\n", 3 * seeds, hooks, deletes, edges, sum / (3 * seeds), worst);
  EXPECT_GT(hooks, seeds * 5);
  EXPECT_GT(deletes, seeds * 2);
}

}  // namespace
}  // namespace plumb
