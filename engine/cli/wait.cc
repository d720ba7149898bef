// plumb wait APP: until an application is synced, or healthy too. It watches; nothing is polled.
#include <fmt/core.h>

#include <condition_variable>
#include <mutex>

#include "engine/cli/application_objects.h"
#include "engine/cli/command.h"
#include "engine/cli/interrupt.h"
#include "engine/controller/controller.h"
#include "engine/controller/crd.h"

namespace plumb::cli {

namespace {

enum class Verdict { kNotYet, kMet, kStuck };

Verdict Judge(Value application, bool healthy) {
  const Value metadata = application.Get("metadata"), status = application.Get("status");
  if (application.is_null() || status.Get("observedGeneration").AsInt() != metadata.Get("generation").AsInt()) return Verdict::kNotYet;
  const std::string_view asked = metadata.Get("annotations").GetString(kSyncAnnotation);
  for (Value condition : status.Get("conditions").items())
    if (condition.GetString("type") == "Stalled" && condition.GetString("status") == "True") return Verdict::kStuck;
  if (!asked.empty() && asked != status.GetString("handledSync")) return Verdict::kNotYet;
  return status.Get("synced").AsBool() && (!healthy || status.Get("healthy").AsBool()) ? Verdict::kMet : Verdict::kNotYet;
}

// The watch tells of news also after it is gone, when the connection is closed.
struct Inbox {
  std::mutex mu;
  std::condition_variable_any woken;
  bool news = true;
};

Result<int> Run(const Flags& flags) {
  const std::stop_token stop = Interrupted();
  PLUMB_TRY(name, OneArgument(flags, "an application"));
  PLUMB_TRY(timeout, ParseDuration(flags.Get("timeout")), "--timeout");
  PLUMB_TRY(cluster, Connect(flags));
  PLUMB_TRY(application, FindApplication(cluster, name));
  const kube::ObjectRef ref = RefOf(*application);
  const bool healthy = flags.Get("for") == "healthy";

  const auto inbox = std::make_shared<Inbox>();
  Clock& clock = Clock::Real();
  kube::WatchOptions options;
  options.ns = ref.ns;
  options.field_selector = "metadata.name=" + ref.name;
  Followed followed(*cluster.client, ApplicationResource(), options, [](const std::string&) {}, [inbox] {
    std::lock_guard lock(inbox->mu);
    inbox->news = true;
    inbox->woken.notify_all();
  }, clock);
  const TimePoint deadline = clock.Now() + timeout;
  Document last = application;
  Verdict verdict = Verdict::kNotYet;
  while (!stop.stop_requested() && clock.Now() < deadline) {
    const TimePoint next = std::min(deadline, followed.Step());
    const Document now = followed.Find(ref.ns + "/" + ref.name);
    if (followed.listed() && now->is_null()) return NotFound(fmt::format("application '{}' was deleted", NameOf(*application)));
    if (!now->is_null()) last = now;
    verdict = Judge(*last, healthy);
    if (verdict != Verdict::kNotYet) break;
    std::unique_lock lock(inbox->mu);
    inbox->woken.wait_until(lock, stop, next, [&] { return inbox->news; });
    inbox->news = false;
  }
  const std::string summary(last->Get("status").GetString("summary"));
  if (flags.Get("output") == "json") {
    Arena arena;
    PrintJson(arena.Map({{"application", arena.String(NameOf(*last))}, {"met", Arena::Bool(verdict == Verdict::kMet)}, {"summary", arena.String(summary)},
                         {"revision", last->Get("status").Get("revision")}}));
  } else {
    fmt::print("{}: {}\n", NameOf(*last), summary.empty() ? "nothing is said yet: does a 'plumb controller' follow it?" : summary);
  }
  if (stop.stop_requested()) return kExitInterrupted;
  if (verdict == Verdict::kNotYet && flags.Get("output") != "json") fmt::print("not {} after {}\n", flags.Get("for"), FormatDuration(timeout));
  return verdict == Verdict::kMet ? kExitOk : kExitDifferences;
}

}  // namespace

Command WaitCommand() {
  Command command{"wait", "APP", "wait until an application is synced, or healthy",
                  "  plumb wait shop --for healthy --timeout 5m\n\n"
                  "Exit code 0: it is; 1: it is not in time, or it waits for somebody to mend it (condition Stalled).\n",
                  {{"for", 0, "STATE", "what to wait for", "healthy", false, {"synced", "healthy"}}, {"timeout", 0, "DURATION", "how long at most", "10m", false, {}}},
                  Run};
  for (const Flag& flag : ClusterFlags()) command.flags.push_back(flag);
  return command;
}

}  // namespace plumb::cli
