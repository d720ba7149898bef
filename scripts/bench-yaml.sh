#!/usr/bin/env bash
# usage: scripts/bench-yaml.sh [DIRECTORY]
# How fast YAML becomes a tree: Plumb, yaml-cpp and Go's sigs.k8s.io/yaml (the program yamlbench of tests/controlplane,
# where it is built) over the same files, printed as MB/s and as ratios. Without DIRECTORY: the kustomizations and their
# renders of the conformance cases, ${PLUMB_CONFORMANCE:-../shared/conformance}/kustomize/kust-dev.tar.xz.
#
# Exit codes: 0 measured, 1 failed, 77 skipped (no files).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
corpus=${1:-}
if [[ -z $corpus ]]; then
  archive=${PLUMB_CONFORMANCE:-../shared/conformance}/kustomize/kust-dev.tar.xz
  [[ -f $archive ]] || { echo "bench-yaml: skipped: no files; name a directory, or set PLUMB_CONFORMANCE" >&2; exit 77; }
  mkdir "$work/corpus" && tar -xJf "$archive" -C "$work/corpus"
  corpus=$work/corpus
fi
# The same files for all: those that Plumb reads are those that count, so templates are left out by their braces.
find "$corpus" -type f \( -name '*.yaml' -o -name '*.yml' -o -name '*.out' \) -print0 | xargs -0 grep -L '{{' | sort >"$work/files"

cmake --preset bench >"$work/log" && ninja -C build-bench bench_yaml >>"$work/log" || { tail -n 30 "$work/log" >&2; exit 1; }
PLUMB_BENCH_YAML=$work/files build-bench/tests/bench/bench_yaml --benchmark_min_time=2 --benchmark_format=json >"$work/json" 2>"$work/err" ||
  { cat "$work/err" >&2; exit 1; }
rate() { awk -v name="\"$1\"," '$1 == "\"name\":" { on = $2 == name } on && $1 == "\"bytes_per_second\":" { printf "%.1f", $2 / 1e6; exit }' "$work/json"; }

ours=$(rate BM_YamlToTree) cpp=$(rate BM_YamlCppToNodes)
echo "files: $(wc -l <"$work/files"), $(xargs cat <"$work/files" | wc -c) bytes of YAML"
printf 'YAML to tree     %8s MB/s\n' "$ours"
printf 'yaml-cpp         %8s MB/s   plumb is %.1f times as fast\n' "$cpp" "$(awk "BEGIN { print $ours / $cpp }")"
yamlbench=$(tests/controlplane/build.sh yamlbench 2>/dev/null | tail -n 1 || true)
if [[ -x $yamlbench/yamlbench ]]; then
  go=$(xargs -x -s 1500000 "$yamlbench/yamlbench" -n 3 -json <"$work/files" | sed -n 's/.*"bestMBPerSecond":\([0-9.]*\).*/\1/p' | head -n 1)
  printf 'sigs.k8s.io/yaml %8.1f MB/s   plumb is %.1f times as fast\n' "$go" "$(awk "BEGIN { print $ours / $go }")"
else
  echo "sigs.k8s.io/yaml  skipped: tests/controlplane/build.sh yamlbench did not build it"
fi
printf 'tree to YAML     %8s MB/s\nJSON to tree     %8s MB/s\ntree to JSON     %8s MB/s\n' "$(rate BM_TreeToYaml)" "$(rate BM_JsonToTree)" "$(rate BM_TreeToJson)"
