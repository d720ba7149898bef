#!/usr/bin/env bash
# `make lint`: formatting of what changed against a base, shell scripts, include directions, clang-tidy on changed sources.
# usage: lint.sh [BASE]   (default: the commit before; files changed since are looked at)
set -euo pipefail
cd "$(dirname "$0")/.."
base=${1:-HEAD~1}
git rev-parse -q --verify "$base" >/dev/null || base=$(git rev-list --max-parents=0 HEAD | tail -1)
mapfile -t changed < <(git diff --name-only --diff-filter=d "$base" -- '*.cc' '*.h')
failed=0

echo "formatting of ${#changed[@]} changed files (advice)"
for file in "${changed[@]}"; do
  clang-format-16 "$file" | diff -q "$file" - >/dev/null || echo "  $file: 'clang-format-16 -i' would change it"
done

echo "shell scripts"
for script in scripts/*.sh tests/controlplane/*.sh; do bash -n "$script" || failed=1; done

echo "include directions"
[ -f build/build.ninja ] || cmake --preset release >/dev/null
ninja -C build house_test >/dev/null && build/tests/house/house_test --gtest_brief=1 || failed=1

echo "clang-tidy"
# By what is printed, not by how it ends: one file that does not compile must not hide what is said of the others.
findings=$({ printf '%s\n' "${changed[@]}" | grep '\.cc$' | xargs -r -P "$(nproc)" -I{} clang-tidy-16 -p build --quiet {} 2>/dev/null || true; } |
  grep -E 'warning:|error:' || true)
[ -z "$findings" ] || { echo "$findings"; failed=1; }
exit $failed
