// Deployment: ReplicaSets by template, rolled as its strategy says. Source: pkg/controller/deployment of Kubernetes 1.36
// (knowledge of sync.go, rolling.go, recreate.go, progress.go); ReplicaSets that are not its own are not adopted.
#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "engine/sandbox/controllers/support.h"

namespace plumb::sandbox {

namespace {

constexpr std::string_view kHash = "pod-template-hash", kRevision = "deployment.kubernetes.io/revision",
                           kDesired = "deployment.kubernetes.io/desired-replicas", kMax = "deployment.kubernetes.io/max-replicas";

int64_t Number(std::string_view text) {
  int64_t n = 0;
  std::from_chars(text.data(), text.data() + text.size(), n);
  return n;
}

Value Annotation(Value object, std::string_view key) { return GetAt(object, {"metadata", "annotations", key}); }
int64_t SpecReplicas(const Document& set) { return GetAt(*set, {"spec", "replicas"}).AsInt(); }
int64_t StatusCount(const Document& set, std::string_view field) { return GetAt(*set, {"status", field}).AsInt(); }

template <typename F>
int64_t Sum(const std::vector<Document>& sets, F f) {
  int64_t n = 0;
  for (const Document& set : sets) n += f(set);
  return n;
}

// One look at a Deployment and its ReplicaSets.
struct Rollout {
  Cluster& cluster;
  StoreKey key;
  Document deployment;
  std::vector<Document> sets;  // oldest first
  Document fresh;              // of the present template; null: none yet
  int64_t replicas = 0, surge = 0, unavailable = 0;

  Rollout(Cluster& c, const StoreKey& k, Document d) : cluster(c), key(k), deployment(std::move(d)) {
    const Value spec = deployment->Get("spec");
    replicas = spec.Get("replicas").AsInt();
    if (!Recreates()) {
      const Value limits = GetAt(spec, {"strategy", "rollingUpdate"});
      surge = ResolveCount(limits.Get("maxSurge"), replicas, true);
      unavailable = ResolveCount(limits.Get("maxUnavailable"), replicas, false);
      if (surge == 0 && unavailable == 0) unavailable = 1;  // or nothing could ever move
    }
    Read();
  }
  bool Recreates() const { return GetAt(*deployment, {"spec", "strategy", "type"}).AsString() == "Recreate"; }
  int64_t MaxUnavailable() const { return Recreates() || replicas == 0 ? 0 : std::min(unavailable, replicas); }

  void Read() {
    sets = Controlled(cluster, *deployment, "replicasets.apps");
    fresh = {};
    Arena a;
    const Value wanted = GetAt(*deployment, {"spec", "template"});
    for (const Document& set : sets) {
      if (!(WithoutHash(a, GetAt(*set, {"spec", "template"})) == wanted)) continue;
      fresh = set;
      break;
    }
  }
  // The template as the Deployment has it: the hash label gone, and with it a map that held nothing else.
  static Value WithoutHash(Arena& a, Value from) {
    return WithoutAt(a, from, {"metadata", "labels", kHash});
  }
  std::vector<Document> Old() const {
    std::vector<Document> out;
    for (const Document& set : sets)
      if (fresh->is_null() || UidOf(*set) != UidOf(*fresh)) out.push_back(set);
    return out;
  }

  bool ScaleSet(const Document& set, int64_t count) {
    const std::string desired = std::to_string(replicas), most = std::to_string(replicas + surge);
    if (SpecReplicas(set) == count && Annotation(*set, kDesired).AsString() == desired && Annotation(*set, kMax).AsString() == most) return false;
    const bool changed = SpecReplicas(set) != count;
    ChangeObject(cluster, KeyOf("replicasets.apps", *set), "", [&](Arena& a, Value now) {
      now = WithAt(a, now, {"spec", "replicas"}, Arena::Int(count));
      now = WithAt(a, now, {"metadata", "annotations", kDesired}, a.String(desired));
      return WithAt(a, now, {"metadata", "annotations", kMax}, a.String(most));
    });
    return changed;
  }

  int64_t NextRevision() const {
    int64_t most = 0;
    for (const Document& set : Old()) most = std::max(most, Number(Annotation(*set, kRevision).AsString()));
    return most + 1;
  }

  // What a ReplicaSet takes over of its Deployment's annotations.
  static bool Copied(std::string_view annotation) {
    return annotation != "kubectl.kubernetes.io/last-applied-configuration" && annotation != kRevision && annotation != kDesired &&
           annotation != kMax && annotation != "deployment.kubernetes.io/revision-history" && annotation != "deprecated.deployment.rollback.to";
  }

