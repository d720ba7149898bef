#!/usr/bin/env bash
# `plumb run` with many applications on a real kube-apiserver and its controller manager: cold start, pushes that touch one and
# all, drift, idling and memory, beside the bare client's rate for the same objects in the same run.
# usage: bench-scale.sh [APPLICATIONS...]   (default 100 300 1000, five objects each)
#   PLUMB_SETS=2      that many times the five objects in each application
#   PLUMB_PHASES=...  some of: cold one all drift idle  (default: all of them)
set -euo pipefail
cd "$(dirname "$0")/.."
shared=${PLUMB_SHARED:-$(cd .. && pwd)/shared}
export PLUMB_SHARED=$shared
[ -d "$shared/bench" ] || { echo "skipped: no workload in $shared/bench (PLUMB_SHARED)"; exit 0; }
bin=$(tests/controlplane/build.sh etcd kube-apiserver kube-controller-manager kubectl rawbench | tail -1) || { echo "skipped: no control plane"; exit 0; }
(($#)) || set -- 100 300 1000

work=$(mktemp -d)
trap 'tests/controlplane/cluster.sh stop "$work/cluster" >/dev/null 2>&1 || true; rm -rf "$work"' EXIT
# Each request of Plumb (and of the bare client, who is the same user) leaves a line in the audit log: they are counted there.
cat >"$work/audit.yaml" <<'END'
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- {level: Metadata, users: [plumb]}
- {level: None}
END
# The controller manager holds itself to 20 requests a second by default: Deployments would be healthy no sooner than it looks at them.
# fresh: a new cluster with the workload's namespaces.
fresh() {
  tests/controlplane/cluster.sh stop "$work/cluster" >/dev/null 2>&1 || true
  rm -f "$work/audit.log"
  tests/controlplane/cluster.sh start "$work/cluster" --watch-pid $$ --timeout 300 --with controller-manager --user plumb:system:masters \
    --arg kube-controller-manager:--kube-api-qps=1000 --arg kube-controller-manager:--kube-api-burst=2000 \
    --arg "kube-apiserver:--audit-policy-file=$work/audit.yaml" --arg "kube-apiserver:--audit-log-path=$work/audit.log" >/dev/null 2>"$work/start" || { cat "$work/start" >&2; exit 1; }
  for i in $(seq 0 9); do "$bin/kubectl" --kubeconfig "$work/cluster/kubeconfig" create namespace "bench-$i" >/dev/null; done
}
for applications; do
  for phase in raw plumb; do
    fresh
    scripts/bench-scale.py "$phase" --applications "$applications" --sets "${PLUMB_SETS:-1}" --phases "${PLUMB_PHASES:-cold one all drift idle}" \
      --work "$work" --bin "$bin" --workload "$shared/bench/gen-repo.py" --plumb "${PLUMB_PROGRAM:-build/plumb}"
  done
done
