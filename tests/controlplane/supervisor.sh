#!/usr/bin/env bash
# Owns the processes of one test cluster: starts them, stays their parent, and takes them with it. cluster.sh starts it.
#
# Nothing outlives it: every program asks the kernel to be killed with its parent, so not even kill -9 leaves one behind.
# It ends, and removes the data, on TERM, when the process in --watch exits, when its DIR is removed, or when a start fails.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/controlplane/lib.sh
source "$here/lib.sh"

dir=$1 bin=$2 with=$3 timeout=$4 starter=$5 watch=$6
shift 6
users=() extra_args=()
for word in "$@"; do
  case $word in
    user=*) users+=("${word#user=}") ;;
    arg=*) extra_args+=("${word#arg=}") ;;
  esac
done

# A descriptor that a caller forgot to close (a pipe, a lock) would otherwise stay open as long as the cluster lives.
for fd in /proc/self/fd/*; do
  fd=${fd##*/}
  # Bash keeps this script itself open.
  if ((fd > 2)) && [[ ! /proc/self/fd/$fd -ef ${BASH_SOURCE[0]} ]]; then eval "exec $fd>&-"; fi
done

umask 077
identity $$
me=$REPLY
printf '%s\n' "$me" >"$dir/supervisor"
begin=${EPOCHREALTIME/[.,]/}
declare -A pids=() tokens=()
data='' port=''

elapsed_ms() { printf '%s\n' "$(((${EPOCHREALTIME/[.,]/} - begin) / 1000))"; }

progress() {
  local ms
  ms=$(elapsed_ms)
  printf '%s (%d.%d s)\n' "$*" $((ms / 1000)) $((ms % 1000 / 100)) >>"$dir/progress"
}

# set_state WORD...: published whole, as cluster.sh may read at any time.
set_state() {
  printf '%s\n' "$*" >"$dir/state.new"
  mv -f "$dir/state.new" "$dir/state"
}

tear_down() {
  trap '' TERM INT HUP
  # Killed, not asked: nothing of theirs is kept, and a polite API server takes seconds to leave.
  local name
  for name in "${!pids[@]}"; do kill -KILL "${pids[$name]}" 2>/dev/null || true; done
  wait 2>/dev/null || true
  [[ -z $data ]] || remove_data "$data"
  # Only if DIR is still ours: it may have been removed, and made again by another cluster. A failure is for cluster.sh to read.
  first_line "$dir/supervisor"
  [[ $REPLY == "$me" ]] || return 0
  first_line "$dir/state"
  [[ $REPLY == failed* ]] || remove_traces "$dir"
}
trap tear_down EXIT
trap 'exit 0' TERM INT HUP

fail() { # fail PROGRAM REASON: cluster.sh shows the tail of that program's log
  set_state "failed $*"
  exit 1
}

# orphaned: whether nobody needs the cluster any more.
orphaned() {
  if [[ -n $starter ]] && ! same_process "$starter"; then return 0; fi
  if [[ -n $watch ]] && ! same_process "$watch"; then return 0; fi
  first_line "$dir/supervisor"
  [[ $REPLY != "$me" ]]
}

# run NAME COMMAND...: in the background, as our child, dying with us. Its log is DIR/logs/NAME.log, its number is in DIR/pids/NAME.
run() {
  local name=$1 arg
  shift
  local command=("$@")
  # Later flags win over ours.
  for arg in "${extra_args[@]}"; do
    [[ $arg != "$name":* ]] || command+=("${arg#*:}")
  done
  printf '+ %s\n' "${command[*]}" >>"$dir/logs/$name.log"
  setpriv --pdeathsig KILL -- "${command[@]}" </dev/null >>"$dir/logs/$name.log" 2>&1 &
  pids[$name]=$!
  printf '%s\n' "${pids[$name]}" >"$dir/pids/$name"
}

alive() {
  identity "${pids[$1]}"
  [[ -n $REPLY ]]
}

# until_ready WHAT PROGRAM COMMAND...: polls until the command succeeds, the program dies, or the time is over.
until_ready() {
  local what=$1 program=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    alive "$program" || return 1
    ! orphaned || exit 1
    (($(elapsed_ms) < timeout * 1000)) || fail "$program" "$what: not ready after $timeout s"
    snooze 0.1
  done
}