  void MakeFresh() {
    const Value spec = deployment->Get("spec"), pod_template = spec.Get("template");
    const std::string hash = TemplateHash(pod_template, GetAt(*deployment, {"status", "collisionCount"}).AsInt());
    const int64_t total = Sum(sets, SpecReplicas);
    const int64_t count = Recreates() ? replicas : std::clamp<int64_t>(replicas + surge - total, 0, replicas);
    const Document set = BuildDocument([&](Arena& a) {
      a.Adopt(deployment);
      const Value label = a.String(hash);
      Value annotations = a.Map({{kDesired, a.String(std::to_string(replicas))}, {kMax, a.String(std::to_string(replicas + surge))}, {kRevision, a.String(std::to_string(NextRevision()))}});
      for (const Member& m : GetAt(*deployment, {"metadata", "annotations"}).members())
        if (Copied(m.key)) annotations = With(a, annotations, m.key, m.value);
      const Value owner = a.Map({{"apiVersion", a.Borrow("apps/v1")}, {"kind", a.Borrow("Deployment")}, {"name", GetAt(*deployment, {"metadata", "name"})},
                                 {"uid", GetAt(*deployment, {"metadata", "uid"})}, {"controller", Arena::Bool(true)}, {"blockOwnerDeletion", Arena::Bool(true)}});
      Value set_spec = a.Map({{"replicas", Arena::Int(count)},
                              {"selector", WithAt(a, spec.Get("selector"), {"matchLabels", kHash}, label)},
                              {"template", WithAt(a, pod_template, {"metadata", "labels", kHash}, label)}});
      if (const Value* seconds = spec.Find("minReadySeconds")) set_spec = With(a, set_spec, "minReadySeconds", *seconds);
      return a.Map({{"apiVersion", a.Borrow("apps/v1")}, {"kind", a.Borrow("ReplicaSet")},
                    {"metadata", a.Map({{"name", a.String(fmt::format("{}-{}", key.name, hash))},
                                        {"labels", With(a, GetAt(pod_template, {"metadata", "labels"}), kHash, label)},
                                        {"annotations", annotations}, {"ownerReferences", a.List({owner})}})},
                    {"spec", set_spec}});
    });
    CreateObject(cluster, "replicasets.apps", key.ns, set);
    Read();
  }

  // The revision goes up when another template became the present one; the Deployment says it too.
  void SyncRevision() {
    if (fresh->is_null()) return;
    int64_t revision = Number(Annotation(*fresh, kRevision).AsString());
    if (const int64_t next = NextRevision(); revision < next) {
      revision = next;
      ChangeObject(cluster, KeyOf("replicasets.apps", *fresh), "", [&](Arena& a, Value now) {
        return WithAt(a, now, {"metadata", "annotations", kRevision}, a.String(std::to_string(revision)));
      });
    }
    if (Annotation(*deployment, kRevision).AsString() == std::to_string(revision)) return;
    ChangeObject(cluster, key, "status", [&](Arena& a, Value now) {  // through status it is no new generation
      return WithAt(a, now, {"metadata", "annotations", kRevision}, a.String(std::to_string(revision)));
    });
  }

  // replicas changed while several sets are active: each takes its share.
  bool ScaleProportionally() {
    std::vector<Document> active;
    for (const Document& set : sets)
      if (SpecReplicas(set) > 0) active.push_back(set);
    const bool scaled = std::ranges::any_of(active, [&](const Document& set) {
      const Value desired = Annotation(*set, kDesired);
      return desired.is_string() && Number(desired.AsString()) != replicas;
    });
    if (!scaled) return false;
    if (active.size() == 1) return ScaleSet(active[0], replicas), true;
    if (Recreates()) return false;
    const int64_t allowed = replicas > 0 ? replicas + surge : 0;
    int64_t to_add = allowed - Sum(active, SpecReplicas);
    const bool growing = to_add > 0;
    std::ranges::stable_sort(active, [&](const Document& a, const Document& b) { return SpecReplicas(a) > SpecReplicas(b); });
    std::vector<int64_t> counts;
    for (const Document& set : active) {
      const double most = static_cast<double>(std::max<int64_t>(1, Number(Annotation(*set, kMax).AsString())));
      int64_t part = replicas == 0 ? -SpecReplicas(set)
                                   : std::llround(static_cast<double>(SpecReplicas(set) * (replicas + surge)) / most) - SpecReplicas(set);
      part = growing ? std::clamp<int64_t>(part, 0, to_add) : std::clamp<int64_t>(part, to_add, 0);
      to_add -= part;
      counts.push_back(SpecReplicas(set) + part);
    }
    counts[0] = std::max<int64_t>(0, counts[0] + to_add);
    for (size_t i = 0; i < active.size(); ++i) ScaleSet(active[i], counts[i]);
    return true;
  }

