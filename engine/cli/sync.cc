// plumb sync, suspend, resume and approve: what people ask of an application, as changes of its object.
#include <fmt/core.h>

#include "engine/cli/application_objects.h"
#include "engine/cli/command.h"
#include "engine/controller/controller.h"

namespace plumb::cli {

namespace {

constexpr size_t kShortestDigest = 8;

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
  PLUMB_TRY(digest, OneArgument(flags, "the digest of a plan, as 'plumb get' shows it"));
  if (digest.size() < kShortestDigest) return Invalid(fmt::format("'{}' is too short for a digest: give {} digits or more", digest, kShortestDigest));
  PLUMB_TRY(cluster, Connect(flags));
  PLUMB_TRY(applications, ListApplications(cluster, flags.Has("namespace") ? cluster.ns : ""));
  const Document* found = nullptr;
  std::string held;
  for (const Document& application : applications) {
    const std::string_view plan = application->Get("status").Get("plan").GetString("digest");
    if (!application->Get("status").Get("holds").empty()) held += fmt::format("\n  {}  {}: {}", plan.substr(0, 12), NameOf(*application), application->Get("status").GetString("summary"));
    if (plan.empty() || !plan.starts_with(digest)) continue;
    if (found) return Invalid(fmt::format("both '{}' and '{}' have a plan that begins with '{}'; give more digits, or --namespace", NameOf(**found), NameOf(*application), digest));
    found = &application;
  }
  if (!found) return NotFound(fmt::format("no application has a plan '{}': it may have changed since{}", digest, held.empty() ? "; nothing is held" : "; held are:" + held));
  const std::string plan((*found)->Get("status").Get("plan").GetString("digest"));
  PLUMB_OK(Annotate(cluster, **found, kApproveAnnotation, fmt::format("{} by {}", plan, Who(cluster))));
  return Said(flags, **found, "approve", fmt::format("plan {} is approved", plan.substr(0, 12)));
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
  return Make("approve", "DIGEST", "let a held plan go through", "  plumb approve 0a1b2c3d4e5f\n\nExactly this plan: one that changed in the meantime has another digest, and is held again.\n", Approve);
}

}  // namespace plumb::cli
