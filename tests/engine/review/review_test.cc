// A change between two revisions: what it does, what was there before, what the server would refuse.
#include "engine/review/review.h"

#include <gmock/gmock.h>

#include "core/hash.h"
#include "core/json.h"
#include "core/yaml.h"
#include "diff/embedded_schema.h"
#include "diff/present.h"
#include "engine/plan/inventory.h"

namespace plumb {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Manifest Yaml(const std::string& text, const std::string& file = "web.yaml") { return {*ParseYamlOne(text), {file, 0, 1}}; }

std::string Deployment(const std::string& image, int replicas = 3, const std::string& more = "") {
  return "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop}, spec: {replicas: " + std::to_string(replicas) + ", selector: {matchLabels: {app: web" + more +
         "}}, template: {spec: {containers: [{name: c, image: '" + image + "'}]}}}}";
}
std::string Settings(const std::string& value) { return "{apiVersion: v1, kind: ConfigMap, metadata: {name: settings, namespace: shop}, data: {mode: " + value + "}}"; }

// A little world: one application with manifests at both ends, and a cluster.
struct World {
  World() {
    application.application.name = "shop";
    application.application.target_namespace = "shop";
    application.application.sync.create_namespace = false;
    application.inventory = Inventory("shop", "default");
    Live("{apiVersion: v1, kind: Namespace, metadata: {name: shop}}");
  }

  static DesiredSet Complete(const Application& application, const std::vector<std::string>& manifests) {
    std::vector<Manifest> parsed;
    for (const std::string& text : manifests) parsed.push_back(Yaml(text));
    return CompleteDesired(application, parsed, nullptr);
  }
  void Base(const std::vector<std::string>& manifests) { application.base = ReviewSide{Complete(application.application, manifests), ""}; }
  void Head(const std::vector<std::string>& manifests) { application.head = ReviewSide{Complete(application.application, manifests), ""}; }
  void Live(const std::string& text) {
    const Manifest manifest = Yaml(text);
    live[IdOf(manifest.root())] = manifest.object;
  }

  Review Make() {
    ReviewInput input;
    input.base = "main (1a2b3c4d5e)";
    input.head = "feature (5e4d3c2b1a)";
    input.applications = {application};
    input.schema = schema;
    if (cluster) {
      input.against = "cluster";
      input.live = [this](const WantedObject& wanted) {
        const auto found = live.find(wanted.id);
        return found == live.end() ? LiveObject::Absent() : LiveObject::Present(found->second);
      };
    }
    input.check = check;
    static const Masker masker({.salt = "test"});
    input.masker = &masker;
    return MakeReview(input);
  }

