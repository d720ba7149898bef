// plumb sync, suspend, resume and approve: what people ask of an application, as changes of its object.
#include <fmt/core.h>

#include "engine/cli/application_objects.h"
#include "engine/cli/command.h"
#include "engine/controller/controller.h"
#include "engine/plan/digest.h"

namespace plumb::cli {

namespace {

int Said(const Flags& flags, Value application, std::string_view what, const std::string& text) {
  if (flags.Get("output") == "json") {
    Arena arena;
    PrintJson(arena.Map({{"application", arena.String(NameOf(application))}, {"action", Arena::Borrow(what)}, {"message", arena.String(text)}}));
  } else {
    fmt::print("{}: {}\n", NameOf(application), text);
  }
  return kExitOk;
}

Result<int> Sync(const Flags& flags) {
  PLUMB_TRY(name, OneArgument(flags, "an application"));
  PLUMB_TRY(cluster, Connect(flags));
  PLUMB_TRY(application, FindApplication(cluster, name));
  // The moment tells one request from the next.
  PLUMB_OK(Annotate(cluster, *application, kSyncAnnotation, fmt::format("{} by {}", FormatMicroTime(Clock::Real().Wall()), Who(cluster))));
  const bool suspended = application->Get("spec").Get("suspend").AsBool();
  return Said(flags, *application, "sync",
              suspended ? fmt::format("a sync is asked for, but it is suspended: 'plumb resume {}' lets it begin", NameOf(*application))
                        : fmt::format("a sync is asked for; 'plumb wait {}' waits for it", NameOf(*application)));
}

Result<int> SetSuspend(const Flags& flags, bool suspend) {
  PLUMB_TRY(name, OneArgument(flags, "an application"));
  PLUMB_TRY(cluster, Connect(flags));
  PLUMB_TRY(application, FindApplication(cluster, name));
  const std::string_view what = suspend ? "suspend" : "resume";
  if (application->Get("spec").Get("suspend").AsBool() == suspend) return Said(flags, *application, what, suspend ? "is suspended already" : "is not suspended");
  Arena arena;
  PLUMB_OK(PatchApplication(cluster, *application, arena.Map({{"spec", arena.Map({{"suspend", Arena::Bool(suspend)}})}})));
  return Said(flags, *application, what, suspend ? "suspended: it is neither synced nor healed until 'plumb resume'" : "resumed");
}

Result<int> Suspend(const Flags& flags) { return SetSuspend(flags, true); }
Result<int> Resume(const Flags& flags) { return SetSuspend(flags, false); }

Result<int> Approve(const Flags& flags) {
  PLUMB_TRY(digest, OneArgument(flags, "what to approve, as 'plumb get' shows it"));
  if (digest.size() < kShortestDigest) return Invalid(fmt::format("'{}' is too short: give {} digits or more", digest, kShortestDigest));
  PLUMB_TRY(cluster, Connect(flags));
  PLUMB_TRY(applications, ListApplications(cluster, flags.Has("namespace") ? cluster.ns : ""));
  const auto approval_of = [](const Document& application) { return application->Get("status").Get("plan").GetString("approval"); };
  const Document* found = nullptr;
  std::string held;
  for (const Document& application : applications) {
    const std::string_view approval = approval_of(application);
    if (approval.empty()) continue;  // nothing of it is held, or nothing that an approval lifts
    held += fmt::format("\n  {}  {}: {}", approval.substr(0, 12), NameOf(*application), application->Get("status").GetString("summary"));
    if (!approval.starts_with(digest)) continue;
    if (found) return Invalid(fmt::format("'{}' begins what both '{}' and '{}' hold; give more digits, or --namespace", digest, NameOf(**found), NameOf(*application)));
    found = &application;
  }
  if (!found) return NotFound(fmt::format("no application holds '{}': what would be deleted or replaced may be other objects since{}", digest, held.empty() ? "; nothing waits for approval" : "; waiting for approval:" + held));
  const std::string approval(approval_of(*found));
  PLUMB_OK(Annotate(cluster, **found, kApproveAnnotation, fmt::format("{} by {}", approval, Who(cluster))));
  return Said(flags, **found, "approve", fmt::format("{} is approved", approval.substr(0, 12)));
}

Command Make(std::string name, std::string arguments, std::string summary, std::string details, Result<int> (*run)(const Flags&)) {
  Command command{std::move(name), std::move(arguments), std::move(summary), std::move(details), {}, run};
  for (const Flag& flag : ClusterFlags()) command.flags.push_back(flag);
  return command;
}

}  // namespace

Command SyncCommand() {
  return Make("sync", "APP", "carry an application's plan out now", "  plumb sync shop && plumb wait shop --for healthy\n\nCarried out though sync.auto is off; a closed window waits only where it says so.\n", Sync);
}
Command SuspendCommand() { return Make("suspend", "APP", "neither sync nor heal an application for now", "  plumb suspend shop\n", Suspend); }
Command ResumeCommand() { return Make("resume", "APP", "let a suspended application go on", "  plumb resume shop\n", Resume); }
Command ApproveCommand() {
  return Make("approve", "DIGEST", "let what is held go through", "  plumb approve 0a1b2c3d4e5f\n\nExactly the deletes and replaces that were held: other changes that come in meanwhile do not matter, and with one more\nobject to delete, or another one, it is held again.\n", Approve);
}

}  // namespace plumb::cli