port_open() { (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; }
as_admin() { "$bin/kubectl" --kubeconfig="$dir/kubeconfig" --request-timeout=2s "$@"; }
ready() {
  # curl asks at a tenth of the cost, while the API server needs the cores to start.
  if command -v curl >/dev/null; then
    curl -sf --noproxy '*' --max-time 2 --cacert "$dir/pki/ca.crt" "https://127.0.0.1:$port/readyz"
  else
    as_admin get --raw=/readyz
  fi
}

# free_port: below the ports that the kernel hands out by itself, so that no outgoing connection sits on it.
# Another process can still take it before the API server does: starting it is tried again then.
free_port() {
  while :; do
    port=$((20000 + SRANDOM % 10000))
    port_open || return 0
  done
}

new_key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1"; }

# signed NAME SUBJECT EXTENSIONS: a key and a certificate from our authority.
signed() {
  new_key "$dir/pki/$1.key"
  openssl req -new -key "$dir/pki/$1.key" -subj "$2" |
    openssl x509 -req -days 30 -CA "$dir/pki/ca.crt" -CAkey "$dir/pki/ca.key" -set_serial "0x$(openssl rand -hex 8)" \
      -extfile <(printf '%s\n' "$3") -out "$dir/pki/$1.crt" 2>/dev/null
}

make_pki() {
  mkdir -p "$dir/pki"
  new_key "$dir/pki/ca.key"
  openssl req -x509 -new -key "$dir/pki/ca.key" -days 30 -subj /CN=plumb-test-ca -out "$dir/pki/ca.crt" \
    -addext 'keyUsage=critical,digitalSignature,keyCertSign' 2>/dev/null
  signed apiserver /CN=kube-apiserver \
    'subjectAltName=IP:127.0.0.1,IP:10.0.0.1,DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc
extendedKeyUsage=serverAuth'
  signed admin-cert /O=system:masters/CN=admin-cert 'extendedKeyUsage=clientAuth'
  new_key "$dir/pki/service-account.key"
}

# write_kubeconfig FILE USER CREDENTIAL-LINE...
write_kubeconfig() {
  local file=$1 user=$2
  shift 2
  cat >"$file" <<EOF
apiVersion: v1
kind: Config
current-context: $user@plumb-test
clusters:
- name: plumb-test
  cluster:
    server: https://127.0.0.1:$port
    certificate-authority-data: $(base64 -w0 "$dir/pki/ca.crt")
contexts:
- name: $user@plumb-test
  context: {cluster: plumb-test, user: $user}
users:
- name: $user
  user:
$(printf '    %s\n' "$@")
EOF
}

# make_users: the token file, read once by the API server. "admin" may everything; the others what RBAC gives to them: at first nothing.
make_users() {
  local spec name groups
  for spec in admin:system:masters reader "${users[@]}"; do
    name=${spec%%:*} groups=
    if [[ $spec == *:* ]]; then groups=",\"${spec#*:}\""; fi
    tokens[$name]=$(openssl rand -hex 16)
    printf '%s,%s,%s%s\n' "${tokens[$name]}" "$name" "$name" "$groups" >>"$dir/tokens.csv"
  done
}

write_access() {
  local name
  for name in "${!tokens[@]}"; do
    write_kubeconfig "$dir/kubeconfig-$name" "$name" "token: ${tokens[$name]}"
  done
  write_kubeconfig "$dir/kubeconfig-admin-cert" admin-cert \
    "client-certificate-data: $(base64 -w0 "$dir/pki/admin-cert.crt")" "client-key-data: $(base64 -w0 "$dir/pki/admin-cert.key")"
  mv -f "$dir/kubeconfig-admin" "$dir/kubeconfig"
  {
    printf 'KUBECONFIG=%q\n' "$dir/kubeconfig"
    printf 'KUBECACHEDIR=%q\n' "$KUBECACHEDIR"
    printf 'PLUMB_CLUSTER_SERVER=https://127.0.0.1:%s\n' "$port"
    printf 'PLUMB_CLUSTER_CA=%q\n' "$dir/pki/ca.crt"
    printf 'PLUMB_CLUSTER_TOKEN=%s\n' "${tokens[admin]}"
    printf 'PLUMB_CLUSTER_READER_TOKEN=%s\n' "${tokens[reader]}"
    printf 'PLUMB_CLUSTER_BIN=%q\n' "$bin"
  } >"$dir/env"
}

start_etcd() {
  # Unix sockets: no port to find, and nobody else on the machine can reach a store that asks for no password.
  run etcd "$bin/etcd" --name=default --data-dir="$data/etcd" --unsafe-no-fsync --log-level=warn \
    --listen-client-urls="unix://$data/etcd.sock" --listen-peer-urls="unix://$data/peer.sock" \
    --advertise-client-urls=http://127.0.0.1:2379
}

start_kube-apiserver() {
  # advertise-address: an address set aside for documentation, or a machine without a default route could not start one.
  run kube-apiserver "$bin/kube-apiserver" --etcd-servers="unix://$data/etcd.sock" \
    --bind-address=127.0.0.1 --secure-port="$port" --advertise-address=192.0.2.1 \
    --tls-cert-file="$dir/pki/apiserver.crt" --tls-private-key-file="$dir/pki/apiserver.key" --client-ca-file="$dir/pki/ca.crt" \
    --service-account-key-file="$dir/pki/service-account.key" --service-account-signing-key-file="$dir/pki/service-account.key" \
    --service-account-issuer=https://kubernetes.default.svc --service-cluster-ip-range=10.0.0.0/16 \
    --token-auth-file="$dir/tokens.csv" --authorization-mode=RBAC --allow-privileged
}

start_kube-controller-manager() {
  run kube-controller-manager "$bin/kube-controller-manager" --kubeconfig="$dir/kubeconfig" --leader-elect=false --secure-port=0 \
    --service-account-private-key-file="$dir/pki/service-account.key" --root-ca-file="$dir/pki/ca.crt"
}

start_kube-scheduler() {
  run kube-scheduler "$bin/kube-scheduler" --kubeconfig="$dir/kubeconfig" --leader-elect=false --secure-port=0
}

kubelet_roots() { { grep -oE '/tmp/hollow-kubelet\.[0-9]+ as root dir' "$dir/logs/kubelet.log" || true; } 2>/dev/null | cut -d' ' -f1; }

start_kubelet() {
  local known
  known=$(kubelet_roots | wc -l)
  # One hollow node stands for many, so it may ask more often. Without the fake image service its pods would stay Pending.
  run kubelet "$bin/kubemark" --morph=kubelet --name=hollow-0 --kubeconfig="$dir/kubeconfig" --kubelet-port=0 \
    --kubelet-read-only-port=0 --max-pods=2000 --use-host-image-service=false --kube-api-qps=100 --kube-api-burst=200
  # Its folder is always in /tmp, and only its log tells the name.
  while alive kubelet && (($(kubelet_roots | wc -l) == known)); do snooze 0.05; done
  kubelet_roots >"$data/outside"
}

start_apiserver_on_free_port() {
  local tries
  for tries in 1 2 3 4 5; do
    free_port
    write_access
    start_kube-apiserver
    if until_ready 'open port' kube-apiserver port_open && until_ready /readyz kube-apiserver ready; then
      return 0
    fi
    # Anything but a lost race for the port will not get better.
    grep -q 'address already in use' "$dir/logs/kube-apiserver.log" || break
    progress "port $port was taken meanwhile, try $tries"
  done
  fail kube-apiserver "exited while starting"
}

start_all() {
  data=$(mktemp -d "$(scratch_parent)/${scratch_prefix}XXXXXX")
  printf '%s\n' "$me" >"$data/owner"
  ln -sfn "$data" "$dir/data"
  # kubectl caches what a server offers by its address, and ours have the addresses of earlier ones.
  export KUBECACHEDIR=$data/kubectl-cache
  mkdir -p "$dir/pids" "$dir/restart"
  start_etcd
  make_pki
  make_users
  start_apiserver_on_free_port
  alive etcd || fail etcd "exited while starting"
  progress "kube-apiserver is ready on https://127.0.0.1:$port"

  local program
  for program in controller-manager scheduler kubelet; do
    [[ ,$with, == *,$program,* ]] || continue
    [[ $program == kubelet ]] || program=kube-$program
    "start_$program"
  done
  # What their users rely on: pods need the default account, and a node that takes them.
  if [[ ,$with, == *,controller-manager,* ]]; then
    until_ready 'default account' kube-controller-manager as_admin get serviceaccount default -n default ||
      fail kube-controller-manager "exited while starting"
    progress 'kube-controller-manager is working'
  fi
  if [[ ,$with, == *,kubelet,* ]]; then
    until_ready 'node' kubelet as_admin wait --for=condition=Ready node/hollow-0 --timeout=2s || fail kubelet "exited while starting"
    progress "node 'hollow-0' is ready"
  fi
  # The scheduler has no door to knock at, but wrong flags make it leave at once.
  if [[ ,$with, == *,scheduler,* && ,$with, != *,kubelet,* ]]; then snooze 0.3; fi
  for program in "${!pids[@]}"; do
    alive "$program" || fail "$program" "exited while starting"
  done
}

# restart_asked: cluster.sh leaves a file of the program's name. What was running is killed, as in a crash.
restart_asked() {
  local request program
  for request in "$dir"/restart/*; do
    [[ -e $request ]] || continue
    program=${request##*/}
    kill -KILL "${pids[$program]}" 2>/dev/null || true
    wait "${pids[$program]}" 2>/dev/null || true
    "start_$program"
    rm -f "$request"
  done
}

main() {
  start_all
  # From here on the cluster may outlive the script that started it.
  starter=
  set_state ready
  while ! orphaned; do
    restart_asked
    snooze 0.2
  done
}

main