  ReviewApplication application;
  std::map<ObjectId, Document> live;
  SchemaLookup schema = [](const Gvk& gvk) { return std::pair(EmbeddedSchema(), EmbeddedSchema()->Find(gvk)); };
  CheckLookup check;
  bool cluster = true;
};

std::string Changes(const std::vector<MaskedDiff>& diffs) {
  std::string out;
  for (const MaskedDiff& diff : diffs) {
    out += std::string(DiffActionName(diff->action)) + " " + diff->id.ToString() + "\n";
    for (const FieldChange& change : diff->changes)
      out += "  " + change.path.ToString() + ": " + (change.old_value ? WriteJson(*change.old_value) : "-") + " -> " + (change.new_value ? WriteJson(*change.new_value) : "-") + " (" + change.Explain() + ")\n";
  }
  return out;
}

// Live objects as Plumb left them: labelled, and its own by managedFields. `more` are entries of others.
std::string Applied(std::string text, const std::string& fields, const std::string& more = "") {
  const std::string label = "labels: {applyset.kubernetes.io/part-of: " + Inventory("shop", "default").ApplySetId() + "}, ";
  text.insert(text.find("metadata: {") + 11, label + "managedFields: [{manager: plumb, operation: Apply, apiVersion: v1, time: '2026-01-01T00:00:00Z', fieldsType: FieldsV1, fieldsV1: " + fields + "}" +
                                                 (more.empty() ? "" : ", " + more) + "], ");
  return text;
}
constexpr char kSettingsFields[] = "{'f:data': {'f:mode': {}}}";

TEST(Review, WhatTheChangeDoesWithoutAnyCluster) {
  World world;
  world.cluster = false;
  world.Base({Deployment("web:1"), Settings("slow"), "{apiVersion: v1, kind: ConfigMap, metadata: {name: old, namespace: shop}}"});
  world.Head({Deployment("web:2"), Settings("slow"), "{apiVersion: v1, kind: ConfigMap, metadata: {name: new, namespace: shop}}"});
  const Review review = world.Make();
  EXPECT_EQ(Changes(review.applications[0].changes),
            "patch Deployment shop/web\n  spec.template.spec.containers[name=c].image: \"web:1\" -> \"web:2\" (changed in git)\n"
            "create ConfigMap shop/new\ndelete ConfigMap shop/old\n");
  EXPECT_EQ(review.applications[0].unchanged, 1u);
  EXPECT_TRUE(review.applications[0].drift.empty());
  EXPECT_TRUE(review.applications[0].refused.empty());
  EXPECT_EQ(review.create + review.patch + review.remove, 3u);
  EXPECT_EQ(review.restarted, 1u);
  EXPECT_EQ(review.pods, 3u);
  ASSERT_EQ(review.images.size(), 1u);
  EXPECT_EQ(review.images[0].after, "web:2");
}

TEST(Review, WhatTheServerSaysOfTheHeadIsARefusal) {
  World world;
  world.Live(Settings("slow"));
  world.Base({Settings("slow")});
  const std::string elsewhere = "{apiVersion: v1, kind: ConfigMap, metadata: {name: c, namespace: new}}", unserved = "{apiVersion: x.io/v1, kind: Thing, metadata: {name: c, namespace: shop}}";
  world.Head({Settings("fast"), Deployment("web:1"), "{apiVersion: v1, kind: Namespace, metadata: {name: new}}", elsewhere, unserved});
  std::vector<std::string> asked;
  world.check = [&](std::span<ObjectDiff* const> diffs) {
    std::vector<std::string> errors;
    for (ObjectDiff* diff : diffs) {
      asked.push_back(diff->id.ToString());
      if (diff->id.kind == "Deployment") errors.push_back(diff->unanswered = "the server refuses it: admission webhook \"policy\" denied it");
    }
    errors.push_back("3 more objects were not asked about");
    return errors;
  };
  const Review review = world.Make();
  EXPECT_THAT(asked, ::testing::ElementsAre("ConfigMap shop/settings", "Deployment shop/web", "Namespace new")) << "not what has no namespace or kind yet";
  std::string refused;
  for (const Refusal& refusal : review.applications[0].refused) refused += refusal.id.ToString() + ": " + refusal.reason + "\n";
  EXPECT_THAT(refused, HasSubstr("Deployment shop/web: the server refuses it: admission webhook"));
  EXPECT_THAT(review.applications[0].unknown, ::testing::Contains("3 more objects were not asked about"));
}

// `null` asks for a default, which is not always known: the server's answer is what then counts.
TEST(Review, WhatTheServerAnsweredNeedsItNoLonger) {
  const auto web = [](const std::string& image, const std::string& replicas) {
    return "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop}, spec: {replicas: " + replicas + ", template: {spec: {containers: [{name: c, image: '" + image + "'}]}}}}";
  };
  const auto world_of = [&](const std::string& live) {
    World world;
    world.Base({web("web:1", "3")});
    world.Head({web("web:2", "null")});
    world.Live(Applied(web(live, "3"), "{'f:spec': {'f:replicas': {}, 'f:template': {'f:spec': {'f:containers': {'k:{\"name\":\"c\"}': {'f:image': {}, 'f:name': {}}}}}}}"));
    return world;
  };
  World world = world_of("web:1");
  const Review unasked = world.Make();
  ASSERT_EQ(unasked.applications[0].changes.size(), 1u);
  ASSERT_FALSE(unasked.applications[0].changes[0]->exact()) << "the case of this test: only the server knows";

  world.check = [](std::span<ObjectDiff* const> diffs) {
    for (ObjectDiff* diff : diffs) diff->uncertain.clear();
    return std::vector<std::string>();
  };
  const Review answered = world.Make();
  ASSERT_EQ(answered.applications[0].changes.size(), 1u);
  EXPECT_TRUE(answered.applications[0].changes[0]->exact());
  EXPECT_EQ(Changes(answered.applications[0].changes), Changes(unasked.applications[0].changes)) << "and why it changes is git's affair still";
  for (const std::string& text : {WriteMarkdown(ReportOf(answered)), WriteHtml(ReportOf(answered)), WriteText(ReportOf(answered)), WriteJson(*ReviewToJson(answered))})
    EXPECT_THAT(text, ::testing::AllOf(Not(HasSubstr("needs the server")), Not(HasSubstr("needs-server"))));

  world.check = [](std::span<ObjectDiff* const> diffs) {
    for (ObjectDiff* diff : diffs) diff->uncertain.clear(), diff->changes.clear(), diff->action = DiffAction::kNone;
    return std::vector<std::string>();
  };
  const Review same = world.Make();
  EXPECT_TRUE(same.applications[0].changes.empty()) << "another spelling of what is there, says the server";
  EXPECT_EQ(same.applications[0].unchanged, 1u);
  EXPECT_EQ(same.patch, 0u);

  World drifted = world_of("web:0");
  drifted.check = world.check;
  const Review unsure = drifted.Make();
  ASSERT_EQ(unsure.applications[0].changes.size(), 1u) << "the server was asked about the cluster as it is, which is not as the base says";
  EXPECT_FALSE(unsure.applications[0].changes[0]->exact());
}

// No four characters of a secret value in any form, whatever part of a review it comes to.
TEST(Review, SecretsAreInNoForm) {
  const auto secret = [](const std::string& name, const std::string& value) { return "{apiVersion: v1, kind: Secret, metadata: {name: " + name + ", namespace: shop}, stringData: {key: " + value + "}}"; };
  const auto pod = [](const std::string& value) {
    return "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop}, spec: {template: {spec: {containers: [{name: c, image: 'i', "
           "args: ['--api-key=" + value + "', --token, " + value + "], env: [{name: DB_PASSWORD, value: " + value + "}]}]}}}}";
  };
  World world;
  world.Base({secret("kept", "QZJXQQZZ"), secret("gone", "ZZJJXXQQ"), pod("JJQQXXZZ")});
  world.Head({secret("kept", "XQXQJZJZ"), secret("new", "QJQJZXZX"), pod("XJXJQZQZ")});
  world.Live(Applied(secret("kept", "JXJXZQZQ"), "{'f:data': {'f:key': {}}}", "{manager: kubectl-edit, operation: Update, apiVersion: v1, time: '2026-01-02T00:00:00Z', fieldsType: FieldsV1, fieldsV1: {'f:data': {'f:key': {}}}}"));
  world.Live(Applied(secret("gone", "ZZJJXXQQ"), "{'f:data': {'f:key': {}}}"));
  world.Live(Applied(pod("ZXZXQJQJ"), "{'f:spec': {}}"));
  const Review review = world.Make();
  ASSERT_GE(review.applications[0].changes.size(), 3u);
  const std::vector<MaskedDiff> changes = ChangesOf(review);
  const std::string all = WriteMarkdown(ReportOf(review)) + WriteHtml(ReportOf(review)) + WriteText(ReportOf(review)) + WriteJson(*ReviewToJson(review)) + PresentUnified(changes) +
                          WriteJson(*PresentJsonPatch(changes));
  EXPECT_THAT(all, HasSubstr("(masked "));
  for (const std::string value : {"QZJXQQZZ", "ZZJJXXQQ", "JJQQXXZZ", "XQXQJZJZ", "QJQJZXZX", "XJXJQZQZ", "JXJXZQZQ", "ZXZXQJQJ"})
    for (const std::string& form : {value, Base64(value)})
      for (size_t i = 0; i + 4 <= form.size(); ++i) ASSERT_THAT(all, Not(HasSubstr(form.substr(i, 4)))) << form;
}

TEST(Review, RemovedFieldsAndSpellingsOfTheSame) {
  World world;
  world.cluster = false;
  world.Base({"{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: shop}, spec: {priority: 1, containers: [{name: c, resources: {limits: {cpu: 1000m}}}]}}"});
  world.Head({"{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: shop}, spec: {containers: [{name: c, resources: {limits: {cpu: '1'}}}]}}"});
  EXPECT_THAT(Changes(world.Make().applications[0].changes), HasSubstr("spec.priority: 1 -> - (removed from git"));
  EXPECT_THAT(Changes(world.Make().applications[0].changes), Not(HasSubstr("cpu")));
}

TEST(Review, DriftIsKeptApartFromTheChange) {
  World world;
  world.Base({Deployment("web:1"), Settings("slow")});
  world.Head({Deployment("web:2"), Settings("slow")});
  world.Live(Applied(Settings("hacked"), "{'f:data': {'f:other': {}}}", "{manager: kubectl-edit, operation: Update, apiVersion: v1, time: '2026-01-02T00:00:00Z', fieldsType: FieldsV1, fieldsV1: " + std::string(kSettingsFields) + "}"));
  world.Live(Applied(Deployment("web:1"), "{'f:spec': {'f:replicas': {}, 'f:template': {'f:spec': {'f:containers': {'k:{\"name\":\"c\"}': {'f:image': {}, 'f:name': {}}}}}}}"));
  const Review review = world.Make();
  EXPECT_EQ(Changes(review.applications[0].changes), "patch Deployment shop/web\n  spec.template.spec.containers[name=c].image: \"web:1\" -> \"web:2\" (changed in git)\n");
  EXPECT_EQ(Changes(review.applications[0].drift), "patch ConfigMap shop/settings\n  data.mode: \"hacked\" -> \"slow\" (drift: written by kubectl-edit at 2026-01-02T00:00:00Z)\n");
  EXPECT_TRUE(review.applications[0].pending.empty());
}

TEST(Review, AFieldThatDriftedAndChangesCountsAsBoth) {
  World world;
  world.Base({Settings("slow")});
  world.Head({Settings("fast")});
  world.Live(Applied(Settings("hacked"), "{'f:data': {'f:other': {}}}", "{manager: m, operation: Update, apiVersion: v1, time: '2026-01-02T00:00:00Z', fieldsType: FieldsV1, fieldsV1: " + std::string(kSettingsFields) + "}"));
  const Review review = world.Make();
  EXPECT_THAT(Changes(review.applications[0].changes), HasSubstr("data.mode: \"slow\" -> \"fast\""));
  EXPECT_THAT(Changes(review.applications[0].drift), HasSubstr("data.mode: \"hacked\" -> \"slow\""));
}

TEST(Review, WhatTheClusterHasYetToFollowIsNoDrift) {
  World world;
  world.Base({Settings("slow"), Deployment("web:1")});
  world.Head({Settings("slow"), Deployment("web:1")});
  world.Live(Applied(Settings("older"), kSettingsFields));
  const Review review = world.Make();
  EXPECT_FALSE(review.differs());
  EXPECT_EQ(Changes(review.applications[0].drift), "");
  EXPECT_THAT(Changes(review.applications[0].pending), HasSubstr("data.mode: \"older\" -> \"slow\""));
  EXPECT_THAT(Changes(review.applications[0].pending), HasSubstr("create Deployment shop/web"));
}

TEST(Review, AnObjectThatSomebodyDeletedIsDrift) {
  World world;
  world.Base({Settings("slow")});
  world.Head({Settings("slow")});
  world.application.inventory.Set({{"", "ConfigMap", "shop", "settings"}, "v1", "uid-1"});
  EXPECT_THAT(Changes(world.Make().applications[0].drift), HasSubstr("create ConfigMap shop/settings"));
}

std::string Refused(const Review& review) {
  std::string out;
  for (const Refusal& refusal : review.applications[0].refused) out += refusal.id.ToString() + ": " + refusal.reason + (refusal.at_base ? " (at base)" : "") + "\n";
  return out;
}

TEST(Review, RefusalsOfTheServer) {
  World world;
  world.Base({Deployment("web:1"), "{apiVersion: v1, kind: ConfigMap, metadata: {name: bad, namespace: shop}, dta: {}, data: {a: b}}"});
  world.Head({Deployment("web:1", 3, ", tier: x"), "{apiVersion: v1, kind: ConfigMap, metadata: {name: bad, namespace: shop}, dta: {}, data: {a: c}}",
              "{apiVersion: v1, kind: ConfigMap, metadata: {name: typo, namespace: shop}, dat: {a: b}}",
              "{apiVersion: v1, kind: ConfigMap, metadata: {name: lost, namespace: nowhere}}",
              "{apiVersion: x.io/v1, kind: Widget, metadata: {name: w, namespace: shop}}",
              "{apiVersion: apps/v1, kind: Deployment, metadata: {name: shape, namespace: shop}, spec: {replicas: three}}"});
  const std::string refused = Refused(world.Make());
  EXPECT_THAT(refused, HasSubstr("Deployment shop/web: spec.selector"));
  EXPECT_THAT(refused, HasSubstr("cannot be changed in place; annotate it with 'plumb.dev/replace: allowed'"));
  EXPECT_THAT(refused, HasSubstr("ConfigMap shop/bad: .dta: field not declared in schema (at base)"));
  EXPECT_THAT(refused, HasSubstr("ConfigMap shop/typo: .dat: field not declared in schema\n"));
  EXPECT_THAT(refused, HasSubstr("ConfigMap nowhere/lost: namespace 'nowhere' is neither in the cluster nor in this change"));
  EXPECT_THAT(refused, HasSubstr("Widget.x.io shop/w: kind 'Widget' of 'x.io/v1' is not known to the cluster"));
  EXPECT_THAT(refused, HasSubstr("Deployment shop/shape: .spec.replicas: expected numeric (int or float), got string"));
}

TEST(Review, NamespacesAndDefinitionsOfTheSameChangeAreNoTrouble) {
  World world;
  world.Base({});
  world.Head({"{apiVersion: v1, kind: Namespace, metadata: {name: fresh}}", "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: fresh}}",
              "{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: widgets.x.io}, spec: {group: x.io, scope: Namespaced, names: {kind: Widget, plural: widgets}, "
              "versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, properties: {spec: {type: object, properties: {size: {type: integer}}}}}}}]}}",
              "{apiVersion: x.io/v1, kind: Widget, metadata: {name: w, namespace: shop}, spec: {size: 1}}",
              "{apiVersion: x.io/v1, kind: Widget, metadata: {name: wrong, namespace: shop}, spec: {sice: 1}}"});
  const Review review = world.Make();
  EXPECT_EQ(Refused(review), "Widget.x.io shop/wrong: .spec.sice: field not declared in schema\n");
  EXPECT_EQ(review.create, 5u);
}

TEST(Review, ReplacementIsADangerWhereItIsAllowed) {
  World world;
  std::string head = Deployment("web:1", 3, ", tier: x");
  head.insert(head.find("name: web,"), "annotations: {plumb.dev/replace: allowed}, ");
  world.Base({Deployment("web:1")});
  world.Head({head});
  const Review review = world.Make();
  EXPECT_EQ(Refused(review), "");
  EXPECT_EQ(review.replace, 1u);
  ASSERT_FALSE(review.dangers.empty());
  EXPECT_THAT(review.dangers.back().what, HasSubstr("deleted and made anew"));
}

TEST(Review, WhatWillNotHappen) {
  const auto notes = [](World& world) {
    std::string out;
    const Review review = world.Make();
    for (const std::string& note : review.applications[0].notes) out += note + "\n";
    return out;
  };
  World world;
  world.Base({Settings("slow"), Deployment("web:1")});
  world.Head({Deployment("web:2")});
  world.Live(Applied(Settings("slow"), kSettingsFields));
  EXPECT_EQ(notes(world), "");
  world.application.application.sync.prune = false;
  EXPECT_THAT(notes(world), HasSubstr("ConfigMap shop/settings leaves git and stays in the cluster: pruning is off"));
  EXPECT_EQ(world.Make().orphan, 1u);
  EXPECT_EQ(world.Make().remove, 0u);
  world.application.application.sync.automatic = false;
  EXPECT_THAT(notes(world), HasSubstr("sync.auto is off: nothing of this is applied"));
  world.application.application.suspend = true;
  EXPECT_THAT(notes(world), HasSubstr("is suspended: nothing of this is applied until it is resumed"));
  World kept;
  kept.Base({"{apiVersion: v1, kind: ConfigMap, metadata: {name: a, namespace: shop, annotations: {helm.sh/resource-policy: keep}}}"});
  kept.Head({});
  kept.cluster = false;
  EXPECT_THAT(notes(kept), HasSubstr("annotation 'helm.sh/resource-policy: keep'"));
  World gone;
  gone.Base({Settings("slow")});
  gone.cluster = false;
  EXPECT_THAT(notes(gone), HasSubstr("its application goes: nothing deletes it"));
  World claim;
  claim.Base({"{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: data, namespace: shop}}"});
  claim.Head({});
  claim.cluster = false;
  EXPECT_THAT(notes(claim), HasSubstr("its deletion waits for an approval"));
}

TEST(Review, AnEndThatCannotBeRenderedIsNotEmpty) {
  World world;
  world.Base({Settings("slow")});
  world.application.head = ReviewSide{{}, "render: web.yaml:3: broken"};
  const Review review = world.Make();
  EXPECT_TRUE(review.failed);
  EXPECT_FALSE(review.differs()) << "nothing counts as deleted";
  EXPECT_EQ(review.applications[0].failures, std::vector<std::string>{"head: render: web.yaml:3: broken"});
  World repaired;
  repaired.application.base = ReviewSide{{}, "render: broken"};
  repaired.Head({Settings("slow")});
  EXPECT_FALSE(repaired.Make().failed);
  EXPECT_EQ(repaired.Make().applications[0].failures.size(), 1u);
}

TEST(Review, ReportHasTheSignalsBeforeTheChanges) {
  World world;
  world.Base({Deployment("web:1"), Settings("slow")});
  world.Head({Deployment("web:2", 1), Settings("fast")});
  const std::string text = WriteMarkdown(ReportOf(world.Make()), {.marker = "plumb diff"});
  size_t last = 0;
  for (const char* part : {"<!-- plumb diff -->", "### What this change does", "`feature (5e4d3c2b1a)` against `main (1a2b3c4d5e)`", "2 to change.", "Blast radius: 1 application, 2 objects in 1 namespace; 1 workload restarted, 1 pod.",
                           "Dangers", "| availability lowered | `Deployment shop/web` | 1 replicas instead of 3 |", "#### Images", "| `web:1` | `web:2` | Deployment shop/web (container c) |", "#### Changes",
                           "<details>", "#### Not applied yet"}) {
    const size_t at = text.find(part, last);
    EXPECT_NE(at, std::string::npos) << part << " is missing or misplaced in\n" << text;
    if (at != std::string::npos) last = at;
  }
}

TEST(Review, JsonForm) {
  World world;
  world.Base({Settings("slow")});
  world.Head({Settings("fast")});
  const Document json = ReviewToJson(world.Make());
  EXPECT_EQ(json->GetString("apiVersion"), "plumb.dev/v1");
  EXPECT_EQ(json->GetString("kind"), "Review");
  EXPECT_EQ(WriteJson(json->Get("summary")), R"({"create":0,"patch":1,"replace":0,"delete":0,"orphan":0,"hooks":0,"namespaces":1,"restartedWorkloads":0,"restartedPods":0,"failed":false})");
  const Value application = json->Get("applications")[0];
  EXPECT_EQ(application.Get("changes")[0].Get("changes")[0].GetString("path"), "data.mode");
}

TEST(Review, NoPartOfASecretInAnyForm) {
  World world;
  const auto secret = [](const std::string& value) { return "{apiVersion: v1, kind: Secret, metadata: {name: s, namespace: shop}, stringData: {key: " + value + "}}"; };
  const auto workload = [](const std::string& value) {
    return "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop}, spec: {template: {spec: {containers: [{name: c, args: ['--db-password=" + value + "'], env: [{name: TOKEN, value: " + value + "}]}]}}}}";
  };
  world.Base({secret("QZJXone"), workload("QZJXone")});
  world.Head({secret("QZJXtwo"), workload("QZJXtwo"), "{apiVersion: v1, kind: Secret, metadata: {name: wrong, namespace: shop}, data: {a: [QZJX]}, stringDta: QZJX, dat: {x: QZJX}}"});
  world.Live(secret("QZJXlive"));
  const Review review = world.Make();
  const Report report = ReportOf(review);
  const std::string all = WriteMarkdown(report) + WriteHtml(report) + WriteText(report) + WriteJson(*ReviewToJson(review));
  EXPECT_EQ(all.find("QZJX"), std::string::npos) << all.substr(all.find("QZJX") - 200, 300);
  EXPECT_THAT(all, HasSubstr("(masked "));
}

TEST(Review, HooksThatRunAreListedAndWhatChangesInThemIsShown) {
  const auto job = [](const std::string& image, const std::string& hook) {
    return "{apiVersion: batch/v1, kind: Job, metadata: {name: migrate, namespace: shop, annotations: {argocd.argoproj.io/hook: " + hook +
           "}}, spec: {template: {spec: {restartPolicy: Never, containers: [{name: c, image: '" + image + "'}]}}}}";
  };
  World world;
  world.Base({Settings("a"), job("m:1", "PreSync")});
  world.Head({Settings("a"), job("m:1", "PreSync")});
  EXPECT_FALSE(world.Make().differs()) << "nothing changes, nothing runs";

  world.Head({Settings("b"), job("m:1", "PreSync")});
  Review review = world.Make();
  EXPECT_THAT(review.applications[0].hooks, ::testing::ElementsAre("PreSync: Job shop/migrate (as before)"));

  world.Head({Settings("a"), job("m:2", "'PreSync,SyncFail'")});
  review = world.Make();
  EXPECT_TRUE(review.differs());
  EXPECT_THAT(review.applications[0].hooks, ::testing::ElementsAre("PreSync: Job shop/migrate (changed)", "SyncFail: Job shop/migrate (changed, if something fails)"));
  ASSERT_EQ(review.images.size(), 1u);
  EXPECT_EQ(review.images[0].after, "m:2");
  EXPECT_THAT(WriteMarkdown(ReportOf(review)), HasSubstr("Hooks that run"));
  EXPECT_EQ(review.create + review.patch, 0u) << "a hook is no object that is kept";

  world.Head({Settings("a"), job("m:2", "PreSynk")});
  review = world.Make();
  ASSERT_EQ(review.applications[0].refused.size(), 1u);
  EXPECT_THAT(review.applications[0].refused[0].reason, HasSubstr("did you mean 'PreSync'"));
}

}  // namespace
}  // namespace plumb
