#!/usr/bin/env bash
# Builds tests/controlplane/yamloracle, the Go program that Plumb's YAML is compared with, and prints its path.
#
# Exit codes: 0 it is there, 77 skipped (and why). The program lands in ${PLUMB_CACHE:-~/.cache/plumb}/yamloracle.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../tests/controlplane"

skip() { echo "yaml-oracle: skipped: $*" >&2; exit 77; }

go=$(command -v go || echo /usr/local/go/bin/go)
[[ -x $go ]] || skip "no Go here; install Go 1.26 or later"
out=${PLUMB_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/plumb}/yamloracle
mkdir -p "$out"
GOTOOLCHAIN=local GOWORK=off GOFLAGS='' "$go" build -trimpath -buildvcs=false -o "$out/yamloracle" ./yamloracle >&2 ||
  skip "the Go modules cannot be had, or do not build"
echo "$out/yamloracle"
