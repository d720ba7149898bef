#!/usr/bin/env bash
# Starts and stops a real Kubernetes control plane on loopback, without containers. Usage: see README.md beside this file.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/controlplane/lib.sh
source "$here/lib.sh"
readonly components=(controller-manager scheduler kubelet)

usage() {
  cat <<EOF
usage: cluster.sh start DIR [--with ${components[0]},${components[1]},${components[2]}] [--watch-pid PID]
                  [--user NAME[:GROUP,...]]... [--arg PROGRAM:FLAG]... [--bin FOLDER] [--timeout SECONDS]
       cluster.sh stop DIR
       cluster.sh status DIR
       cluster.sh restart DIR PROGRAM

start    runs etcd and kube-apiserver (and what --with names) and writes DIR/kubeconfig, DIR/env, DIR/pids and DIR/logs.
         --watch-pid  stops everything when that process exits
         --user       one more token user, with DIR/kubeconfig-NAME; "reader" is always there, without any rights
         --arg        one more flag, as in --arg kube-apiserver:--event-ttl=5m
         --bin        the folder of the programs (default: what build.sh finds)
         --timeout    how long a start may take (default 60)
stop     kills them and removes all but DIR/logs; nothing to stop is fine
status   prints the programs; exit code 0 when all run, 3 when stopped, 1 when some died
restart  kills one program and starts it again with its data, as after a crash

Exit codes: 0 done, 1 failed, 2 bad usage, 77 skipped because the programs cannot be had (and why).
EOF
}

say() { printf 'cluster: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }
bad_usage() { say "$*"; say "'cluster.sh --help' shows the usage"; exit 2; }

# Two commands for one folder at the same moment take turns. The lock goes with this process.
lock_folder() {
  mkdir -p "$1/logs"
  exec {lock}>"$1/logs/.lock"
  flock "$lock"
}

stop() {
  local dir=$1 supervisor i
  [[ -d $dir ]] || return 0
  if supervised "$dir"; then
    supervisor=$REPLY
    kill -TERM "${supervisor%%-*}" 2>/dev/null || true
    for ((i = 0; i < 100; i++)); do
      same_process "$supervisor" || break
      snooze 0.05
    done
    # Its programs die with it, see supervisor.sh.
    if same_process "$supervisor"; then kill -KILL "${supervisor%%-*}" 2>/dev/null || true; fi
  fi
  remove_traces "$dir"
}

start() {
  local dir=$1 with='' watch='' bin='' timeout=60 users=() args=() part
  shift
  while (($#)); do
    [[ $1 == --* ]] || bad_usage "start: unexpected '$1'"
    (($# > 1)) || bad_usage "start: '$1' needs a value, or is unknown"
    case $1 in
      --with) with=$2 ;;
      --watch-pid) watch=$2 ;;
      --user) users+=("user=$2") ;;
      --arg) args+=("arg=$2") ;;
      --bin) bin=$2 ;;
      --timeout) timeout=$2 ;;
      *) bad_usage "start: unknown option '$1'" ;;
    esac
    shift 2
  done
  for part in ${with//,/ }; do
    [[ " ${components[*]} " == *" $part "* ]] || bad_usage "start: --with: unknown '$part'; known are: ${components[*]}"
  done
  for part in "${users[@]}"; do
    [[ $part =~ ^user=[a-z0-9][a-z0-9-]*(:[A-Za-z0-9:._,-]+)?$ ]] || bad_usage "start: --user: '${part#user=}' is not NAME or NAME:GROUP,..."
    [[ ! $part =~ ^user=(admin|reader|admin-cert)(:|$) ]] || bad_usage "start: --user: '${part#user=}' is always there"
  done
  for part in "${args[@]}"; do
    [[ $part =~ ^arg=(etcd|kubelet|kube-(apiserver|controller-manager|scheduler)):-- ]] ||
      bad_usage "start: --arg: '${part#arg=}' is not PROGRAM:--FLAG"
  done
  [[ $timeout =~ ^[1-9][0-9]{0,4}$ ]] || bad_usage "start: --timeout: '$timeout' is not a number of seconds"
  if [[ -n $watch ]]; then
    [[ $watch =~ ^[0-9]+$ ]] || bad_usage "start: --watch-pid: '$watch' is not a process number"
    identity "$watch"
    [[ -n $REPLY ]] || fail "start: --watch-pid: no process $watch"
    watch=$REPLY
  fi
  for part in openssl setpriv; do
    command -v "$part" >/dev/null || { say "skipped: '$part' is not installed"; exit 77; }
  done

  if [[ -z $bin ]]; then
    local needed=(etcd kube-apiserver kubectl)
    [[ $with != *controller-manager* ]] || needed+=(kube-controller-manager)
    [[ $with != *scheduler* ]] || needed+=(kube-scheduler)
    [[ $with != *kubelet* ]] || needed+=(kubemark)
    # Passes on its exit code: 77 where they cannot be had.
    bin=$("$here/build.sh" "${needed[@]}")
  fi
  [[ -x $bin/kube-apiserver && -x $bin/etcd && -x $bin/kubectl ]] || fail "start: no kube-apiserver, etcd and kubectl in '$bin'"

  lock_folder "$dir"
  ! supervised "$dir" || fail "start: a cluster runs in '$dir' already"
  remove_traces "$dir"
  rm -f "$dir"/logs/*.log
  : >"$dir/progress"

  local starter line state supervisor
  identity $$
  starter=$REPLY
  # From here on an interrupted start takes the cluster with it: the supervisor watches us until it is ready.
  setsid "$here/supervisor.sh" "$dir" "$bin" "$with" "$timeout" "$starter" "$watch" "${users[@]}" "${args[@]}" \
    </dev/null >"$dir/logs/supervisor.log" 2>&1 &
  identity $!
  supervisor=$REPLY

  exec {lines}<"$dir/progress"
  while :; do
    first_line "$dir/state"
    state=$REPLY
    while read -ru "$lines" line; do say "$line"; done
    [[ $state != ready ]] || break
    if [[ $state == failed* ]] || ! same_process "$supervisor"; then
      show_failure "$dir" "$state"
      wait || true
      remove_traces "$dir"
      exit 1
    fi
    snooze 0.02
  done
  printf '%s\n' "$dir/kubeconfig"
}

show_failure() {
  local dir=$1 program=supervisor reason='ended without a word'
  if [[ $2 == failed* ]]; then read -r _ program reason <<<"$2"; fi
  say "$program $reason; the end of $dir/logs/$program.log:"
  tail -n 20 "$dir/logs/$program.log" | sed 's/^/  /' >&2 || true
}

status() {
  local dir=$1 file pid died=0
  if ! supervised "$dir"; then
    say "stopped"
    exit 3
  fi
  for file in "$dir"/pids/*; do
    first_line "$file"
    pid=$REPLY
    identity "$pid"
    if [[ -n $REPLY ]]; then
      printf '%-24s running  %s\n' "${file##*/}" "$pid"
    else
      printf '%-24s died     see %s\n' "${file##*/}" "$dir/logs/${file##*/}.log"
      died=1
    fi
  done
  exit "$died"
}

