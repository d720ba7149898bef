#!/usr/bin/env bash
# Everything that `make test` runs: the real control plane's binaries, the build, every test, recorded cases, fuzz targets.
set -euo pipefail
cd "$(dirname "$0")/.."
jobs=${JOBS:-$(nproc)}

step() { printf '\n== %s\n' "$*"; }

step "building the program and its tests"
ninja -C build -j"$jobs" | tail -1

step "the real control plane (kube-apiserver, etcd, ...; cached outside the checkout)"
if assets=$(tests/controlplane/build.sh | tail -1) && [ -d "$assets" ]; then
  export PLUMB_ASSETS=$assets
  echo "using $assets"
else
  echo "skipped: no control plane could be had; the tests that need one will say so"
fi

step "tests"
ctest --test-dir build --output-on-failure --no-tests=error -j"$jobs"

step "recorded cases"
if [ -d "$PLUMB_CONFORMANCE" ]; then build/plumb_conformance; else echo "skipped: no folder $PLUMB_CONFORMANCE"; fi

step "fuzz targets, ${FUZZ_SECONDS:-60} s"
scripts/fuzz.sh "${FUZZ_SECONDS:-60}"

step "all green"
