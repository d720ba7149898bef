// Job: pods until enough of them have succeeded. Source: pkg/controller/job, Kubernetes 1.36. The sandbox's pods never
// fail, so that neither back-off nor a failure policy acts.
#include <algorithm>

#include "engine/sandbox/controllers/support.h"

namespace plumb::sandbox {

namespace {

std::optional<Duration> Reconcile(ControlState& state, const StoreKey& key) {
  Cluster& cluster = state.cluster;
  const Document job = cluster.Find(key);
  if (job->is_null() || Terminating(*job)) return std::nullopt;
  const Value spec = job->Get("spec");
  const bool has_completions = spec.Has("completions"), suspended = spec.Get("suspend").AsBool();
  int64_t active = 0, ready = 0, succeeded = 0;
  for (const Document& pod : Controlled(cluster, *job, "pods")) {
    succeeded += GetAt(*pod, {"status", "phase"}).AsString() == "Succeeded";
    active += PodActive(*pod);
    ready += PodActive(*pod) && PodReady(*pod);
  }
  const Value conditions = GetAt(*job, {"status", "conditions"});
  if (FindCondition(conditions, "Complete").GetString("status") == "True") return std::nullopt;
  const int64_t parallelism = spec.Get("parallelism").AsInt(), completions = spec.Get("completions").AsInt();
  const bool done = has_completions ? succeeded >= completions : succeeded > 0 && active == 0;
  int64_t wanted = has_completions ? std::min(parallelism, completions - succeeded) : succeeded > 0 ? active : parallelism;
  if (done || suspended) wanted = 0;
  for (; active < wanted; ++active) CreateObject(cluster, "pods", key.ns, PodFrom(*job, spec.Get("template"), "", {}));
  const WallTime wall = cluster.clock().Wall();
  SetStatus(cluster, key, [&](Arena& a, Value now) {
    const Value before = now.Get("status"), time = a.String(FormatTime(wall));
    std::vector<Member> status;
    if (!suspended) status.push_back({"startTime", before.Has("startTime") ? before.Get("startTime") : time});
    AddCount(status, "active", done ? 0 : active);
    AddCount(status, "succeeded", succeeded);
    status.push_back({"ready", Arena::Int(done ? 0 : ready)});
    status.push_back({"terminating", Arena::Int(0)});
    status.push_back({"uncountedTerminatedPods", a.Map({})});
    if (done) {
      status.push_back({"completionTime", time});
      Value list = before.Get("conditions");
      for (std::string_view type : {"SuccessCriteriaMet", "Complete"})
        list = WithCondition(a, list, wall, type, true, "CompletionsReached", "Reached expected number of succeeded pods");
      status.push_back({"conditions", list});
    }
    return a.Map(status);
  });
  return std::nullopt;
}

}  // namespace

Controller JobController() {
  return {"job",
          [](const ControlState&, const Change& change, const std::function<void(const StoreKey&)>& enqueue) {
            Enqueues(change, "jobs.batch", "Job", "pods", enqueue);
          },
          Reconcile};
}

}  // namespace plumb::sandbox
