// What hook annotations mean, how runs are named, and what the inventory remembers of them.
#include "engine/plan/hooks.h"

#include <gmock/gmock.h>

#include "engine/plan/inventory.h"
#include "engine/plan/planner.h"
#include "tests/engine/plan/objects.h"

namespace plumb {
namespace {

using ::testing::HasSubstr;
using namespace plumb::testing;  // NOLINT: the helpers of these tests

Document Annotated(std::string_view annotations) {
  return Object("batch/v1", "Job", "shop/migrate", "", "\"annotations\":{" + std::string(annotations) + "}");
}

// "PreSync/install PostSync wave 3 before success"
std::string Text(const HookSpec& spec) {
  std::string text;
  for (const HookSpec::Run& run : spec.runs) {
    text += std::string(PhaseName(run.phase));
    if (run.when != HookSpec::When::kAlways) text += run.when == HookSpec::When::kInstall ? "/install" : "/upgrade";
    text += " ";
  }
  text += "wave " + std::to_string(spec.wave);
  if (spec.before_creation) text += " before";
  if (spec.on_success) text += " success";
  if (spec.on_failure) text += " failure";
  return text;
}

TEST(Hooks, AnnotationsOfArgoCdAndHelm) {
  const struct { std::string_view annotations, want; } kCases[] = {
      {R"("argocd.argoproj.io/hook":"PreSync")", "PreSync wave 0 before"},
      {R"("argocd.argoproj.io/hook":"PreSync, PostSync,PreSync")", "PreSync PostSync wave 0 before"},
      {R"("argocd.argoproj.io/hook":"Sync","argocd.argoproj.io/sync-wave":"-2")", "Sync wave -2 before"},
      {R"("argocd.argoproj.io/hook":"SyncFail","argocd.argoproj.io/hook-delete-policy":"HookSucceeded,HookFailed")", "SyncFail wave 0 success failure"},
      {R"("argocd.argoproj.io/hook":"PreDelete,PostDelete","argocd.argoproj.io/hook-delete-policy":"BeforeHookCreation")", "PreDelete PostDelete wave 0 before"},
      {R"("argocd.argoproj.io/hook":"Skip")", "wave 0 before"},
      {R"("argocd.argoproj.io/hook":"Skip,PreSync")", "wave 0 before"},
      {R"("helm.sh/hook":"pre-install")", "PreSync/install wave 0 before"},
      {R"("helm.sh/hook":"pre-upgrade,pre-install","helm.sh/hook-weight":"5")", "PreSync wave 5 before"},
      {R"("helm.sh/hook":"post-install,post-upgrade","helm.sh/hook-delete-policy":"before-hook-creation,hook-succeeded")", "PostSync wave 0 before success"},
      {R"("helm.sh/hook":"pre-delete,post-delete")", "PreDelete PostDelete wave 0 before"},
      {R"("helm.sh/hook":"test")", "wave 0 before"},
      {R"("helm.sh/hook":"pre-rollback,post-rollback,post-upgrade")", "PostSync/upgrade wave 0 before"},
      {R"("helm.sh/hook":"pre-install","argocd.argoproj.io/hook":"PostSync","helm.sh/hook-weight":"2")", "PostSync wave 2 before"},
      {R"("helm.sh/hook":"pre-install","helm.sh/hook-weight":"2","argocd.argoproj.io/sync-wave":"7")", "PreSync/install wave 7 before"},
  };
  for (const auto& c : kCases) {
    const Document object = Annotated(c.annotations);
    EXPECT_TRUE(IsHook(object.root())) << c.annotations;
    const auto spec = HookSpecOf(object.root());
    ASSERT_TRUE(spec.ok()) << spec.error().message();
    EXPECT_EQ(Text(*spec), c.want) << c.annotations;
  }
  EXPECT_FALSE(IsHook(Annotated(R"("helm.sh/hook":"crd-install")").root()));
  EXPECT_FALSE(IsHook(Annotated(R"("helm.sh/hook-weight":"1")").root()));
}

TEST(Hooks, AWordThatNobodyKnowsIsAnErrorAndNotAnOrdinaryObject) {
  const struct { std::string_view annotations, want; } kCases[] = {
      {R"("argocd.argoproj.io/hook":"PreSynk")", "did you mean 'PreSync'"},
      {R"("helm.sh/hook":"pre-instal")", "did you mean 'pre-install'"},
      {R"("argocd.argoproj.io/hook":"Sync","argocd.argoproj.io/hook-delete-policy":"HookSuceeded")", "did you mean 'HookSucceeded'"},
      {R"("helm.sh/hook":"test","helm.sh/hook-weight":"heavy")", "'heavy' is not an integer"},
  };
  for (const auto& c : kCases) {
    PlanInput input;
    input.application = "shop";
    input.inventory = Inventory("shop", "plumb-system");
    input.source.complete = input.live.complete = true;
    input.hooks.manifests = {At(Annotated(c.annotations), "hooks.yaml", 3)};
    input.hooks.content = "c";
    const auto plan = MakePlan(input);
    ASSERT_FALSE(plan.ok()) << c.annotations;
    EXPECT_THAT(plan.error().message(), HasSubstr(c.want));
    EXPECT_THAT(plan.error().message(), HasSubstr("hooks.yaml:3: Job shop/migrate"));
  }
}

TEST(Hooks, AGeneratedNameTellsItsRunAndFitsALabel) {
  const Document object = Json(R"({"apiVersion":"batch/v1","kind":"Job","metadata":{"namespace":"shop","generateName":")" + std::string(80, 'a') +
                               R"(-","annotations":{"argocd.argoproj.io/hook":"PreSync"}}})");
  SyncRecord record;
  record.content = "one";
  const std::vector<Manifest> hooks = {At(object)};
  const auto first = ExpandHooks(hooks, record, "plumb-system/shop");
  ASSERT_EQ(first->size(), 1u);
  EXPECT_LE((*first)[0].id.name.size(), 63u);
  EXPECT_TRUE((*first)[0].id.name.ends_with("-presync"));
  EXPECT_FALSE((*first)[0].object->Get("metadata").Has("generateName"));
  EXPECT_EQ(RunOf((*first)[0].object.root(), record, "plumb-system/shop"), SyncPhase::kPreSync);
  EXPECT_EQ(RunOf((*first)[0].object.root(), record, "plumb-system/other"), std::nullopt);
  record.request = "again";
  EXPECT_NE((*ExpandHooks(hooks, record, "plumb-system/shop"))[0].id.name, (*first)[0].id.name);
  EXPECT_EQ(RunOf((*first)[0].object.root(), record, "plumb-system/shop"), std::nullopt);
}

