#!/usr/bin/env bash
# Puts the programs of a real Kubernetes control plane, and the renderers that Plumb is compared with, into a cache folder
# outside the checkout. The last line on stdout is that folder; everything else goes to stderr.
#
# Exit codes: 0 all that was asked for is there, 1 a build failed, 2 bad usage, 77 skipped (and why).
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
readonly here
readonly all_programs=(kube-apiserver etcd kubectl kube-controller-manager kube-scheduler kubemark
  helm kustomize yamlbench kubectl-1.20)
readonly min_go_minor=26
# Part of the cache's key: raise it when the way of building changes and the pins do not.
readonly recipe=1

usage() {
  cat <<EOF
usage: build.sh [PROGRAM...]

Makes the named programs available (default: all but rawbench) and prints their folder.
Programs: ${all_programs[*]} rawbench

PLUMB_KUBERNETES=1.32 takes the API server of that minor instead, pinned in kubernetes-1.32/go.mod; all else stays.
Searched in this order: the folder in KUBEBUILDER_ASSETS, the cache, a build from Go modules (Go >= 1.$min_go_minor).
The cache is \${PLUMB_CACHE:-\${XDG_CACHE_HOME:-~/.cache}/plumb}/controlplane/PINS, PINS being a hash of the pinned versions.
kubectl-1.20 is Debian's; where apt does not offer it, it is missing, which only matters when it is asked for by name.
rawbench, the bare API client, is built each time from \${PLUMB_SHARED:-../shared beside the project}/bench/rawbench.
EOF
}

say() { printf 'controlplane: %s\n' "$*" >&2; }
skip() { say "skipped: $*"; exit 77; }
fail() { say "$*"; exit 1; }

# The versions that the binaries carry come from the pins, so that there is one place to change them.
pinned() { awk -v module="$2" '$1 == module { print $2; exit }' "$here/$1"; }