  void Roll() {
    const int64_t total = Sum(sets, SpecReplicas), now = SpecReplicas(fresh);
    if (now > replicas) {
      ScaleSet(fresh, replicas);
      return;
    }
    if (now < replicas) {
      const int64_t grown = std::max(now, now + std::min(replicas + surge - total, replicas - now));
      if (ScaleSet(fresh, grown)) return;
    }
    std::vector<Document> old = Old();
    if (Sum(old, SpecReplicas) == 0) return;
    int64_t left = total - (replicas - MaxUnavailable()) - (now - StatusCount(fresh, "availableReplicas"));
    if (left <= 0) return;
    std::vector<int64_t> counts;
    for (const Document& set : old) {  // what is not available goes first, for nothing is lost by it
      const int64_t part = std::clamp<int64_t>(SpecReplicas(set) - StatusCount(set, "availableReplicas"), 0, left);
      left -= part;
      counts.push_back(SpecReplicas(set) - part);
    }
    int64_t spare = Sum(sets, [](const Document& s) { return StatusCount(s, "availableReplicas"); }) - (replicas - MaxUnavailable());
    for (size_t i = 0; i < old.size(); ++i) {
      const int64_t part = std::clamp<int64_t>(counts[i], 0, std::max<int64_t>(0, spare));
      spare -= part;
      counts[i] -= part;
      ScaleSet(old[i], counts[i]);
    }
  }

  void Recreate() {
    bool busy = false;
    for (const Document& set : Old()) {
      if (SpecReplicas(set) > 0) busy |= ScaleSet(set, 0);
      for (const Document& pod : Controlled(cluster, *set, "pods")) {
        const std::string_view phase = GetAt(*pod, {"status", "phase"}).AsString();
        busy |= phase != "Succeeded" && phase != "Failed";
      }
    }
    if (busy) return;
    if (fresh->is_null()) MakeFresh();
    else ScaleSet(fresh, replicas);
  }

  bool Complete() const {
    return !fresh->is_null() && StatusCount(fresh, "replicas") == replicas && StatusCount(fresh, "availableReplicas") == replicas &&
           Sum(sets, [](const Document& s) { return StatusCount(s, "replicas"); }) == replicas;
  }

  void CleanUp() {
    const int64_t limit = GetAt(*deployment, {"spec", "revisionHistoryLimit"}).AsInt();
    std::vector<Document> idle;
    for (const Document& set : Old())
      if (SpecReplicas(set) == 0 && StatusCount(set, "replicas") == 0 && !Terminating(*set)) idle.push_back(set);
    std::ranges::stable_sort(idle, {}, [](const Document& s) { return Number(Annotation(*s, kRevision).AsString()); });
    for (size_t i = 0; static_cast<int64_t>(idle.size() - i) > limit; ++i) DeleteObject(cluster, KeyOf("replicasets.apps", *idle[i]), *idle[i]);
  }