TEST(Hooks, TheRecordSurvivesTheInventoryAndADamagedOneIsAnError) {
  Inventory inventory("shop", "plumb-system");
  SyncRecord record;
  record.content = "c";
  record.request = "r";
  record.install = true;
  record.hooks.push_back({{"batch", "Job", "shop", "migrate"}, "v1", SyncPhase::kPostSync, HookEntry::State::kFailed, "u", "has failed", true});
  inventory.SetSync(record);
  for (const InventoryLimits& limits : {InventoryLimits{}, InventoryLimits{.compress_bytes = 1}}) {
    const auto object = inventory.ToObject(limits);
    ASSERT_TRUE(object.ok());
    const auto back = Inventory::Parse(object->root());
    ASSERT_TRUE(back.ok()) << back.error().message();
    EXPECT_EQ(*back, inventory);
  }
  for (std::string_view damaged : {"", "[]", "{}", R"({"content":"c","hooks":[{"kind":"Job","name":"n","version":"v1","phase":"Later","state":"pending"}]})",
                                   R"({"content":"c","hooks":[{"kind":"Job","name":"n","version":"v1","phase":"Sync","state":"odd"}]})",
                                   R"({"content":"c","hooks":[{"kind":"Job","version":"v1","phase":"Sync","state":"pending"}]})"})
    EXPECT_FALSE(SyncRecord::Parse(damaged).ok()) << damaged;
}

TEST(Hooks, AnEarlierPhaseCannotWaitForALaterOne) {
  PlanInput input;
  input.application = "shop";
  input.inventory = Inventory("shop", "plumb-system");
  input.source.complete = input.live.complete = true;
  input.hooks.content = "c";
  input.hooks.manifests = {At(Object("batch/v1", "Job", "shop/migrate", R"("spec":{"template":{"spec":{"containers":[{"envFrom":[{"configMapRef":{"name":"settings"}}]}]}}})",
                                     R"("annotations":{"argocd.argoproj.io/hook":"PreSync"})"))};
  input.hooks.live.emplace(ObjectId{"batch", "Job", "shop", "migrate"}, LiveObject::Absent());
  input.desired.push_back({At(Config("shop/settings")), LiveObject::Absent(), nullptr, true, ""});
  auto plan = MakePlan(input);
  ASSERT_TRUE(plan.ok());
  ASSERT_EQ(plan->warnings.size(), 1u);
  EXPECT_THAT(plan->warnings[0], HasSubstr("uses ConfigMap shop/settings, which is not there yet and comes only in phase Sync"));

  input.hooks.manifests = {At(Object("batch/v1", "Job", "shop/migrate", "", R"("annotations":{"argocd.argoproj.io/hook":"PreSync","plumb.dev/depends-on":"ConfigMap/settings"})"))};
  plan = MakePlan(input);
  ASSERT_FALSE(plan.ok());
  EXPECT_THAT(plan.error().message(), HasSubstr("which is in a later phase (Sync)"));
}

}  // namespace
}  // namespace plumb
