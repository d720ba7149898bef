#!/usr/bin/env bash
# Applying N x 5 objects to a real kube-apiserver: plumb beside kubectl (server-side and client-side apply) and beside a bare
# HTTP/2 client that shows the server's own limit. Each tool gets a fresh server; times are whole commands, start-up included.
# usage: bench-apply.sh [APPLICATIONS]   (default 200: 1,000 objects)
set -euo pipefail
cd "$(dirname "$0")/.."
applications=${1:-200}
plumb=$PWD/build/plumb
shared=${PLUMB_SHARED:-$(cd .. && pwd)/shared}
export PLUMB_SHARED=$shared
[ -d "$shared/bench" ] || { echo "skipped: no workload in $shared/bench (PLUMB_SHARED)"; exit 0; }
bin=$(tests/controlplane/build.sh etcd kube-apiserver kubectl rawbench | tail -1) || { echo "skipped: no control plane"; exit 0; }

work=$(mktemp -d)
trap 'tests/controlplane/cluster.sh stop "$work/cluster" >/dev/null 2>&1 || true; rm -rf "$work"' EXIT
python3 "$shared/bench/gen-repo.py" "$applications" "$work/gen" >/dev/null
objects=$work/gen/objs-$applications.jsonl
mkdir "$work/manifests"
sed 's/^/---\n/' "$objects" >"$work/manifests/objects.yaml"
count=$(wc -l <"$objects")

# fresh: a new API server with the workload's namespaces.
fresh() {
  tests/controlplane/cluster.sh stop "$work/cluster" >/dev/null 2>&1 || true
  tests/controlplane/cluster.sh start "$work/cluster" --watch-pid $$ >/dev/null 2>&1
  # shellcheck disable=SC1091
  . "$work/cluster/env"
  export KUBECONFIG KUBECACHEDIR=$work/kubecache-$RANDOM
  for i in $(seq 0 9); do "$bin/kubectl" create namespace "bench-$i" >/dev/null; done
}
# seconds COMMAND...: how long it took; its output goes to a file, shown where it fails.
seconds() {
  local start end
  start=$(date +%s.%N)
  "$@" >"$work/out" 2>&1 || { cat "$work/out" >&2; return 1; }
  end=$(date +%s.%N)
  awk -v a="$start" -v b="$end" 'BEGIN {printf "%.3f", b - a}'
}
row() { printf '%-34s %9.3f s %9.0f objects/s   again, unchanged %8.3f s\n' "$1" "$2" "$(awk -v n="$count" -v s="$2" 'BEGIN {print n / s}')" "$3"; }

echo "$count objects, kube-apiserver and etcd on this machine:"
fresh
raw=$(seconds "$bin/rawbench" -url "$PLUMB_CLUSTER_SERVER" -token "$PLUMB_CLUSTER_TOKEN" -file "$objects" -workers 16 -op ssa)
row "bare client, 16 connections" "$raw" "$(seconds "$bin/rawbench" -url "$PLUMB_CLUSTER_SERVER" -token "$PLUMB_CLUSTER_TOKEN" -file "$objects" -workers 16 -op ssa)"
fresh
ours=$(seconds "$plumb" apply "$work/manifests" --name bench)
again=$(seconds "$plumb" apply "$work/manifests" --name bench)
row "plumb apply" "$ours" "$again"
fresh
server=$(seconds "$bin/kubectl" apply --server-side -f "$work/manifests")
server_again=$(seconds "$bin/kubectl" apply --server-side -f "$work/manifests")
row "kubectl apply --server-side" "$server" "$server_again"
fresh
client=$(seconds "$bin/kubectl" apply -f "$work/manifests")
client_again=$(seconds "$bin/kubectl" apply -f "$work/manifests")
row "kubectl apply" "$client" "$client_again"

ratio() { awk -v a="$1" -v b="$2" 'BEGIN {printf "%.2f", a / b}'; }
echo "plumb's rate is $(ratio "$raw" "$ours") of the bare client's; it is $(ratio "$server" "$ours") x kubectl server-side, $(ratio "$client" "$ours") x kubectl."
echo "unchanged: $(ratio "$server_again" "$again") x kubectl server-side, $(ratio "$client_again" "$again") x kubectl."