  std::optional<Duration> WriteStatus();
};

std::optional<Duration> Rollout::WriteStatus() {
  Read();
  const WallTime now = cluster.clock().Wall();
  const int64_t total = Sum(sets, [](const Document& s) { return StatusCount(s, "replicas"); });
  const int64_t ready = Sum(sets, [](const Document& s) { return StatusCount(s, "readyReplicas"); });
  const int64_t available = Sum(sets, [](const Document& s) { return StatusCount(s, "availableReplicas"); });
  const int64_t updated = fresh->is_null() ? 0 : StatusCount(fresh, "replicas");
  const bool complete = Complete();
  std::optional<Duration> again;
  SetStatus(cluster, key, [&](Arena& a, Value existing) {
    const Value before = existing.Get("status");
    Value conditions = before.Get("conditions");
    const bool enough = available >= replicas - MaxUnavailable();
    conditions = WithCondition(a, conditions, now, "Available", enough, enough ? "MinimumReplicasAvailable" : "MinimumReplicasUnavailable",
                               enough ? "Deployment has minimum availability." : "Deployment does not have minimum availability.");
    const Value old = FindCondition(conditions, "Progressing");
    const bool progressed = updated > before.Get("updatedReplicas").AsInt() || ready > before.Get("readyReplicas").AsInt() ||
                            available > before.Get("availableReplicas").AsInt() ||
                            total - updated < before.Get("replicas").AsInt() - before.Get("updatedReplicas").AsInt() ||
                            before.Get("observedGeneration").AsInt() != GetAt(existing, {"metadata", "generation"}).AsInt();
    const int64_t deadline = GetAt(existing, {"spec", "progressDeadlineSeconds"}).AsInt();
    const auto last = ParseTime(old.GetString("lastUpdateTime"));
    const Duration left = last.ok() ? *last + std::chrono::seconds(deadline) - now : std::chrono::seconds(deadline);
    const std::string set_name(fresh->is_null() ? key.name : NameOf(*fresh));
    bool positive = true, refresh = progressed || old.is_null();
    std::string reason = "ReplicaSetUpdated", message = fmt::format("ReplicaSet \"{}\" is progressing.", set_name);
    if (complete) {
      reason = "NewReplicaSetAvailable";
      message = fmt::format("ReplicaSet \"{}\" has successfully progressed.", set_name);
      refresh = refresh && old.GetString("reason") != reason;
    } else if (!progressed && left <= Duration::zero() && old.GetString("reason") != "NewReplicaSetAvailable") {
      positive = false;
      reason = "ProgressDeadlineExceeded";
      message = fmt::format("ReplicaSet \"{}\" has timed out progressing.", set_name);
    } else if (!progressed && !old.is_null()) {
      reason = old.GetString("reason");  // nothing new to say
      message = old.GetString("message");
      positive = old.GetString("status") == "True";
    }
    if (!complete && positive) again = left + std::chrono::seconds(1);
    refresh |= old.GetString("reason") != reason;
    conditions = WithCondition(a, conditions, now, "Progressing", positive, reason, message);
    std::vector<Value> stamped;
    for (Value c : conditions.items()) {
      const Value previous = FindCondition(before.Get("conditions"), c.GetString("type"));
      const bool touch = c.GetString("type") == "Progressing" ? refresh : previous.GetString("status") != c.GetString("status");
      stamped.push_back(With(a, c, "lastUpdateTime", touch || !previous.Has("lastUpdateTime") ? a.String(FormatTime(now)) : previous.Get("lastUpdateTime")));
    }
    std::vector<Member> status;
    AddCount(status, "observedGeneration", GetAt(existing, {"metadata", "generation"}).AsInt());
    AddCount(status, "replicas", total);
    AddCount(status, "updatedReplicas", updated);
    AddCount(status, "readyReplicas", ready);
    AddCount(status, "availableReplicas", available);
    AddCount(status, "unavailableReplicas", std::max<int64_t>(0, Sum(sets, SpecReplicas) - available));
    status.push_back({"conditions", a.List(stamped)});
    return a.Map(status);
  });
  return again;
}

std::optional<Duration> Reconcile(ControlState& state, const StoreKey& key) {
  const Document deployment = state.cluster.Find(key);
  if (deployment->is_null()) return std::nullopt;
  Rollout rollout(state.cluster, key, deployment);
  if (Terminating(*deployment)) return rollout.WriteStatus();
  const bool paused = GetAt(*deployment, {"spec", "paused"}).AsBool();
  if (!rollout.ScaleProportionally() && !paused) {
    if (rollout.Recreates()) {
      rollout.Recreate();
    } else {
      if (rollout.fresh->is_null()) rollout.MakeFresh();
      else rollout.Roll();
    }
  }
  rollout.Read();
  rollout.SyncRevision();
  if (rollout.Complete()) rollout.CleanUp();
  return rollout.WriteStatus();
}

}  // namespace

Controller DeploymentController() {
  return {"deployment",
          [](const ControlState& state, const Change& change, const std::function<void(const StoreKey&)>& enqueue) {
            Enqueues(change, "deployments.apps", "Deployment", "replicasets.apps", enqueue);
            if (change.key.resource != "pods" || change.type != Change::Type::kDeleted) return;
            // Recreate waits for the last pod to be gone, which no ReplicaSet's status tells.
            const Document set = state.cluster.Find({"replicasets.apps", change.key.ns, std::string(ControllerRef(*change.object).GetString("name"))});
            if (const Value owner = ControllerRef(*set); owner.GetString("kind") == "Deployment")
              enqueue({"deployments.apps", change.key.ns, std::string(owner.GetString("name"))});
          },
          Reconcile};
}

}  // namespace plumb::sandbox
