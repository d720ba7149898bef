#!/usr/bin/env bash
# Installs the Debian packages of the given kinds that are missing, saying which and why. Does nothing where all are there.
# usage: install-packages.sh build|run|test ...
set -euo pipefail
cd "$(dirname "$0")/.."

[ $# -gt 0 ] || { echo "usage: $0 build|run|test ..." >&2; exit 2; }
command -v dpkg-query >/dev/null || {
  echo "this is not a Debian machine: install the packages of scripts/packages.txt by hand, then run 'cmake --preset release && ninja -C build plumb'" >&2
  exit 1
}

wanted=$(awk -v kinds=" $* " '!/^#/ && NF {split($2, of, ","); for (i in of) if (index(kinds, " "of[i]" ")) {print $1; break}}' scripts/packages.txt)
# One call for all: a call for each would cost a second every time.
present=$(dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' 2>/dev/null | awk '$1 == "ii" {print $2}')
missing=$(comm -23 <(sort -u <<<"$wanted") <(sort -u <<<"$present"))
[ -n "$missing" ] || exit 0

echo "Plumb needs these Debian packages, which are not installed yet:"
for package in $missing; do
  awk -v p="$package" '$1 == p {printf "  %-28s ", $1; for (i = 3; i <= NF; i++) printf "%s ", $i; print ""}' scripts/packages.txt
done
as_root=()
if [ "$(id -u)" != 0 ]; then
  command -v sudo >/dev/null || { echo "installing them needs root: run 'apt-get install' on that list as root, then again" >&2; exit 1; }
  as_root=(sudo)
fi
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
echo "installing (apt-get update, apt-get install) ..."
"${as_root[@]}" apt-get update -q >"$log" 2>&1 || { cat "$log" >&2; exit 1; }
# shellcheck disable=SC2086
"${as_root[@]}" apt-get install -q -y --no-install-recommends $missing >"$log" 2>&1 || { tail -30 "$log" >&2; exit 1; }
echo "installed."
