// The table of rules by kind, and the words rules are made of. A rule is a pure function of the live object; before it runs,
// Assess has dealt with deletion, with an observed generation that lags, and with Stalled and Reconciling.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/object.h"
#include "engine/health/health.h"

namespace plumb::health {

using Rule = Health (*)(Value object);

struct KindRule {
  std::string_view group, kind;
  Rule rule;
  // Its controller always writes status.observedGeneration: until that is there, nobody has looked at the object.
  bool observes = false;
};

std::span<const KindRule> WorkloadRules();  // Deployment, StatefulSet, DaemonSet, ReplicaSet, ReplicationController, Pod, Job, CronJob
std::span<const KindRule> ClusterRules();   // Namespace, CRD, APIService, Service, Ingress, PVC, PV, HPA, PDB

// Any other kind: its Ready condition, and healthy where it has none.
Health ByReadyCondition(Value object);

struct Condition {
  std::string_view status, reason, message;
  bool stale = false;  // it has an observedGeneration of its own, and that lags

  bool is_true() const { return status == "True"; }
  bool is_false() const { return status == "False"; }
  std::string Text() const;  // "message", or "reason" where it has none; cut to one line of bounded length
};
std::optional<Condition> FindCondition(Value object, std::string_view type);

int64_t Number(Value map, std::string_view key, int64_t otherwise = 0);  // null, absent and other kinds: `otherwise`

Health Healthy(std::string message = "");
Health Suspended(std::string message);
Health Progressing(std::string message);
Health Degraded(std::string message, bool final = false);

}  // namespace plumb::health
