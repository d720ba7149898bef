// plumb diff PATH: desired against live, field by field.
#include <fmt/core.h>

#include "core/json.h"
#include "core/log.h"
#include "diff/mask.h"
#include "diff/object_diff.h"
#include "diff/present.h"
#include "engine/cli/cluster.h"
#include "engine/cli/command.h"
#include "engine/cli/interrupt.h"
#include "engine/cli/pull_request.h"
#include "engine/cli/report.h"
#include "engine/cli/source.h"
#include "engine/cli/terminal.h"

namespace plumb::cli {

namespace {

ObjectDiff Deleted(const Step& step) {
  ObjectDiff diff;
  diff.id = step.id;
  diff.gvk = step.gvk;
  diff.action = DiffAction::kDelete;
  diff.live = step.live;
  return diff;
}

// A hook that runs: each run is a new object.
ObjectDiff MadeAnew(const Step& step) {
  DiffInput input;
  input.manifest = {step.desired, step.origin};
  return DiffObject(input);
}

// Every step of the plan as a comparison: a create against nothing, a delete as an object that goes.
std::vector<MaskedDiff> MaskSteps(const Plan& plan, const Masker& masker) {
  std::vector<MaskedDiff> masked;
  for (const Step& step : plan.steps) {
    if (step.diff) masked.push_back(masker.Mask(*step.diff));
    else if (step.hook && step.changes() && step.hook->phase != SyncPhase::kSyncFail) masked.push_back(masker.Mask(MadeAnew(step)));
    else if (step.action == Action::kDelete) masked.push_back(masker.Mask(Deleted(step)));
  }
  return masked;
}

Result<int> Run(const Flags& flags) {
  Interrupted();
  if (flags.Has("base")) return RunPullRequest(flags);
  for (const char* flag : {"head", "config", "snapshot", "offline", "limit", "marker"})
    if (flags.Has(flag)) return Invalid(fmt::format("--{} goes with --base REF, which compares two revisions", flag));
  PLUMB_TRY(check, ServerCheckOptionsOf(flags));
  PLUMB_TRY(loaded, LoadSource(flags));
  PLUMB_TRY(rendered, RenderLoaded(loaded));
  for (const std::string& warning : rendered.warnings) log::Warning(warning);
  PLUMB_TRY(cluster, Connect(flags));
  Application application;
  application.name = ApplicationName(flags, loaded);
  application.ns = flags.Get("inventory-namespace");
  application.target_namespace = cluster.ns;
  application.sync.prune = flags.On("prune");
  PLUMB_TRY(rules, IgnoreRules::OfTree(*loaded.tree));
  PLUMB_TRY(once, PlanOnce(cluster, application, std::move(rendered.manifests), rules, check));
  for (const std::string& warning : once.plan.warnings) log::Warning(warning);
  for (const std::string& rule : once.unused_rules) log::Warning(fmt::format("ignore rule {} concerns no object: its selector or its fields are misspelt, or it can go", rule));

  const std::vector<MaskedDiff> diffs = MaskSteps(once.plan, Masker());
  const std::string format = flags.Get("output");
  if (format == "json") fmt::print("{}\n", WriteJson(*PresentJson(diffs), JsonStyle::kIndent4));
  else if (format == "jsonpatch") fmt::print("{}\n", WriteJson(*PresentJsonPatch(diffs), JsonStyle::kIndent4));
  else if (format == "unified") fmt::print("{}", PresentUnified(diffs));
  else if (format == "markdown") fmt::print("{}", WriteMarkdown(ReportOf(diffs)));
  else if (format == "html") fmt::print("{}", WriteHtml(ReportOf(diffs)));
  else fmt::print("{}", PresentText(diffs, {.colour = PaletteFor(stdout).on(), .ignored = flags.On("show-ignored")}));
  for (const Step& step : once.plan.steps)  // what could not be compared is said, and is never "no difference"
    if (step.action == Action::kBlocked) log::Error(fmt::format("{}: {}", step.id.ToString(), step.why));
  for (const std::string& error : once.plan.unchecked) log::Error(error);
  if (!once.plan.unchecked.empty()) log::Info("--server-check=never compares without asking the server");
  if (once.plan.summary.blocked > 0 || !once.plan.unchecked.empty()) return kExitTrouble;
  return once.plan.empty() ? kExitOk : kExitDifferences;
}

}  // namespace

Command DiffCommand() {
  Command command{"diff", "[PATH]", "desired against live, or one revision against another, field by field",
                  "  plumb diff deploy/prod --namespace shop\n"
                  "  plumb diff --repo https://git.example/shop.git --revision my-branch --path deploy --output unified\n"
                  "  plumb diff --base origin/main --head HEAD --output markdown         # what a pull request does (docs/pull-requests.md)\n"
                  "  plumb diff --base main --offline deploy/prod                        # what my edits do, without a cluster\n\n"
                  "Exit code 0: no difference, 1: differences, above: trouble. Values of Secrets are never shown.\n",
                  SourceFlags(), Run};
  for (const Flag& flag : PullRequestFlags()) command.flags.push_back(flag);
  for (const Flag& flag : ClusterFlags()) command.flags.push_back(flag);
  for (const Flag& flag : ApplicationFlags()) command.flags.push_back(flag);
  for (const Flag& flag : ServerCheckFlags()) command.flags.push_back(flag);
  command.flags.push_back({"prune", 0, "", "show what --prune would delete too", "", false, {}});
  command.flags.push_back({"show-ignored", 0, "", "list differences that a rule leaves alone", "", false, {}});
  command.flags.push_back({"output", 'o', "FORMAT", "how to print the differences", "text", false, {"text", "unified", "json", "jsonpatch", "markdown", "html"}});
  return command;
}

}  // namespace plumb::cli
