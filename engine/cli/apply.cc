// plumb apply PATH: plan and carry out once.
#include <fmt/core.h>

#include <filesystem>

#include "core/json.h"
#include "core/log.h"
#include "engine/health/health_rules.h"
#include "engine/apply/applier.h"
#include "engine/cli/archive.h"
#include "engine/cli/cluster.h"
#include "engine/cli/command.h"
#include "engine/cli/interrupt.h"
#include "engine/cli/report.h"
#include "engine/cli/source.h"
#include "engine/cli/terminal.h"
#include "engine/plan/digest.h"
#include "engine/plan/format.h"

namespace plumb::cli {

namespace {

Result<Application> MakeApplication(const Flags& flags, const LoadedSource& loaded, const Cluster& cluster) {
  Application application;
  application.name = ApplicationName(flags, loaded);
  application.ns = flags.Get("inventory-namespace");
  application.target_namespace = cluster.ns;
  application.sync.prune = flags.On("prune");
  application.sources.push_back(loaded.source);
  for (const std::string& name : flags.All("take-over")) application.takes_over.push_back(name.find('/') == std::string::npos ? application.ns + "/" + name : name);
  application.target_identity = flags.Get("cluster-identity");
  if (flags.Has("delete-budget")) {
    std::string budget = flags.Get("delete-budget");
    const bool percent = budget.ends_with('%');
    if (percent) budget.pop_back();
    if (budget.empty() || budget.size() > 7 || budget.find_first_not_of("0123456789") != std::string::npos || (percent && std::stoul(budget) > 100))
      return Invalid(fmt::format("--delete-budget: '{}' is neither a number of objects nor a percentage", flags.Get("delete-budget")));
    application.budget.deletes = percent ? 0 : std::stoul(budget);
    application.budget.percent = percent ? std::stoul(budget) : 0;
  }
  return application;
}

Result<int> Run(const Flags& flags) {
  const std::stop_token stop = Interrupted();
  PLUMB_TRY(timeout, ParseDuration(flags.Get("timeout")), "--timeout");
  PLUMB_TRY(check, ServerCheckOptionsOf(flags));
  PLUMB_TRY(loaded, LoadSource(flags));
  PLUMB_TRY(rendered, RenderLoaded(loaded));
  for (const std::string& warning : rendered.warnings) log::Warning(warning);
  PLUMB_TRY(cluster, Connect(flags));
  PLUMB_TRY(application, MakeApplication(flags, loaded, cluster));
  PLUMB_TRY(rules, IgnoreRules::OfTree(*loaded.tree));
  PLUMB_TRY(health, HealthRules::OfTree(*loaded.tree));
  PLUMB_TRY(once, PlanOnce(cluster, application, std::move(rendered.manifests), rules, check));

  const bool json = flags.Get("output") == "json";
  const Palette colour = PaletteFor(stdout);
  if (!json) fmt::print("{}", FormatPlan(once.plan, {.colour = colour.on()}));
  if (flags.On("dry-run")) {
    if (json) fmt::print("{}\n", WriteJson(*PlanToJson(once.plan)));
    return once.plan.unchecked.empty() ? kExitOk : kExitTrouble;
  }
  std::fflush(stdout);
  if (!once.wrong_cluster.empty()) return Conflict("nothing is sent to another cluster than before; '--cluster-identity' with its UID says that it is meant");

  ApplyOptions options;
  options.wait = flags.On("wait");
  options.deadline = timeout;
  if (const std::string approved = flags.Get("approve"); !approved.empty()) {
    if (approved.size() < kShortestDigest) return Invalid(fmt::format("--approve: '{}' is too short: give {} digits or more", approved, kShortestDigest));
    if (once.plan.approval.starts_with(approved)) options.approved = once.plan.approval;
    else if (!once.plan.approval.empty())
      log::Warning(fmt::format("'{}' is not approved by '{}': other objects would be deleted or replaced than when that was said", once.plan.approval.substr(0, 12), approved));
  }
  options.health = std::make_shared<const HealthRules>(std::move(health));
  PLUMB_TRY(archive_options, ArchiveOptionsOf(flags));
  if (archive_options)
    options.before_removal = [&, archive = Archive(*archive_options)](const Plan& plan, const std::vector<size_t>& steps) {
      return archive.Put(plan, steps, application.ns, once.cluster_identity);
    };
  RecordSource(application, once.plan, options.approved, once.inventory);
  ApplyPrinter printer(stdout, colour, !json);
  PLUMB_TRY(report, Applier(*cluster.client, ResourcesOf(*cluster.discovery), options).Run(once.plan, once.inventory, [&](const ApplyEvent& e) { printer.Print(e); }, stop));
  if (json) fmt::print("{}\n", ReportJson(once.plan, report));
  else printer.PrintSummary(report);
  return report.failed + report.blocked + report.skipped > 0 || !report.complete ? kExitDifferences : kExitOk;
}

}  // namespace

Command ApplyCommand() {
  Command command{"apply", "PATH", "plan and carry out once, with progress",
                  "  plumb apply deploy/prod --namespace shop --prune --wait\n"
                  "  plumb apply --repo https://git.example/shop.git --path deploy --name shop\n\n"
                  "Objects are applied in the order of their dependencies, by server-side apply. What an application applied is\n"
                  "recorded under its --name; --prune deletes what was recorded and is not in PATH any more.\n",
                  SourceFlags(), Run};
  for (const Flag& flag : ClusterFlags()) command.flags.push_back(flag);
  for (const Flag& flag : ApplicationFlags()) command.flags.push_back(flag);
  for (const Flag& flag : ServerCheckFlags()) command.flags.push_back(flag);
  command.flags.push_back({"dry-run", 0, "", "print the plan and send nothing", "", false, {}});
  command.flags.push_back({"prune", 0, "", "delete what this application applied and PATH has no longer", "", false, {}});
  command.flags.push_back({"wait", 0, "", "return when everything is healthy", "", false, {}});
  command.flags.push_back({"timeout", 0, "DURATION", "give up after this time", "10m", false, {}});
  command.flags.push_back({"delete-budget", 0, "N|N%", "hold a plan that deletes or replaces more objects than this (default: 10 that are also 20 % of its objects)", "", false, {}});
  command.flags.push_back({"take-over", 0, "NAME", "another application whose objects become this one's: after a rename or a move", "", true, {}});
  for (const Flag& flag : ArchiveFlags()) command.flags.push_back(flag);
  for (const Flag& flag : ArchiveBoundFlags()) command.flags.push_back(flag);
  command.flags.push_back({"cluster-identity", 0, "UID", "of the namespace kube-system: write to this cluster and to no other", "", false, {}});
  command.flags.push_back({"approve", 0, "DIGEST", "lift the holds that say 'approve DIGEST'", "", false, {}});
  return command;
}

}  // namespace plumb::cli
