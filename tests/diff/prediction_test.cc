// The prediction of server-side apply against a real API server: random objects of the kinds in random_objects.yaml, each with a
// random history of writes by several managers, then a random desired object: what is predicted as exact must be what the
// server answers to a dry run, managedFields and conflicts included.
//
// PLUMB_PREDICTION_CASES=N  how many (2,000; 0 goes on for ever)     PLUMB_PREDICTION_SEED=N  where to begin (printed)
// PLUMB_PREDICTION_KIND=K   of this kind alone                       PLUMB_PREDICTION_VERBOSE=1  every kind's figures, and refusals
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "core/edit.h"
#include "core/json.h"
#include "diff/prediction.h"
#include "tests/diff/random_objects.h"
#include "tests/diff/server.h"

namespace plumb {
namespace {

using testing::Random;
using testing::RandomKind;
using testing::RandomObjects;

constexpr std::string_view kMe = "plumb";

uint64_t Number(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

struct Tally {
  size_t cases = 0, exact = 0, equal = 0, conflicts = 0, refused = 0, failed_history = 0, writes = 0;
};

class PredictionRun {
 public:
  struct Object {
    const RandomKind& kind;
    kube::ObjectRef ref;
    uint64_t seed;
  };

  PredictionRun(kube::Client& client, const RandomObjects& objects, SchemaPtr schema)
      : client_(client), objects_(objects), schema_(std::move(schema)), tag_(UniqueName("p")) {}

  // Some objects with their histories, and two predictions of each, a second later: times have seconds.
  void Cases(uint64_t first, size_t count) {
    std::vector<std::pair<Object, Random>> made;
    for (uint64_t seed = first; seed < first + count; ++seed) {
      Random random(seed);
      const RandomKind& kind = Pick(random);
      Object object{kind, {ResourceOf(kind), NamespaceOf(kind), RandomObjects::NameOf(kind, tag_ + "-" + std::to_string(seed)), ""}, seed};
      if (!random.Chance(12)) History(object, random);
      made.emplace_back(std::move(object), random);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1001));
    for (auto& [object, random] : made) {
      const kube::Answer got = client_.Get(object.ref);
      const Document live = got.object.ok() ? *got.object : Document();
      for (int i = 0; i < 2; ++i) Predict(object, live, random);
      // Every definition costs the server a document of all kinds: those that were asked about go.
      if (object.kind.gvk.kind == "CustomResourceDefinition" && got.object.ok()) (void)client_.Delete(object.ref);
    }
  }

  std::string NamespaceOf(const RandomKind& kind) const { return kind.namespaced ? tag_ + "-" + kind.plural : ""; }

  std::map<std::string, Tally> Tallies() const {
    std::lock_guard lock(mu_);
    return tallies_;
  }
  size_t cases() const { return cases_; }
  size_t attempts() const { return attempts_; }  // cases, and what validation refused or a controller was faster than
  const std::vector<std::string>& failures() const { return failures_; }

 private:
  const RandomKind& Pick(Random& random) const {
    static const char* const only = std::getenv("PLUMB_PREDICTION_KIND");
    for (;;) {
      const RandomKind& kind = objects_.Any(random);
      if (!only || kind.gvk.kind == only) return kind;
    }
  }

  static kube::Resource ResourceOf(const RandomKind& kind) {
    kube::Resource resource;
    resource.gvk = kind.gvk;
    resource.plural = kind.plural;
    resource.namespaced = kind.namespaced;
    return resource;
  }
  Document Version(const Object& o, Random& random) const { return objects_.Make(o.kind, o.ref.ns, o.ref.name, o.seed, random); }

  kube::WriteOptions As(std::string_view manager, bool force = false) const {
    kube::WriteOptions options;
    options.field_manager = manager;
    options.force = force;
    options.validation = kube::FieldValidation::kIgnore;
    return options;
  }

  void History(const Object& o, Random& random) {
    bool made = false;
    const Document first = Version(o, random);
    switch (random.Below(3)) {
      case 0: made = Wrote(o, client_.Apply(o.ref, *first, As(random.Chance(60) ? kMe : random.Chance(50) ? "kubectl" : "other"))); break;
      case 1: made = Wrote(o, client_.Create(o.ref.resource, o.ref.ns, *first, As("creator"))); break;
      default: made = Wrote(o, client_.Create(o.ref.resource, o.ref.ns, *WithLastApplied(first), As("kubectl-client-side-apply")));
    }
    if (!made) return;
    for (size_t writes = random.Below(5); writes > 0; --writes) Write(o, random);
  }

  static Document WithLastApplied(const Document& object) {
    return BuildDocument([&](Arena& a) {
      const Value root = a.Adopt(object);
      return WithAt(a, root, {"metadata", "annotations", "kubectl.kubernetes.io/last-applied-configuration"}, a.String(WriteJson(root) + "\n"));
    });
  }

  bool Wrote(const Object& o, const kube::Answer& answer) {
    std::lock_guard lock(mu_);
    ++tallies_[o.kind.gvk.kind].writes;
    if (!answer.object.ok()) ++tallies_[o.kind.gvk.kind].failed_history;
    return answer.object.ok();
  }

  void Write(const Object& o, Random& random) {
    const Document version = Version(o, random), part = objects_.Part(version, random);
    static constexpr std::string_view kAppliers[] = {kMe, "other", "third", "kubectl"};
    static constexpr std::string_view kWriters[] = {"kubectl-edit", "controller", "kubectl-client-side-apply", "hand"};
    switch (random.Below(8)) {
      case 0:
      case 1: Wrote(o, client_.Apply(o.ref, random.Chance(50) ? *version : *part, As(random.Of(kAppliers), random.Chance(60)))); break;
      case 2:
      case 3: {  // read, change, write back
        const auto got = client_.Get(o.ref);
        if (!got.object.ok()) break;
        Wrote(o, client_.Update(o.ref, *BuildDocument([&](Arena& a) { return testing::Overlay(a, a.Adopt(*got.object), a.Adopt(part)); }), As(random.Of(kWriters))));
        break;
      }
      case 4: Wrote(o, client_.Patch(o.ref, kube::PatchType::kMerge, *part, As(random.Of(kWriters)))); break;
      case 5: Wrote(o, client_.Patch(o.ref, o.kind.custom ? kube::PatchType::kMerge : kube::PatchType::kStrategic, *part, As(random.Of(kWriters)))); break;
      case 6: WriteStatus(o, version, random); break;
      default: {  // take something away, or all that is known about managers
        static constexpr const char* kPatches[] = {R"({"metadata":{"labels":null}})", R"({"metadata":{"annotations":{"one":null}}})",
                                                   R"({"metadata":{"labels":{"two":"hand"}}})", R"({"metadata":{"managedFields":[{}]}})"};
        Wrote(o, client_.Patch(o.ref, kube::PatchType::kMerge, **ParseJson(random.Of(kPatches)), As("hand")));
      }
    }
  }

  void WriteStatus(const Object& o, const Document& version, Random& random) {
    kube::ObjectRef ref = o.ref;
    std::string patch = R"({"metadata":{"annotations":{"status":"x"}},"status":{"observedGeneration":1}})";
    if (o.kind.gvk.group == "apps" && o.kind.gvk.kind != "DaemonSet" && random.Chance(50)) {
      ref.subresource = "scale";
      patch = R"({"spec":{"replicas":)" + std::to_string(random.Below(4)) + "}}";
    } else if (!o.kind.status) {
      return;
    } else {
      ref.subresource = "status";
      if (o.kind.custom) patch = R"({"status":)" + WriteJson(version->Get("status").is_null() ? Arena().Map({}) : version->Get("status")) + "}";
    }
    Wrote(o, client_.Patch(ref, kube::PatchType::kMerge, **ParseJson(patch), As("controller")));
  }

  void Predict(const Object& o, const Document& live, Random& random) {
    ++attempts_;
    PredictionRequest request;
    const Document version = Version(o, random);
    request.config = live->is_null() || random.Chance(60) ? version : objects_.Part(version, random);
    request.live = live;
    request.force = random.Chance(50);
    request.context.manager = random.Chance(80) ? kMe : random.Chance(50) ? "kubectl" : "other";
    request.context.schema = schema_;
    request.traits = o.kind.custom ? TraitsOfCustom(o.kind.status) : TraitsOf(o.kind.gvk);
    kube::WriteOptions options = As(request.context.manager, request.force);
    options.dry_run = true;
    const kube::Answer answer = client_.Apply(o.ref, *request.config, options);
    if (answer.object.ok() && GetAt(*live, {"metadata", "resourceVersion"}).AsString() != GetAt(**answer.object, {"metadata", "resourceVersion"}).AsString())
      return;  // a controller of the server's own was faster
    request.context.now = TimeOfWrite(answer, request.context.manager);
    const auto predicted = PredictApply(request);
    std::string wrong = Judge(request, answer, predicted);
    if (!wrong.empty())
      wrong = "seed " + std::to_string(o.seed) + ": " + o.kind.gvk.kind + " applied by " + request.context.manager + (request.force ? " with force\n" : "\n") + wrong +
              "config: " + WriteJson(*request.config) + "\nlive: " + WriteJson(*live) + "\n";
    std::lock_guard lock(mu_);
    Tally& tally = tallies_[o.kind.gvk.kind];
    if (!answer.object.ok() && !answer.status.ApplyConflict()) {
      ++tally.refused;
      if (std::getenv("PLUMB_PREDICTION_VERBOSE")) std::printf("refused %s: %s\n", o.kind.gvk.kind.c_str(), answer.status.message.substr(0, 300).c_str());
    } else {
      ++tally.cases, ++cases_;
      tally.exact += predicted.ok() && predicted->exact();
      tally.conflicts += answer.status.ApplyConflict();
      tally.equal += wrong.empty();
    }
    if (!wrong.empty()) failures_.push_back(std::move(wrong));
  }

  // The time that the server gave the write; only a clock knows it.
  static std::string TimeOfWrite(const kube::Answer& answer, std::string_view manager) {
    for (const auto& [name, operation] : {std::pair(manager, std::string_view("Apply")), std::pair(std::string_view("before-first-apply"), std::string_view("Update"))})
      if (answer.object.ok())
        for (Value entry : GetAt(**answer.object, {"metadata", "managedFields"}).items())
          if (entry.GetString("manager") == name && entry.GetString("operation") == operation && entry.Has("time")) return std::string(entry.GetString("time"));
    return FormatTime(Clock::Real().Wall());
  }

  // What the prediction got wrong; "" where nothing is.
  static std::string Judge(const PredictionRequest& request, const kube::Answer& answer, const Result<Prediction>& predicted) {
    const bool refused = !answer.object.ok() && !answer.status.ApplyConflict();
    if (!predicted.ok()) return refused ? "" : "predicted the error " + predicted.error().message() + "\n";
    if (refused || !predicted->exact()) return "";
    if (answer.status.ApplyConflict()) return SameConflicts(answer.status, predicted->conflicts);
    if (!predicted->conflicts.empty()) return "predicted: " + ConflictMessage(predicted->conflicts) + "\n";
    Arena a;
    Value want = **answer.object;
    if (request.live->is_null())
      for (std::string_view field : {"uid", "resourceVersion", "creationTimestamp"}) want = WithoutAt(a, want, {"metadata", field});
    return testing::Differences(*predicted->object, want);
  }

  static std::string SameConflicts(const kube::ApiStatus& status, const std::vector<FieldConflict>& conflicts) {
    std::multiset<std::string> want, have;  // the server's causes have the managers in any order; its message sorts them
    for (const kube::ApiCause& cause : status.causes) want.insert(cause.message + " " + cause.field);
    for (const FieldConflict& conflict : conflicts)
      for (const FieldPath& field : conflict.fields) have.insert("conflict with " + conflict.manager.ToString() + " " + field.ToKubernetesString());
    if (want == have && ConflictMessage(conflicts) == status.message) return "";
    return "predicted: " + ConflictMessage(conflicts) + "\nand the server: " + status.message + "\n";
  }

  kube::Client& client_;
  const RandomObjects& objects_;
  const SchemaPtr schema_;
  const std::string tag_;
  std::atomic<size_t> cases_{0}, attempts_{0};
  mutable std::mutex mu_;
  std::map<std::string, Tally> tallies_;
  std::vector<std::string> failures_;
};

class Predictions : public testing::ServerTest {
 protected:
  // Namespaces and custom kinds that the cases need.
  void Prepare(const PredictionRun& run) {
    const kube::Resource& crds = *kube::BuiltIn("CustomResourceDefinition");
    for (const Document& crd : objects_.crds()) {
      const auto made = client().Create(crds, "", *crd);
      ASSERT_TRUE(made.object.ok() || made.status.AlreadyExists()) << made.object.error().message();
    }
    for (const Document& crd : objects_.crds()) testing::WaitUntilServed(client(), {crds, "", std::string(GetAt(*crd, {"metadata", "name"}).AsString()), ""});
    std::set<std::string> namespaces;
    for (const RandomKind& kind : objects_.kinds()) {
      if (!kind.namespaced || !namespaces.insert(run.NamespaceOf(kind)).second) continue;
      MakeNamespace(run.NamespaceOf(kind), {"default", "robot"});
    }
  }

