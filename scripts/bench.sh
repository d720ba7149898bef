#!/usr/bin/env bash
# `make bench`: every measurement that docs/performance.md quotes. Each prints its own ratios, measured in this one run.
set -euo pipefail
cd "$(dirname "$0")/.."
step() { printf '\n== %s\n' "$*"; }

step "building"
cmake --preset release >/dev/null && ninja -C build plumb | tail -1
cmake --preset bench >/dev/null && ninja -C build-bench | tail -1

step "YAML to tree"
scripts/bench-yaml.sh
step "kustomize"
scripts/bench-kustomize.sh
step "comparing and predicting"
scripts/bench-diff.sh
for program in build-bench/tests/bench/*_bench; do
  [ -x "$program" ] && [ "$(basename "$program")" != apply_bench ] || continue  # bench-diff.sh has run that one
  step "$(basename "$program")"
  "$program" --benchmark_min_time=0.3 2>/dev/null
done
step "apply"
scripts/bench-apply.sh
step "run"
scripts/bench-run.sh
step "many applications"
scripts/bench-scale.sh
