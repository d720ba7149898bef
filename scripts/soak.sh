#!/usr/bin/env bash
# A soak: `plumb run` on 100 applications while pushes, edits by hand, deletions and prunes come at random for MINUTES, on a real
# kube-apiserver (or with PLUMB_SANDBOX=1 on the embedded one). Prints memory and what was done each half minute; in the end the
# cluster has to be as git says and the memory flat: not more than a tenth above what it was after the first quarter.
# usage: soak.sh [MINUTES]   (default 10; PLUMB_SEED repeats a run)
set -euo pipefail
cd "$(dirname "$0")/.."
minutes=${1:-10}
shared=${PLUMB_SHARED:-$(cd .. && pwd)/shared}
export PLUMB_SHARED=$shared
[ -d "$shared/bench" ] || { echo "skipped: no workload in $shared/bench (PLUMB_SHARED)"; exit 0; }
plumb=${PLUMB_PROGRAM:-$PWD/build/plumb}
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; tests/controlplane/cluster.sh stop "$work/cluster" >/dev/null 2>&1 || true; rm -rf "$work"' EXIT
if [ -n "${PLUMB_SANDBOX:-}" ]; then
  "$plumb" sandbox --listen 127.0.0.1:0 --write-kubeconfig "$work/kubeconfig" >/dev/null &
  server=$!
  until [ -s "$work/kubeconfig" ]; do sleep 0.05; done
  url=$(grep -o 'http://[^" ]*' "$work/kubeconfig" | head -1) token='' ca=''
else
  tests/controlplane/build.sh etcd kube-apiserver kube-controller-manager kubectl >/dev/null || { echo "skipped: no control plane"; exit 0; }
  tests/controlplane/cluster.sh start "$work/cluster" --watch-pid $$ --timeout 300 --with controller-manager >/dev/null 2>"$work/start" || { cat "$work/start" >&2; exit 1; }
  # shellcheck disable=SC1091
  . "$work/cluster/env"
  cp "$KUBECONFIG" "$work/kubeconfig"
  url=$PLUMB_CLUSTER_SERVER token=$PLUMB_CLUSTER_TOKEN ca=$PLUMB_CLUSTER_CA
fi
python3 "$shared/bench/gen-repo.py" 100 "$work/gen" >/dev/null
python3 scripts/soak.py --minutes "$minutes" --work "$work" --url "$url" --token "$token" --ca "$ca" --plumb "$plumb" --seed "${PLUMB_SEED:-$RANDOM}"
