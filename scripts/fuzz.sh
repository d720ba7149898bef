#!/usr/bin/env bash
# usage: scripts/fuzz.sh [SECONDS [TARGET...]]
# Builds the fuzz targets with clang and runs them for SECONDS in all (60), from the seeds in tests/fuzz/seeds. What they
# learn stays in build-fuzz/corpus; an input that breaks a property is kept in build-fuzz/crashes, and printed.
#
# Exit codes: 0 nothing found, 1 a property was broken or the build failed, 2 bad usage, 77 skipped (no clang-16).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

seconds=${1:-60}
shift || true
if [[ ! $seconds =~ ^[0-9]+$ ]]; then
  sed -n '2,6s/^# //p' "$0" >&2
  [[ $seconds == -h || $seconds == --help ]] && exit 0
  exit 2
fi
command -v clang++-16 >/dev/null || { echo "fuzz: skipped: clang-16 is not installed (apt install clang-16)" >&2; exit 77; }

targets=("$@")
if [[ ${#targets[@]} -eq 0 ]]; then
  mapfile -t targets < <(sed -n 's/^plumb_fuzzer(\([a-z0-9_]*\).*/\1/p' tests/fuzz/CMakeLists.txt)
fi
[[ -f build-fuzz/build.ninja ]] || cmake --preset fuzz >build-fuzz.log 2>&1 || { cat build-fuzz.log >&2; exit 1; }
rm -f build-fuzz.log
ninja -C build-fuzz "${targets[@]}" >build-fuzz/build.log 2>&1 || { tail -n 40 build-fuzz/build.log >&2; exit 1; }

each=$((seconds / ${#targets[@]}))
((each > 0)) || each=1
mkdir -p build-fuzz/crashes
failed=0
for target in "${targets[@]}"; do
  mkdir -p "build-fuzz/corpus/$target" "tests/fuzz/seeds/$target"
  log=build-fuzz/$target.log
  if "build-fuzz/tests/fuzz/$target" -max_total_time="$each" -max_len=2048 -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
    -artifact_prefix=build-fuzz/crashes/"$target"- "build-fuzz/corpus/$target" "tests/fuzz/seeds/$target" >"$log" 2>&1; then
    echo "$target: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") inputs in $each s, nothing found"
  else
    echo "$target: failed" >&2
    tail -n 40 "$log" >&2
    failed=1
  fi
done
exit $failed