# k8s_flags MODFILE VERSION: what Kubernetes' own build sets. kubectl and the user agent read client-go's copy.
k8s_flags() {
  local version=$1 minor package
  minor=${version#v1.} minor=${minor%%.*}
  for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
    printf -- '-X %s.gitVersion=%s -X %s.gitMajor=1 -X %s.gitMinor=%s -X %s.gitTreeState=clean ' \
      "$package" "$version" "$package" "$package" "$minor" "$package"
  done
}

# helm_flags: without them helm says that it is v3.17 of no commit, and templates for Kubernetes 1.20.
helm_flags() {
  local helm client_go minor package
  helm=$(pinned oracles/go.mod helm.sh/helm/v3)
  client_go=$(pinned oracles/go.mod k8s.io/client-go)
  minor=${client_go#v0.} minor=${minor%%.*}
  printf -- '-X helm.sh/helm/v3/internal/version.version=%s -X helm.sh/helm/v3/internal/version.metadata= ' "$helm"
  for package in helm.sh/helm/v3/pkg/chartutil helm.sh/helm/v3/pkg/lint/rules; do
    printf -- '-X %s.k8sVersionMajor=1 -X %s.k8sVersionMinor=%s ' "$package" "$package" "$minor"
  done
}

# find_go: the go command, if it is new enough. Prints its path, or says why not and fails.
find_go() {
  local go version minor
  for go in "$(command -v go || true)" /usr/local/go/bin/go; do
    [[ -x $go ]] || continue
    version=$(GOTOOLCHAIN=local "$go" env GOVERSION 2>/dev/null) || continue
    minor=${version#go1.} minor=${minor%%[!0-9]*}
    if [[ -n $minor ]] && ((minor >= min_go_minor)); then
      printf '%s\n' "$go"
      return 0
    fi
  done
  return 1
}

# go_build MODULE_FOLDER LDFLAGS OUT PACKAGE...
# The user's GOFLAGS and workspace stay out of it: the result must follow from the pins alone, as the cache is keyed by them.
go_build() {
  local folder=$1 flags=$2 out=$3
  shift 3
  # Without our lock: what go leaves running in the background would keep it.
  (exec {lock}>&- && cd "$here" && cd "$folder" && CGO_ENABLED=0 GOTOOLCHAIN=local GOWORK=off GOFLAGS='' \
    "$go" build -trimpath -buildvcs=false -ldflags "-s -w $flags" -o "$out" "$@") >&2
}

# modules_reachable FOLDER MODULE: whether the pinned module is in Go's cache or can be fetched. Tells "no network" from "broken build".
modules_reachable() {
  (cd "$here/$1" && GOTOOLCHAIN=local GOWORK=off GOFLAGS='' "$go" mod download "$2") >&2
}

# debian_kubectl OUT: unpacks kubectl from Debian's package; it is not installed, so another kubectl on the machine stays as it is.
debian_kubectl() {
  local out=$1 dir
  if ! command -v apt-get >/dev/null || ! command -v dpkg >/dev/null; then
    say "kubectl-1.20: no apt here"
    return 1
  fi
  dir=$(mktemp -d "$staging/deb.XXXXXX")
  # apt drops its privileges to write the file, which a folder that only we may enter would forbid.
  chmod 755 "$staging" "$dir"
  if ! (cd "$dir" && apt-get download -qq kubernetes-client >/dev/null 2>&1); then
    # A new machine has no package lists yet.
    if [[ $(id -u) == 0 ]]; then apt-get update -qq >/dev/null 2>&1 || true; fi
    if ! (cd "$dir" && apt-get download -qq kubernetes-client >/dev/null 2>&1); then
      say "kubectl-1.20: apt offers no kubernetes-client"
      return 1
    fi
  fi
  dpkg -x "$dir"/kubernetes-client_*.deb "$dir/unpacked" || return 1
  if ! "$dir/unpacked/usr/bin/kubectl" version --client 2>/dev/null | grep -q 'v1\.20\.'; then
    say "kubectl-1.20: this Debian has another version"
    return 1
  fi
  mv "$dir/unpacked/usr/bin/kubectl" "$out"
}

missing_of() { # missing_of PROGRAM...: those that neither the given folder nor the cache holds
  local program
  for program in "$@"; do
    # The source of rawbench has no pin: it may have changed.
    if [[ $program != rawbench ]]; then
      [[ -z $assets || ! -x $assets/$program ]] || continue
      [[ ! -x $cache/$program ]] || continue
    fi
    printf '%s\n' "$program"
  done
}

finish() {
  if [[ -n $assets ]]; then
    mkdir -p "$folder"
    local program link
    for program in "${wanted[@]}"; do
      link=$cache/$program
      [[ -x $assets/$program ]] && link=$assets/$program
      [[ -x $link ]] || continue
      # Replaced by a rename, as another run may be using the link at this moment.
      ln -s "$link" "$folder/.$program.$$" && mv -fT "$folder/.$program.$$" "$folder/$program"
    done
  fi
  printf '%s\n' "$folder"
}

is_missing() { [[ " ${missing[*]} " == *" $1 "* ]]; }

publish() { # publish PROGRAM...
  local program
  for program in "$@"; do
    mv -f "$staging/$program" "$cache/$program"
  done
}

# build_group TITLE FOLDER MODULE LDFLAGS PROGRAM=PACKAGE...: builds those of the programs that are missing, in one go run.
build_group() {
  local title=$1 module_folder=$2 module=$3 flags=$4 pair programs=() packages=() begin=$SECONDS
  shift 4
  for pair in "$@"; do
    is_missing "${pair%%=*}" || continue
    programs+=("${pair%%=*}")
    packages+=("${pair#*=}")
  done
  ((${#programs[@]})) || return 0
  if [[ -z $go ]]; then
    unavailable+=("${programs[@]}")
    return 0
  fi
  modules_reachable "$module_folder" "$module" || skip "${programs[*]}: the Go module $module cannot be had here"
  say "building ${programs[*]} ($title) ..."
  local out=$staging/${programs[0]}
  # With several packages go build names each binary after its package's folder.
  ((${#programs[@]} == 1)) || out=$staging/
  go_build "$module_folder" "$flags" "$out" "${packages[@]}" || fail "building ${programs[*]} failed"
  publish "${programs[@]}"
  say "built ${programs[*]} in $((SECONDS - begin)) s"
}

# older_server MINOR: builds the API server pinned in kubernetes-MINOR/go.mod into a folder of its own, which then counts as given,
# and prints the folder.
older_server() {
  local pins=kubernetes-$1 version folder go
  [[ -f $here/$pins/go.mod ]] || { say "PLUMB_KUBERNETES=$1: there is no '$pins/go.mod'"; exit 2; }
  version=$(awk '$2 == "k8s.io/kubernetes" { print $3; exit }' "$here/$pins/go.mod")
  folder=$cache_root/$pins-$( (cd "$here/$pins" && cat go.mod go.sum && echo "recipe $recipe $(uname -sm)") | sha256sum | cut -c1-16)
  mkdir -p "$folder"
  (
    lock=9  # go_build closes it for what go leaves running
    flock "$lock"
    [[ ! -x $folder/kube-apiserver ]] || exit 0
    go=$(find_go) || skip "kube-apiserver $version: needs Go >= 1.$min_go_minor"
    modules_reachable "$pins" k8s.io/kubernetes || skip "kube-apiserver $version: its Go modules cannot be had here"
    say "building kube-apiserver $version ..."
    go_build "$pins" "$(k8s_flags "$version")" "$folder/.new" k8s.io/kubernetes/cmd/kube-apiserver || fail 'building kube-apiserver failed'
    mv -f "$folder/.new" "$folder/kube-apiserver"
  ) 9>"$folder/.lock" || exit $?
  printf '%s\n' "$folder"
}

# One function, so that bash has read all of this file before a build that takes minutes: it may be edited meanwhile.
main() {
  for arg in "$@"; do
    case $arg in
      -h | --help) usage; exit 0 ;;
    esac
    if [[ " ${all_programs[*]} rawbench " != *" $arg "* ]]; then
      say "unknown program '$arg'; known are: ${all_programs[*]} rawbench"
      exit 2
    fi
  done
  wanted=("$@")
  ((${#wanted[@]})) || wanted=("${all_programs[@]}")

  cache_root=${PLUMB_CACHE:-${XDG_CACHE_HOME:-${HOME:?HOME is not set, set PLUMB_CACHE}/.cache}/plumb}/controlplane
  if [[ -n ${PLUMB_KUBERNETES:-} && $(pinned go.mod k8s.io/kubernetes) != "v$PLUMB_KUBERNETES".* ]]; then
    KUBEBUILDER_ASSETS=$(older_server "$PLUMB_KUBERNETES") || exit $?
  fi
  pins=$( (cd "$here" && cat go.mod go.sum oracles/go.mod oracles/go.sum yamlbench/main.go && echo "recipe $recipe $(uname -sm)") |
    sha256sum | cut -c1-16)
  cache=$cache_root/$pins
  folder=$cache
  assets=${KUBEBUILDER_ASSETS:-}
  if [[ -n $assets ]]; then
    [[ -d $assets ]] || fail "KUBEBUILDER_ASSETS: '$assets' is not a folder"
    # Given programs come first but must not get into the folder of the pinned ones: they get a folder of links.
    assets=$(cd "$assets" && pwd)
    folder=$cache_root/$pins-assets-$(printf '%s' "$assets" | sha256sum | cut -c1-8)
  fi

  mapfile -t missing < <(missing_of "${wanted[@]}")
  # By default kubectl-1.20 is taken along where it can be had; one failed attempt is remembered, so that runs stay fast.
  if ((!$#)) && [[ "${missing[*]}" == kubectl-1.20 && -e $cache/.no-kubectl-1.20 ]]; then
    missing=()
  fi
  if ((!${#missing[@]})); then
    finish
    exit 0
  fi

  mkdir -p "$cache"
  exec {lock}>"$cache/.lock"
  if ! flock -n "$lock"; then
    say "another build is running, waiting for it"
    flock "$lock"
  fi
  mapfile -t missing < <(missing_of "${wanted[@]}")
  # Builds go into a folder beside the result, on the same file system: a rename publishes each, whole or not at all.
  # Those that are there belong to builds that were killed: we hold the lock.
  rm -rf "$cache"/.staging.*
  staging=$(mktemp -d "$cache/.staging.XXXXXX")
  trap 'rm -rf "$staging"' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM

  go=$(find_go) || go=
  no_go="needs Go >= 1.$min_go_minor or KUBEBUILDER_ASSETS"
  unavailable=()

  kubernetes=$(pinned go.mod k8s.io/kubernetes)
  etcd=$(pinned go.mod go.etcd.io/etcd/server/v3)
  kustomize=$(pinned oracles/go.mod sigs.k8s.io/kustomize/kustomize/v5)
  k8s=k8s.io/kubernetes
  # What a test needs first comes first. Programs share most of their packages: one go run for several overlaps compiling and linking.
  build_group "etcd $etcd" . go.etcd.io/etcd/server/v3 '' etcd=go.etcd.io/etcd/server/v3
  build_group "Kubernetes $kubernetes" . $k8s "$(k8s_flags "$kubernetes")" \
    kube-apiserver=$k8s/cmd/kube-apiserver kubectl=$k8s/cmd/kubectl \
    kube-controller-manager=$k8s/cmd/kube-controller-manager kube-scheduler=$k8s/cmd/kube-scheduler kubemark=$k8s/cmd/kubemark
  build_group "sigs.k8s.io/yaml" . sigs.k8s.io/yaml '' yamlbench=./yamlbench
  build_group "helm $(pinned oracles/go.mod helm.sh/helm/v3)" oracles helm.sh/helm/v3 "$(helm_flags)" helm=helm.sh/helm/v3/cmd/helm
  build_group "kustomize $kustomize" oracles sigs.k8s.io/kustomize/kustomize/v5 \
    "-X sigs.k8s.io/kustomize/api/provenance.version=$kustomize" kustomize=sigs.k8s.io/kustomize/kustomize/v5

  if is_missing rawbench; then
    rawbench=${PLUMB_SHARED:-$here/../../../shared}/bench/rawbench
    [[ -f $rawbench/go.mod ]] || skip "rawbench: no folder '$rawbench', set PLUMB_SHARED"
    rawbench=$(cd "$rawbench" && pwd)
    [[ -n $go ]] || skip "rawbench: $no_go"
    go_build "$rawbench" '' "$staging/rawbench" . || fail 'building rawbench failed'
    publish rawbench
  fi

  if is_missing kubectl-1.20; then
    if debian_kubectl "$staging/kubectl-1.20"; then
      publish kubectl-1.20
      say "unpacked kubectl-1.20"
    elif (($#)); then
      unavailable+=(kubectl-1.20)
    else
      : >"$cache/.no-kubectl-1.20"
    fi
  fi

  if ((${#unavailable[@]})); then
    [[ "${unavailable[*]}" == kubectl-1.20 ]] && skip "kubectl-1.20 cannot be had here"
    skip "${unavailable[*]}: $no_go"
  fi
  finish
}

main "$@"
exit