restart() {
  local dir=$1 program=$2 i
  supervised "$dir" || fail "restart: no cluster runs in '$dir'"
  [[ -f $dir/pids/$program ]] || fail "restart: '$program' is not one of: $(cd "$dir/pids" && echo *)"
  : >"$dir/restart/$program"
  while [[ -e $dir/restart/$program ]]; do
    supervised "$dir" || fail "restart: the cluster stopped"
    snooze 0.05
  done
  # Only an API server that is ready again is of use, and it needs etcd for that.
  # shellcheck source=/dev/null
  source "$dir/env"
  for ((i = 0; i < 300; i++)); do
    if "$PLUMB_CLUSTER_BIN/kubectl" --kubeconfig="$KUBECONFIG" --request-timeout=2s get --raw=/readyz >/dev/null 2>&1; then return 0; fi
    snooze 0.1
  done
  fail "restart: the API server is not ready after '$program' was started again"
}

main() {
  local command=${1:-} folder
  case $command in
    -h | --help) usage; exit 0 ;;
    start | stop | status | restart) ;;
    '') usage >&2; exit 2 ;;
    *) bad_usage "unknown command '$command'" ;;
  esac
  (($# >= 2)) || bad_usage "$command: which folder?"
  [[ $2 != -* ]] || bad_usage "$command: the folder comes before the options, not '$2'"
  if [[ $command == start ]]; then mkdir -p "$2"; fi
  if [[ ! -d $2 ]]; then
    [[ $command != stop ]] || exit 0
    say "stopped: there is no folder '$2'"
    [[ $command == status ]] && exit 3
    exit 1
  fi
  folder=$(cd "$(dirname "$2")" && pwd)/$(basename "$2")
  shift 2
  case $command in
    start) start "$folder" "$@" ;;
    restart) (($# == 1)) || bad_usage "restart: which program?"; restart "$folder" "$1" ;;
    stop | status) (($# == 0)) || bad_usage "$command: unexpected '$1'" ;;&
    stop) stop "$folder" ;;
    status) status "$folder" ;;
  esac
}

main "$@"
