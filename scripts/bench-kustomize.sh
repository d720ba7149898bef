#!/usr/bin/env bash
# usage: scripts/bench-kustomize.sh
# Renders of real kustomizations, of growing trees and of a thousand overlays: Plumb in one process beside the kustomize
# program (start-up included) and the kustomize library in a loop in one process, as milliseconds of processor time (of all threads, so
# that a busy machine does not count) and ratios of one run.
# Trees: ${PLUMB_CONFORMANCE:-../shared/conformance}/kustomize/kust-dev.tar.xz. Needs Go for the two others; without it
# Plumb's own figures are printed alone.
#
# Exit codes: 0 measured, 1 failed, 77 skipped (no trees).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
archive=${PLUMB_CONFORMANCE:-../shared/conformance}/kustomize/kust-dev.tar.xz
[[ -f $archive ]] || { echo "bench-kustomize: skipped: no trees; set PLUMB_CONFORMANCE" >&2; exit 77; }
mkdir "$work/trees" && tar -xJf "$archive" -C "$work/trees" --strip-components=1

cmake --preset bench >"$work/log" && ninja -C build-bench kustomize_bench >>"$work/log" || { tail -n 30 "$work/log" >&2; exit 1; }
program=${PLUMB_ASSETS:-}/kustomize
[[ -x $program ]] || program=$(tests/controlplane/build.sh kustomize 2>/dev/null | tail -n 1 || true)/kustomize
library=$work/kustomizebench
(cd tests/controlplane/oracles && CGO_ENABLED=0 GOWORK=off GOFLAGS='' go build -o "$library" ./kustomizebench) 2>>"$work/log" || library=

# A small, an argo-cd-sized and two CRD-heavy trees, by the bytes that they print: the last one is kube-prometheus (5.8 MB).
mapfile -t dirs < <(python3 - "$work/trees" <<'PY'
import json, os, sys
root = sys.argv[1]
cases = [c for name in os.listdir(root) if name.startswith("cases") for c in json.load(open(os.path.join(root, name)))]
sized = sorted((os.path.getsize(os.path.join(root, c["golden"])), c["dir"]) for c in cases if c.get("golden") and os.path.exists(os.path.join(root, c["golden"])))
pick = [next((c for c in sized if c[0] >= limit), sized[-1]) for limit in (2_000, 100_000, 1_000_000, 1_900_000, 3_000_000, 5_000_000)]
print("\n".join(dict.fromkeys(d for _, d in pick)))
PY
)
PLUMB_BENCH_KUSTOMIZE=$work/trees PLUMB_BENCH_DIRS=$(printf '%s\n' "${dirs[@]}") \
  build-bench/tests/bench/kustomize_bench --benchmark_min_time=0.5 --benchmark_format=json >"$work/json" 2>"$work/err" || { cat "$work/err" >&2; exit 1; }
plumb_ms() { python3 -c 'import json, sys
for b in json.load(open(sys.argv[1]))["benchmarks"]:
    if b["name"] == sys.argv[2]: print("%.3f" % b["cpu_time"])' "$work/json" "$1"; }
# The best of five runs of a program.
program_ms() {
  python3 -c 'import resource, subprocess, sys
best = None
for _ in range(5):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    took = (after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime) * 1000
    best = took if best is None else min(best, took)
print("%.3f" % best)' "$@"
}
ratio() { awk "BEGIN { printf \"%.0f\", $1 / $2 }"; }

printf '%-72s %10s %10s %22s %22s\n' tree bytes plumb 'kustomize program' 'kustomize library'
for dir in "${dirs[@]}"; do
  ours=$(plumb_ms "BM_Tree/$dir") bytes=$(python3 -c 'import json, os, sys
root = sys.argv[1]
print(next(os.path.getsize(os.path.join(root, c["golden"])) for n in os.listdir(root) if n.startswith("cases") for c in json.load(open(os.path.join(root, n))) if c["dir"] == sys.argv[2]))' "$work/trees" "$dir")
  theirs=- loop=-
  if [[ -x $program ]]; then ms=$(program_ms "$program" build "$work/trees/$dir"); theirs="$ms ms ($(ratio "$ms" "$ours")x)"; fi
  if [[ -n $library ]]; then ms=$("$library" -n 5 "$work/trees/$dir" 2>/dev/null | awk '{ print $2 }'); loop="$ms ms ($(ratio "$ms" "$ours")x)"; fi
  printf '%-72s %10s %7s ms %22s %22s\n' "${dir#inputs/}" "$bytes" "$ours" "$theirs" "$loop"
done
for name in BM_Objects/10 BM_Objects/100 BM_Objects/1000 BM_Objects/10000 BM_Megabytes/1 BM_Megabytes/5 BM_Generators/1000 BM_Generators/5000 BM_Patches/1000 BM_Patches/4000 BM_ThousandOverlays; do
  printf '%-72s %21s ms\n' "$name" "$(plumb_ms "$name")"
done
memory_mb() { python3 -c 'import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)' "$@"; }
printf '%-72s %21s MB\n' 'resident memory: the last tree, all trees being in memory too' \
  "$(PLUMB_BENCH_KUSTOMIZE=$work/trees PLUMB_BENCH_DIRS=${dirs[-1]} memory_mb build-bench/tests/bench/kustomize_bench --benchmark_min_time=0.1 --benchmark_filter=BM_Tree)"
[[ ! -x $program ]] || printf '%-72s %21s MB\n' 'the same, kustomize program' "$(memory_mb "$program" build "$work/trees/${dirs[-1]}")"
