#!/usr/bin/env bash
# `plumb run` on a real kube-apiserver: start-up, memory with 1,000 objects, and how long an edit by hand
# lives until it is noticed and healed (p50, p99 over N edits).
# usage: bench-run.sh [EDITS]   (default 100)
set -euo pipefail
cd "$(dirname "$0")/.."
edits=${1:-100}
plumb=$PWD/build/plumb
shared=${PLUMB_SHARED:-$(cd .. && pwd)/shared}
export PLUMB_SHARED=$shared
[ -d "$shared/bench" ] || { echo "skipped: no workload in $shared/bench (PLUMB_SHARED)"; exit 0; }
bin=$(tests/controlplane/build.sh etcd kube-apiserver kubectl | tail -1) || { echo "skipped: no control plane"; exit 0; }

work=$(mktemp -d)
run=
trap '[ -z "$run" ] || kill "$run" 2>/dev/null || true; tests/controlplane/cluster.sh stop "$work/cluster" >/dev/null 2>&1 || true; rm -rf "$work"' EXIT
python3 "$shared/bench/gen-repo.py" 200 "$work/gen" >/dev/null
mkdir "$work/manifests"
sed 's/^/---\n/' "$work/gen/objs-200.jsonl" >"$work/manifests/objects.yaml"
tests/controlplane/cluster.sh start "$work/cluster" --watch-pid $$ >/dev/null 2>&1
# shellcheck disable=SC1091
. "$work/cluster/env"
export KUBECONFIG
for i in $(seq 0 9); do "$bin/kubectl" create namespace "bench-$i" >/dev/null; done
cat >"$work/application.yaml" <<EOF
apiVersion: plumb.dev/v1alpha1
kind: Application
metadata: {name: bench}
spec: {sources: [{directory: $work/manifests}]}
EOF
start=$(date +%s%N)
"$plumb" run --config "$work/application.yaml" --listen 127.0.0.1:0 --write-address "$work/address" --output json >"$work/events" 2>"$work/log" &
run=$!
until [ -s "$work/address" ]; do sleep 0.001; done
ready=$(date +%s%N)
for _ in $(seq 600); do grep -q '"synced"' "$work/events" && break; sleep 0.1; done
grep -q '"synced"' "$work/events" || { cat "$work/log" >&2; exit 1; }
sleep 4
echo "memory with 1,000 objects: $(awk '/VmRSS/ {printf "%.0f MB", $2 / 1024}' "/proc/$run/status") (peak $(awk '/VmHWM/ {printf "%.0f MB", $2 / 1024}' "/proc/$run/status"))"
echo "start to serving, its loop running: $(((ready - start) / 1000000)) ms"

python3 - "$PLUMB_CLUSTER_SERVER" "$PLUMB_CLUSTER_TOKEN" "$PLUMB_CLUSTER_CA" "$edits" <<'EOF'
# Edits one ConfigMap after another, as another manager would, and watches until the old value is back.
import http.client, json, ssl, sys, time
from urllib.parse import urlparse
server, token, ca, edits = urlparse(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])
context = ssl.create_default_context(cafile=ca)
connection = http.client.HTTPSConnection(server.hostname, server.port, context=context)
def call(method, path, body=None, kind="application/merge-patch+json"):
    connection.request(method, path, json.dumps(body) if body else None, {"Authorization": "Bearer " + token, "Content-Type": kind})
    return json.loads(connection.getresponse().read())
items = call("GET", "/api/v1/configmaps?labelSelector=applyset.kubernetes.io/part-of")["items"]
times = []
for i in range(edits):
    item = items[i % len(items)]["metadata"]
    path = f"/api/v1/namespaces/{item['namespace']}/configmaps/{item['name']}"
    start = time.monotonic()
    call("PATCH", path + "?fieldManager=somebody", {"data": {"rev": f"edited-{i}"}})
    while call("GET", path)["data"]["rev"].startswith("edited-"):
        if time.monotonic() - start > 10: sys.exit("the drift was not healed within 10 s")
    times.append((time.monotonic() - start) * 1000)
times.sort()
print(f"drift by hand to healed, {edits} edits: p50 {times[len(times) // 2]:.1f} ms, p99 {times[min(len(times) - 1, int(len(times) * 0.99))]:.1f} ms, max {times[-1]:.1f} ms")
EOF
