// Health of what runs pods. Sources: kstatus core.go (cli-utils v0.37), the controllers of Kubernetes 1.36, Argo CD's Pod and
// Job checks; where Plumb differs, the comment says why.
#include <algorithm>
#include <array>

#include <fmt/core.h>

#include "core/edit.h"
#include "engine/health/rules.h"

namespace plumb::health {
namespace {

std::string Of(int64_t have, int64_t want, std::string_view what) { return fmt::format("{} of {} {}", have, want, what); }

// A controller that cannot create pods (quota, admission, a missing ServiceAccount) says so in ReplicaFailure.
std::optional<Health> CannotCreatePods(Value object) {
  const auto failure = FindCondition(object, "ReplicaFailure");
  if (!failure || !failure->is_true()) return std::nullopt;
  return Degraded("cannot create pods: " + failure->Text());
}

Health Deployment(Value object) {
  const Value spec = object.Get("spec"), status = object.Get("status");
  const int64_t want = Number(spec, "replicas", 1), all = Number(status, "replicas"), updated = Number(status, "updatedReplicas"),
                available = Number(status, "availableReplicas");
  if (const auto c = FindCondition(object, "Progressing"); c && c->reason == "ProgressDeadlineExceeded")
    return Degraded(fmt::format("made no progress within its deadline: {} ({})", Of(available, want, "replicas available"), c->Text()), true);
  if (auto failure = CannotCreatePods(object)) return *failure;
  const bool done = updated >= want && all <= updated && available >= want;
  if (!done && spec.Get("paused").AsBool()) return Suspended(fmt::format("is paused: {}", Of(updated, want, "replicas updated")));
  if (updated < want) return Progressing(Of(updated, want, "replicas updated"));
  if (available < want) return Progressing(Of(available, want, "replicas available"));
  if (all > updated) return Progressing(fmt::format("{} old replica{} still running", all - updated, all - updated == 1 ? " is" : "s are"));
  return Healthy(want == 0 ? "is scaled to zero" : "");
}

Health ReplicaSet(Value object) {
  const Value status = object.Get("status");
  const int64_t want = Number(object.Get("spec"), "replicas", 1), all = Number(status, "replicas"), available = Number(status, "availableReplicas");
  if (auto failure = CannotCreatePods(object)) return *failure;
  if (available < want) return Progressing(Of(available, want, "replicas available"));
  if (all > want) return Progressing(fmt::format("{} replicas too many are still running", all - want));
  return Healthy(want == 0 ? "is scaled to zero" : "");
}

// With OrderedReady a rollback of the template does not replace a pod that the broken revision left behind: the controller
// waits for that pod to become ready first, for ever. It shows when both revisions are the same and yet a pod has another.
bool StuckOnBrokenRevision(Value spec, Value status, int64_t all, int64_t ready, int64_t updated) {
  const std::string_view current = status.GetString("currentRevision"), update = status.GetString("updateRevision");
  const bool ordered = spec.GetString("podManagementPolicy") != "Parallel";
  return ordered && !update.empty() && current == update && updated < all && ready < all;
}

Health StatefulSet(Value object) {
  const Value spec = object.Get("spec"), status = object.Get("status");
  const int64_t want = Number(spec, "replicas", 1), all = Number(status, "replicas"), ready = Number(status, "readyReplicas"),
                updated = Number(status, "updatedReplicas"), available = Number(status, "availableReplicas", ready);
  const bool rolling = GetAt(spec, {"updateStrategy", "type"}).AsString() != "OnDelete";
  if (rolling && StuckOnBrokenRevision(spec, status, all, ready, updated))
    return Degraded(fmt::format("is stuck: {}, and a pod of an earlier, broken revision blocks the others; delete that pod",
                                Of(ready, want, "pods ready")), true);
  if (all < want) return Progressing(Of(all, want, "pods created"));
  if (ready < want) return Progressing(Of(ready, want, "pods ready"));
  if (all > want) return Progressing(fmt::format("{} pods too many are still running", all - want));
  if (available < want) return Progressing(Of(available, want, "pods available"));
  if (!rolling) return Healthy(updated < want ? fmt::format("{}; the others are replaced when somebody deletes them", Of(updated, want, "pods updated")) : "");
  const int64_t partition = Number(GetAt(spec, {"updateStrategy", "rollingUpdate"}), "partition");
  const int64_t want_updated = std::max<int64_t>(0, want - partition);
  if (updated < want_updated) return Progressing(Of(updated, want_updated, "pods updated"));
  if (partition > 0) return Healthy(fmt::format("{}, as its partition says", Of(updated, want, "pods updated")));
  return Healthy(want == 0 ? "is scaled to zero" : "");
}

Health DaemonSet(Value object) {
  const Value status = object.Get("status");
  const int64_t want = Number(status, "desiredNumberScheduled"), updated = Number(status, "updatedNumberScheduled"),
                available = Number(status, "numberAvailable");
  const bool rolling = GetAt(object.Get("spec"), {"updateStrategy", "type"}).AsString() != "OnDelete";
  if (rolling && updated < want) return Progressing(Of(updated, want, "pods updated"));
  if (available < want) return Progressing(Of(available, want, "pods available"));
  return Healthy(want == 0 ? "no node wants it" : "");
}

constexpr std::array<std::string_view, 9> kStuckReasons = {
    "CrashLoopBackOff", "ImagePullBackOff", "ErrImagePull", "ErrImageNeverPull", "InvalidImageName",
    "CreateContainerConfigError", "CreateContainerError", "RunContainerError", "PreStartHookError"};

std::optional<Health> StuckContainer(Value status) {
  for (std::string_view list : {"initContainerStatuses", "containerStatuses"}) {
    for (Value container : status.Get(list).items()) {
      const Value waiting = GetAt(container, {"state", "waiting"});
      for (std::string_view reason : kStuckReasons)
        if (waiting.GetString("reason") == reason)
          return Degraded(fmt::format("container '{}': {}", container.GetString("name"), Condition{"", reason, waiting.GetString("message")}.Text()));
    }
  }
  return std::nullopt;
}

Health Pod(Value object) {
  const Value status = object.Get("status");
  const std::string_view phase = status.GetString("phase");
  if (phase == "Succeeded") return Healthy("has completed");
  if (phase == "Failed")  // kstatus calls this current; nothing will run it again
    return Degraded("has failed: " + Condition{"", status.GetString("reason"), status.GetString("message")}.Text(), true);
  if (auto stuck = StuckContainer(status)) return *stuck;
  const bool runs_once = object.Get("spec").Has("restartPolicy") && object.Get("spec").GetString("restartPolicy") != "Always";
  if (phase == "Running") {
    if (runs_once) return Progressing("is running, and has not completed");
    const auto ready = FindCondition(object, "Ready");
    if (ready && ready->is_true()) return Healthy();
    return Progressing(ready && !ready->message.empty() ? "is not ready: " + ready->Text() : "is not ready");
  }
  if (const auto scheduled = FindCondition(object, "PodScheduled"); scheduled && scheduled->is_false())
    return Progressing("is not scheduled: " + scheduled->Text());
  return Progressing(phase == "Pending" ? "its containers are being started" : "no node has reported on it yet");
}

Health Job(Value object) {
  const Value spec = object.Get("spec"), status = object.Get("status");
  if (const auto c = FindCondition(object, "Complete"); c && c->is_true()) return Healthy("has completed");
  if (const auto c = FindCondition(object, "Failed"); c && c->is_true()) return Degraded(c->Text().empty() ? "has failed" : "has failed: " + c->Text(), true);
  if (const auto c = FindCondition(object, "FailureTarget"); c && c->is_true()) return Progressing("is failing: " + c->Text());
  if (spec.Get("suspend").AsBool()) return Suspended("is suspended");
  // kstatus calls a running Job current: what waits for a migration would start before it is done.
  std::string text = Of(Number(status, "succeeded"), Number(spec, "completions", 1), "completions");
  if (const int64_t failed = Number(status, "failed")) text += fmt::format(", {} failed", failed);
  return Progressing(status.Has("startTime") ? "is running: " + text : "has not started");
}

Health CronJob(Value object) { return object.Get("spec").Get("suspend").AsBool() ? Suspended("is suspended") : Healthy(); }

constexpr KindRule kRules[] = {
    {"apps", "Deployment", Deployment, true},
    {"apps", "StatefulSet", StatefulSet, true},
    {"apps", "DaemonSet", DaemonSet, true},
    {"apps", "ReplicaSet", ReplicaSet, true},
    {"", "ReplicationController", ReplicaSet, true},
    {"", "Pod", Pod},
    {"batch", "Job", Job},
    {"batch", "CronJob", CronJob},
};

}  // namespace

std::span<const KindRule> WorkloadRules() { return kRules; }

}  // namespace plumb::health
