#!/usr/bin/env bash
# The main job of Plumb in one minute of reading: a git push becomes a deployment, a hand-made change becomes drift,
# drift is healed. Runs on the embedded cluster in a temporary folder; leaves nothing behind.
set -euo pipefail
cd "$(dirname "$0")/.."
plumb=$PWD/build/plumb

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ] && [ "${TERM:-dumb}" != dumb ]; then bold=$'\e[1m' dim=$'\e[2m' reset=$'\e[0m'; export CLICOLOR_FORCE=1; else bold='' dim='' reset=''; fi
say() { printf '\n%s== %s%s\n' "$bold" "$*" "$reset"; }
note() { printf '%s%s%s\n' "$dim" "$*" "$reset"; }

work=$(mktemp -d)
pids=()
finish() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  wait 2>/dev/null || true
  rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM

# Waits until the timeline has the nth line of that pattern: the demo goes on when something happened, not after a time.
# (Two blanks after the word: that is how the timeline pads it, with colours and without.)
await() {
  local pattern=$1 count=$2 tries=0
  until [ "$(grep -cE "$pattern" "$work/timeline" || true)" -ge "$count" ]; do
    if ! kill -0 "$run" 2>/dev/null || [ $((tries++)) -ge 200 ]; then
      echo "the demo waited for '$pattern' in vain; the log says:" >&2
      tail -20 "$work/log" >&2
      exit 1
    fi
    sleep 0.05
  done
}

say "a cluster inside this process's reach (plumb sandbox) and an empty git repository"
$plumb sandbox --listen 127.0.0.1:0 --write-kubeconfig "$work/kubeconfig" >"$work/sandbox.log" 2>&1 &
pids+=($!)
for _ in $(seq 100); do [ -s "$work/kubeconfig" ] && break; sleep 0.05; done
export KUBECONFIG=$work/kubeconfig
git init -q --bare -b main "$work/shop.git"
git clone -q "$work/shop.git" "$work/clone" 2>/dev/null
git -C "$work/clone" config user.name "Demo"
git -C "$work/clone" config user.email "demo@example.org"

cat >"$work/application.yaml" <<EOF
apiVersion: plumb.dev/v1alpha1
kind: Application
metadata: {name: guestbook}
spec:
  sources: [{git: {url: $work/shop.git, revision: main}, path: deploy}]
  target: {namespace: guestbook}
EOF

# push TEXT: commits what changed in the clone, pushes it, and tells plumb as a git host would.
push() {
  git -C "$work/clone" add -A
  git -C "$work/clone" commit -q -m "$1"
  git -C "$work/clone" push -q origin HEAD:main
  curl -fsS -X POST "http://$address/webhook?url=$work/shop.git" >/dev/null
}

mkdir -p "$work/clone/deploy"
cp examples/guestbook/*.yaml "$work/clone/deploy/"
git -C "$work/clone" add -A
git -C "$work/clone" commit -q -m "guestbook: first version"
git -C "$work/clone" push -q origin HEAD:main

say "push 1: create. 'plumb run' follows the repository"
$plumb run --config "$work/application.yaml" --listen 127.0.0.1:0 --write-address "$work/address" --cache "$work/cache" \
  > >(tee "$work/timeline") 2>"$work/log" &
run=$!
pids+=("$run")
for _ in $(seq 100); do [ -s "$work/address" ] && break; sleep 0.05; done
address=$(cat "$work/address")
await 'healthy  ' 1

say "push 2: a new image and a changed ConfigMap"
sed -i 's|guestbook:v1|guestbook:v2|; s|greeting: hello|greeting: good morning|' "$work/clone/deploy/web.yaml"
push "guestbook: v2"
await 'healthy  ' 2

say "push 3: the cache goes"
git -C "$work/clone" rm -q deploy/cache.yaml
push "guestbook: no cache"
await 'healthy  ' 3

say "by hand, behind Plumb's back: scale web to 7 and change its greeting"
note "(what kubectl scale and kubectl edit would send)"
server=$(awk '/server:/ {print $2}' "$work/kubeconfig")
curl -fsS -X PATCH -H 'Content-Type: application/merge-patch+json' \
  "$server/apis/apps/v1/namespaces/guestbook/deployments/web?fieldManager=kubectl-scale" -d '{"spec":{"replicas":7}}' >/dev/null
curl -fsS -X PATCH -H 'Content-Type: application/merge-patch+json' \
  "$server/api/v1/namespaces/guestbook/configmaps/web?fieldManager=kubectl-edit" -d '{"data":{"greeting":"hacked"}}' >/dev/null
await 'healed  ' 2

say "a second look: nothing to do"
$plumb diff "$work/clone/deploy" --name guestbook --namespace guestbook

say "the metrics that it left"
curl -fsS "http://$address/metrics" | grep -E '^plumb_(sync|drift|self_heal|managed|commit_to_healthy|git_fetch|api_requests)' | grep -v _bucket

kill -TERM "$run"
wait "$run" || true
say "done: nothing is left running"
echo "go on:  build/plumb help                       the commands"
echo "        build/plumb explain application       the document that says what to follow"
echo "        build/plumb sandbox                   a cluster to play with (kubectl works on it)"
echo "        docs/getting-started.md               your own repository on your own cluster"
