#!/usr/bin/env bash
# usage: scripts/bench-diff.sh [OBJECTS]
# Comparing and predicting, in one run on the same objects: Plumb beside structured-merge-diff, the Go library that the API server
# merges with, in microseconds of processor time, allocations and bytes of one operation; then whole commands on a real API server:
# `plumb diff` beside `kubectl diff` and `kubectl diff --server-side` of OBJECTS (60) unchanged Deployments. Needs Go and the
# control plane for the others; without them Plumb's own figures are printed alone.
#
# Exit codes: 0 measured, 1 failed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

objects=${1:-60}
work=$(mktemp -d)
cluster=
trap '[[ -z $cluster ]] || tests/controlplane/cluster.sh stop "$cluster" >/dev/null 2>&1 || true; rm -rf "$work"' EXIT
cmake --preset bench >"$work/log" && ninja -C build-bench diff_drift_bench apply_bench >>"$work/log" || { tail -n 30 "$work/log" >&2; exit 1; }
export PLUMB_BENCH_INPUTS=$work
for program in tests/diff/diff_drift_bench tests/bench/apply_bench; do
  "build-bench/$program" --benchmark_min_time=0.5 --benchmark_format=json >"$work/$(basename "$program").json" 2>"$work/err" || { cat "$work/err" >&2; exit 1; }
done
smd=$(cd tests/controlplane && GOWORK=off GOFLAGS='' go list -m -f '{{.Dir}} {{.Version}}' sigs.k8s.io/structured-merge-diff/v6 2>>"$work/log") || smd=
if [[ -n $smd ]] && (cd tests/controlplane && CGO_ENABLED=0 GOWORK=off GOFLAGS='' go build -o "$work/smdbench" ./smdbench) 2>>"$work/log"; then
  GOMAXPROCS=1 "$work/smdbench" "${smd% *}/internal/testdata/k8s-schema.yaml" "$work" Pod Deployment StatefulSet >"$work/smd.jsonl"
else
  echo "bench-diff: structured-merge-diff is not measured: Go cannot build it here" >&2
fi
python3 - "$work" "${smd#* }" <<'PY'
import json, os, sys
folder, version = sys.argv[1:]
ours = {}
for name in ("diff_drift_bench", "apply_bench"):
    for b in json.load(open(f"{folder}/{name}.json"))["benchmarks"]:
        unit = {"ns": 1e-3, "us": 1, "ms": 1e3}.get(b.get("time_unit"), 1)
        if "cpu_time" in b: ours[b["name"]] = (b["cpu_time"] * unit, b.get("allocs"), b.get("bytes"), b)
theirs = {}
if os.path.exists(f"{folder}/smd.jsonl"):
    for line in open(f"{folder}/smd.jsonl"):
        r = json.loads(line)
        theirs[r["kind"], r["what"]] = (r["ns"] / 1e3, r["allocs"], r["bytes"])
def row(title, name, against=()):
    us, allocs, size, b = ours[name]
    print(f"{title:44} {us:9.1f} us {allocs:7.0f} allocs {size / 1e3:8.1f} KB")
    for kind, what in against:
        if (kind, what) in theirs:
            t = theirs[kind, what]
            print(f"{'  structured-merge-diff ' + version + ', ' + what:44} {t[0]:9.1f} us {t[1]:7.0f} allocs {t[2] / 1e3:8.1f} KB   plumb takes {t[0] / us:.1f} times less")
size = lambda name: f"{ours[name][3]['manifest_bytes'] / 1e3:.1f} KB"
row(f"Deployment of {size('BM_Pair/deployment_unchanged')}, unchanged", "BM_Pair/deployment_unchanged")
row("  one new image", "BM_Pair/deployment_changed", [("Deployment", "compare")])
row(f"StatefulSet of {size('BM_Pair/statefulset_unchanged')}, unchanged", "BM_Pair/statefulset_unchanged")
row("  one new image", "BM_Pair/statefulset_changed", [("StatefulSet", "compare")])
row("Pod: server-side apply, unchanged", "BM_ApplyPod/unchanged")
row("  one new image", "BM_ApplyPod/changed", [("Pod", "merge"), ("Pod", "apply")])
row("Pod: the server's whole answer, unchanged", "BM_PredictPod/unchanged")
row("  one new image", "BM_PredictPod/changed")
us, allocs, size, _ = ours["BM_UnchangedObjects/10000"]
print(f"10,000 unchanged objects of the cache: {us / 1e3:.0f} ms, {allocs / 1e4:.0f} allocations and {size / 1e7:.1f} KB each, one at a time")
for name, what in (("BM_Unchanged/", "containers"), ("BM_ApplyKeyedList/", "keyed items"), ("BM_ApplyBytes/", "bytes")):
    steps = [(int(n.rsplit("/", 1)[1]), v[0]) for n, v in ours.items() if n.startswith(name) and n.rsplit("/", 1)[1].isdigit()]
    print(f"growth over {what}: " + ", ".join(f"{n}: {us:.1f} us" for n, us in steps) + f"; {steps[-1][0] // steps[0][0]} times the size, {steps[-1][1] / steps[0][1]:.0f} times the time")
PY

bin=${PLUMB_ASSETS:-$(tests/controlplane/build.sh etcd kube-apiserver kubectl 2>/dev/null | tail -n 1 || true)}
[[ -x $bin/kube-apiserver && -x $bin/kubectl ]] || { echo "bench-diff: kubectl diff is not measured: no control plane here" >&2; exit 0; }
ninja -C build plumb >>"$work/log" || { tail -n 30 "$work/log" >&2; exit 1; }
cluster=$work/cluster
KUBECONFIG=$(tests/controlplane/cluster.sh start "$cluster" 2>>"$work/log" | tail -n 1)
export KUBECONFIG KUBECACHEDIR=$work/kube-cache
mkdir "$work/manifests"
python3 - "$work" "$objects" <<'PY'
import json, sys
folder, count = sys.argv[1], int(sys.argv[2])
one = json.load(open(f"{folder}/Deployment.config.json"))
one["metadata"]["namespace"] = "default"
for i in range(count):
    one["metadata"]["name"] = f"web-{i}"
    json.dump(one, open(f"{folder}/manifests/web-{i}.yaml", "w"))
PY
build/plumb apply "$work/manifests" >/dev/null 2>>"$work/log" || { tail -n 30 "$work/log" >&2; exit 1; }
seconds() { python3 -c 'import subprocess, sys, time
best = None
for _ in range(3):
    begin = time.time()
    code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode
    if code > 1: sys.exit(f"exit code {code}: " + " ".join(sys.argv[1:]))
    best = min(best or 1e9, time.time() - begin)
print("%.3f" % best)' "$@"; }
ours=$(seconds build/plumb diff "$work/manifests")
echo "$objects unchanged Deployments on a real API server, whole commands, best of three:"
printf '%-28s %7s s\n' 'plumb diff' "$ours"
for mode in '' --server-side; do
  # Its exit code 1 is for the label of the inventory, which no manifest has and other tools would take away.
  theirs=$(seconds "$bin/kubectl" diff $mode ${mode:+--field-manager=plumb} -f "$work/manifests")
  printf '%-28s %7s s   %s times as long\n' "kubectl diff${mode:+ $mode}" "$theirs" "$(awk "BEGIN { printf \"%.1f\", $theirs / $ours }")"
done
