#!/usr/bin/env bash
# `make manifests`: what is made of other things in charts/ and deploy/, so that there is one truth: the CRDs as `plumb crds` prints
# them, and the plain manifests as helm renders the chart. A test fails where they are not current.
# usage: manifests.sh [--check DIR]   (writes into DIR instead, for the test)
set -euo pipefail
cd "$(dirname "$0")/.."
plumb=${PLUMB_PROGRAM:-$PWD/build/plumb}
out=$PWD
[ "${1:-}" != --check ] || { out=$2; mkdir -p "$out/charts"; cp -r charts/plumb "$out/charts/"; }
helm=${PLUMB_ASSETS:+$PLUMB_ASSETS/helm}
[ -x "$helm" ] || helm=$(tests/controlplane/build.sh helm | tail -1)/helm
[ -x "$helm" ] || { echo "manifests: helm cannot be had here (tests/controlplane)" >&2; exit 1; }

crds=$out/charts/plumb/files/crds
mkdir -p "$crds" "$out/deploy"
rm -f "$crds"/*.yaml
"$plumb" crds | awk -v dir="$crds" '/^---$/ {close(file); file = ""; next} {text = text $0 "\n"} /^  name: .*\.plumb\.dev$/ {file = dir "/" $2 ".yaml"}
  file {printf "%s", text >file; text = ""}'
{
  echo "# Plumb in a cluster, with the chart's defaults: 'kubectl apply --server-side -f deploy/plumb.yaml'. Made by 'make manifests' from"
  echo "# charts/plumb; with values of your own: 'helm template plumb charts/plumb --namespace plumb-system --values FILE'."
  echo "apiVersion: v1"
  echo "kind: Namespace"
  echo "metadata:"
  echo "  name: plumb-system"
  echo "  labels:"
  echo "    pod-security.kubernetes.io/enforce: restricted"
  echo "    pod-security.kubernetes.io/warn: restricted"
  "$helm" template plumb "$out/charts/plumb" --namespace plumb-system | sed 's|app.kubernetes.io/managed-by: Helm|app.kubernetes.io/managed-by: kubectl|'
} >"$out/deploy/plumb.yaml"
