// plumb undelete [PLAN|APP]: brings back what Plumb deleted.
#include <fmt/core.h>

#include <algorithm>
#include <set>

#include "core/edit.h"
#include "core/json.h"
#include "core/log.h"
#include "engine/apply/applier.h"
#include "engine/cli/archive.h"
#include "engine/cli/cluster.h"
#include "engine/cli/command.h"
#include "engine/cli/interrupt.h"
#include "engine/cli/report.h"
#include "engine/cli/terminal.h"
#include "engine/loop/cluster_state.h"
#include "engine/plan/format.h"

namespace plumb::cli {

namespace {

std::string AgeText(WallTime time) { return FormatDuration(std::max(Clock::Real().Wall() - time, Duration::zero())); }

int PrintList(const std::vector<ArchivedPlan>& plans, bool json) {
  if (json) {
    Arena arena;
    std::vector<Value> items;
    for (const ArchivedPlan& plan : plans) {
      std::vector<Value> objects;
      for (const ArchivedObject& archived : plan.objects)
        objects.push_back(arena.Map({{"action", Arena::Borrow(ActionName(archived.action))},
                                     {"object", arena.String(IdOf(archived.object.root()).ToString())},
                                     {"withoutValues", Arena::Bool(archived.without_values)}}));
      items.push_back(arena.Map({{"time", arena.String(FormatTime(plan.time))}, {"namespace", arena.String(plan.ns)}, {"application", arena.String(plan.application)},
                                 {"plan", arena.String(plan.digest)}, {"cluster", arena.String(plan.cluster)}, {"objects", arena.List(objects)}}));
    }
    fmt::print("{}\n", WriteJson(arena.Map({{"plans", arena.List(items)}})));
    return kExitOk;
  }
  if (plans.empty()) fmt::print("nothing is in the archive\n");
  for (const ArchivedPlan& plan : plans) {
    std::vector<ObjectId> ids;
    for (const ArchivedObject& archived : plan.objects) ids.push_back(IdOf(archived.object.root()));
    fmt::print("{}  {:<24}  {:>8} ago  {} object{}: {}\n", plan.digest.substr(0, 12), plan.ns + "/" + plan.application, AgeText(plan.time), ids.size(),
               ids.size() == 1 ? "" : "s", NameSome(ids));
  }
  return kExitOk;
}

// The archived plans that `name` means: a digest's beginning, or the last plan of an application. A plan may have several
// files: a replace that the server asked for comes on top.
Result<std::vector<ArchivedPlan>> Choose(std::vector<ArchivedPlan> plans, const std::string& name) {
  std::string digest;
  for (const ArchivedPlan& plan : plans) {
    const bool hit = plan.application == name || plan.ns + "/" + plan.application == name || (name.size() >= 6 && plan.digest.starts_with(name));
    if (hit && digest.empty()) digest = plan.digest;
  }
  if (digest.empty()) return NotFound(fmt::format("nothing in the archive is of a plan or an application '{}'; 'plumb undelete --list' shows what there is", name));
  std::erase_if(plans, [&](const ArchivedPlan& plan) { return plan.digest != digest; });
  return plans;
}

struct Restoration {
  std::vector<Manifest> manifests;
  std::vector<std::string> left;  // what is not brought back, and why
};

// The newest state of every object.
Restoration Restore(const std::vector<ArchivedPlan>& plans) {
  Restoration out;
  std::set<ObjectId> seen;
  for (const ArchivedPlan& plan : plans) {
    for (const ArchivedObject& archived : plan.objects) {
      const ObjectId id = IdOf(archived.object.root());
      if (!seen.insert(id).second) continue;
      if (archived.without_values) out.left.push_back(fmt::format("{}: its values were not archived, or need the right --archive-key", id.ToString()));
      else out.manifests.push_back({Restorable(archived.object), {}});
    }
  }
  return out;
}

Result<int> Run(const Flags& flags) {
  const std::stop_token stop = Interrupted();
  PLUMB_TRY(options, ArchiveOptionsOf(flags));
  if (!options) return Invalid("--archive none: there is nothing to bring back from");
  std::vector<std::string> trouble;
  std::vector<ArchivedPlan> plans = Archive(*options).List(&trouble);
  for (const std::string& text : trouble) log::Warning(text);
  const bool json = flags.Get("output") == "json";
  if (flags.positional().size() > 1) return Invalid("give one plan or application");
  if (flags.On("list") || flags.positional().empty()) {
    if (!flags.positional().empty()) {
      PLUMB_TRY(chosen, Choose(std::move(plans), flags.positional()[0]));
      plans = std::move(chosen);
    }
    return PrintList(plans, json);
  }
  PLUMB_TRY(chosen, Choose(std::move(plans), flags.positional()[0]));
  Restoration restoration = Restore(chosen);

  PLUMB_TRY(cluster, Connect(flags));
  PLUMB_TRY(state, ClusterProbe(*cluster.client).Ask(Duration::zero()));
  const std::string& from = chosen.front().cluster;
  const std::string meant = flags.Get("cluster-identity");
  if (!from.empty() && !state.identity.empty() && from != state.identity && meant != state.identity)
    return Conflict(fmt::format("plan {} deleted in another cluster: its kube-system namespace has the UID {}, that of this cluster {}; '--cluster-identity {}' says that this one is meant",
                                chosen.front().digest.substr(0, 12), from, state.identity, state.identity));
  PLUMB_OK(cluster.discovery->Refresh(), "discovery");
  std::vector<WantedObject> wanted;
  for (const Manifest& manifest : restoration.manifests) wanted.push_back({IdOf(manifest.root()), GvkOf(manifest.root())});
  const DirectView live = DirectView::Load(*cluster.client, *cluster.discovery, wanted);
  PlanInput input;
  input.application = chosen.front().application;
  for (size_t i = 0; i < wanted.size(); ++i) {
    DesiredObject desired;
    desired.live = live.Get(wanted[i]);
    if (desired.live.state == LiveObject::State::kPresent && desired.live.object->Get("metadata").Get("deletionTimestamp").is_null()) {
      restoration.left.push_back(fmt::format("{}: is there, and is left as it is", wanted[i].id.ToString()));
      continue;
    }
    desired.manifest = std::move(restoration.manifests[i]);
    desired.owned = false;  // no application's: it stays until git declares it again, or somebody deletes it
    input.desired.push_back(std::move(desired));
  }
  PLUMB_TRY(plan, MakePlan(input));
  if (!json) {
    fmt::print("{}", FormatPlan(plan, {.colour = PaletteFor(stdout).on()}));
    for (const std::string& text : restoration.left) fmt::print("left out: {}\n", text);
  }
  std::fflush(stdout);
  if (flags.On("dry-run")) {
    if (json) fmt::print("{}\n", WriteJson(*PlanToJson(plan)));
    return kExitOk;
  }
  for (const std::string& text : restoration.left)
    if (json) log::Warning("left out: " + text);
  ApplyPrinter printer(stdout, PaletteFor(stdout), !json);
  PLUMB_TRY(report, Applier(*cluster.client, ResourcesOf(*cluster.discovery)).Run(plan, {}, [&](const ApplyEvent& event) { printer.Print(event); }, stop));
  if (json) fmt::print("{}\n", ReportJson(plan, report));
  else printer.PrintSummary(report);
  return report.complete ? kExitOk : kExitDifferences;
}

}  // namespace

Command UndeleteCommand() {
  Command command{"undelete", "[PLAN|APP]", "bring back what Plumb deleted",
                  "  plumb undelete                 what is in the archive\n"
                  "  plumb undelete shop            what the last plan of application 'shop' deleted\n"
                  "  plumb undelete 1f2e3d4c5b6a --dry-run\n\n"
                  "Before Plumb deletes or replaces an object, 'plumb run' and 'plumb apply' keep it in a folder (--archive). It comes back as it\n"
                  "was, without what the server gave it; it is part of no application until git declares it again. Objects that are there\n"
                  "are left alone. Data on volumes does not come back.\n",
                  ArchiveFlags(), Run};
  for (const Flag& flag : ClusterFlags()) command.flags.push_back(flag);
  command.flags.push_back({"cache", 0, "DIR", "the cache folder of the 'plumb run' or 'plumb apply' that deleted (default: ~/.cache/plumb)", "", false, {}});
  command.flags.push_back({"list", 0, "", "print what is in the archive, and change nothing", "", false, {}});
  command.flags.push_back({"dry-run", 0, "", "print what would be made, and send nothing", "", false, {}});
  command.flags.push_back({"cluster-identity", 0, "UID", "of the namespace kube-system: bring it back into this cluster, though it was deleted in another", "", false, {}});
  return command;
}

}  // namespace plumb::cli