  const RandomObjects objects_{"tests/diff/random_objects.yaml"};
};

TEST_F(Predictions, AreWhatTheServerAnswers) {
  auto schema = SchemaWithCrds(EmbeddedSchema(), objects_.crds());
  ASSERT_TRUE(schema.ok()) << schema.error().message();
  PredictionRun run(client(), objects_, *schema);
  Prepare(run);

  const uint64_t wanted = Number("PLUMB_PREDICTION_CASES", 2000), first = Number("PLUMB_PREDICTION_SEED", 1000);
  std::printf("seeds from %llu\n", static_cast<unsigned long long>(first));
  std::atomic<uint64_t> next{first};
  constexpr size_t kThreads = 8, kBlock = 20;
  std::vector<std::thread> threads;
  for (size_t t = 0; t < kThreads; ++t)
    threads.emplace_back([&] {
      while (wanted == 0 || (run.cases() < wanted && run.attempts() < 5 * wanted)) run.Cases(next.fetch_add(kBlock), kBlock);
    });
  for (std::thread& thread : threads) thread.join();

  Tally all;
  for (const auto& [kind, t] : run.Tallies()) {
    if (t.equal < t.cases || t.refused * 5 > t.cases || std::getenv("PLUMB_PREDICTION_VERBOSE"))
      std::printf("%-32s %4zu cases %4zu exact %4zu right %4zu conflicts %4zu refused; %zu of %zu writes failed\n", kind.c_str(), t.cases, t.exact, t.equal, t.conflicts,
                  t.refused, t.failed_history, t.writes);
    all.cases += t.cases, all.exact += t.exact, all.equal += t.equal, all.conflicts += t.conflicts, all.refused += t.refused;
  }
  const auto share = [](size_t part, size_t whole) { return whole == 0 ? 0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole); };
  const size_t right = all.exact - std::min(all.exact, run.failures().size());
  std::printf("%zu cases of %zu kinds, %zu of them conflicts; %zu more were refused by validation\n", all.cases, run.Tallies().size(), all.conflicts, all.refused);
  std::printf("labelled exact: %.2f %% (must be 97); of those right: %.2f %% (must be 100)\n", share(all.exact, all.cases), share(right, all.exact));
  for (size_t i = 0; i < run.failures().size() && i < Number("PLUMB_PREDICTION_SHOW", 10); ++i) ADD_FAILURE() << run.failures()[i];
  EXPECT_TRUE(run.failures().empty());
  EXPECT_GE(share(all.exact, all.cases), 97);
  EXPECT_GE(all.cases, wanted) << "too much was refused: the generator makes objects that no server takes";
}

}  // namespace
}  // namespace plumb
