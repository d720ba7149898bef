// Which other objects a manifest speaks of: what the order of an apply follows without being told.
//
// Pure; knows the built-in kinds of Kubernetes 1.36 and the common places of references in them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/object.h"
#include "core/result.h"

namespace plumb {

struct Reference {
  ObjectId id;             // of what is spoken of; its namespace is that of the referrer where the field has none
  std::string reason;      // "uses ConfigMap shop/settings"
  bool any_group = false;  // the reference names no group: kind, namespace and name decide
};

// Pods and everything with a pod template: ServiceAccount, ConfigMaps, Secrets, PVCs, classes; bindings: role and
// subjects; Ingress: services, TLS secrets and class; HPA: target; webhooks, APIService and CRD conversion: service; PVC:
// class and volume; StatefulSet: its Service; HTTPRoute and friends: parents and backends; ownerReferences.
// Duplicates are left out. Malformed parts are skipped: the API server will speak of them.
std::vector<Reference> ReferencesOf(Value object);

// The pod spec of a Pod or of anything with a pod template (Deployment, CronJob, ...); null for others.
Value PodSpecOf(Value object);

// Explicit dependencies, which a user wrote on the object:
//   config.kubernetes.io/depends-on: apps/namespaces/shop/Deployment/db, rbac.authorization.k8s.io/ClusterRole/view
//   plumb.dev/depends-on: Deployment/db, Certificate.cert-manager.io/shop/tls     (Kind[.group][/namespace]/name)
// Source of the first: cli-utils v0.37 object/dependson. Errors: kInvalid, naming the annotation and its part.
Result<std::vector<Reference>> DependenciesOf(Value object);

// Argo CD's wave of an object (argocd.argoproj.io/sync-wave), 0 where it has none. Errors: kInvalid.
Result<int> SyncWaveOf(Value object);

// metadata.annotations[key], or "".
std::string_view AnnotationOf(Value object, std::string_view key);

}  // namespace plumb
