#!/usr/bin/env bash
# Smoke test of the test cluster itself: everything starts, a Deployment's pods get to run on the hollow node, everything stops.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
replicas=3
work=$(mktemp -d)
trap '"$here/cluster.sh" stop "$work/cluster"; rm -rf "$work"' EXIT

begin=$EPOCHREALTIME
step() { # step WHAT: with the seconds since the last one
  local now=$EPOCHREALTIME
  LC_ALL=C awk -v what="$1" -v a="${begin/,/.}" -v b="${now/,/.}" 'BEGIN { printf "%-50s %6.2f s\n", what, b - a }'
  begin=$EPOCHREALTIME
}

bin=$("$here/build.sh" etcd kube-apiserver kubectl kube-controller-manager kube-scheduler kubemark)
step 'programs'

"$here/cluster.sh" start "$work/cluster" --bin "$bin" --with controller-manager,scheduler,kubelet --watch-pid $$ >/dev/null
step 'start of everything, node ready'

set -a
# shellcheck source=/dev/null
source "$work/cluster/env"
set +a
kubectl() { "$PLUMB_CLUSTER_BIN/kubectl" "$@"; }

kubectl apply --server-side -f - <<EOF
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: default}
spec:
  replicas: $replicas
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: registry.example.test/web:1}]
EOF
step 'kubectl apply'

kubectl rollout status deployment/web --timeout=60s
step 'rollout'

# The hollow node calls pods ready at once and running 10 s later, when it looks at its containers next.
kubectl wait pods -l app=web --for=jsonpath='{.status.phase}'=Running --timeout=60s
step 'pods running'

# The users must differ in what they may do, or tests of refusals would test nothing.
if kubectl --kubeconfig "$work/cluster/kubeconfig-reader" get pods >/dev/null 2>"$work/refused"; then
  echo 'smoke: the user "reader" may list pods' >&2
  exit 1
fi
grep -q Forbidden "$work/refused"
step 'checks'

"$here/cluster.sh" stop "$work/cluster"
step 'stop'
