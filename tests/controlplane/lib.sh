# shellcheck shell=bash
# What cluster.sh and supervisor.sh share: waiting and looking at processes without starting any, and the place of a cluster's data.

if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] < 501)) || [[ ! -r /proc/self/stat ]]; then
  echo 'skipped: the test cluster needs Linux and bash >= 5.1' >&2
  exit 77
fi

# snooze SECONDS: a sleep that forks nothing, on a pipe that nobody writes to. Polls are frequent and the cores are busy.
never=
snooze() {
  [[ -n $never ]] || exec {never}<> <(:)
  read -rt "$1" -u "$never" _ || true
}

# identity PID: sets REPLY to a word that only this process has, as the kernel uses numbers again; empty when it is gone or
# only waits to be reaped.
identity() {
  local line fields
  REPLY=
  { read -r line <"/proc/$1/stat"; } 2>/dev/null || return 0
  # The name, in parentheses, may hold spaces; after it come state (1st) and start time (20th).
  read -ra fields <<<"${line##*) }"
  [[ ${fields[0]} == [ZX] ]] || REPLY=$1-${fields[19]}
}

# same_process IDENTITY: whether the process that had this identity still runs.
same_process() {
  [[ -n $1 ]] || return 1
  identity "${1%%-*}"
  [[ $REPLY == "$1" ]]
}

# first_line FILE: sets REPLY to it, empty when there is no such file.
first_line() { { read -r REPLY <"$1"; } 2>/dev/null || REPLY=; }

# supervised DIR: sets REPLY to the identity of its supervisor, and succeeds when that runs.
supervised() {
  first_line "$1/supervisor"
  same_process "$REPLY"
}

# Where clusters keep their data: a tmpfs when there is one with room, as etcd writes a lot and none of it must survive.
scratch_parent() {
  local free
  if [[ -d /dev/shm && -w /dev/shm ]]; then
    free=$(df -Pk /dev/shm | awk 'NR == 2 { print $4 }')
    if ((free > 1024 * 1024)); then
      printf '/dev/shm\n'
      return
    fi
  fi
  printf '%s\n' "${TMPDIR:-/tmp}"
}
readonly scratch_prefix=plumb-controlplane.

# remove_data FOLDER: a cluster's data, and what its programs keep elsewhere.
remove_data() {
  local outside
  if [[ -f $1/outside ]]; then
    while read -r outside; do rm -rf "$outside"; done <"$1/outside"
  fi
  rm -rf "$1"
}

# remove_traces DIR: all that a cluster wrote there but its logs, and the data of clusters whose supervisor was killed:
# such a one could not do it itself.
remove_traces() {
  local folder
  rm -rf "$1"/{kubeconfig,kubeconfig-*,env,pids,pki,tokens.csv,data,restart,supervisor,state,state.new,progress}
  for folder in /dev/shm/"$scratch_prefix"* "${TMPDIR:-/tmp}/$scratch_prefix"*; do
    [[ -O $folder && -f $folder/owner ]] || continue
    first_line "$folder/owner"
    if [[ -n $REPLY ]] && ! same_process "$REPLY"; then remove_data "$folder"; fi
  done
}
