// What `plumb explain application` prints: every field of an Application, its default and its meaning.
#include "engine/loop/application.h"

namespace plumb {

std::string_view ApplicationReference() {
  return R"(# An Application: sources kept true on one cluster. Only spec.sources is needed; other values shown are the defaults.
apiVersion: plumb.dev/v1alpha1
kind: Application
metadata:
  name: shop                        # names the inventory, metrics and log lines
  namespace: default                # where the inventory is kept; in a file it must exist
  # finalizers: [plumb.dev/delete]  # deleting the Application object deletes what it made; without, all of it stays
spec:
  project: ""                       # the Project whose rules hold; "" is none
  sources:                          # one or more; their manifests are joined
  - git:
      url: https://git.example/shop.git   # https, ssh, file, or a local path (relative to this file)
      revision: ""                  # branch, tag, semver range (^1.2) or commit; "" is the remote's HEAD
      submodules: false
      # credentials: {secret: NAME}  # of an object in a cluster: a Secret beside it with username, password, token,
      #                              # ssh-privatekey, known_hosts, ca.crt
      # credentials:                 # in a file: secrets come from files or the environment, never from this document
      #   {username: git, passwordFile: f, passwordEnv: V, tokenFile: f, tokenEnv: V, caFile: f, sshKeyFile: f, knownHostsFile: f}
    # directory: ./deploy           # instead of git, in a file: a local directory
    path: ""                        # the directory in the source to render; "" is its root
    # plain: {recurse: true, include: [], exclude: []}   # the renderer with its options; recognised from the files
    # kustomize: {namePrefix: p-, images: [nginx=nginx:2]}   # where none is named; options: docs/kustomize.md
  target:
    cluster: ""                     # a registered cluster; "" is the one that Plumb runs in or was given
    namespace: default              # for objects that name none
    identity: ""                    # UID of the cluster's kube-system namespace: nothing is written to any other; "" is the first one seen
  suspend: false                    # true: neither sync nor heal
  sync:
    auto: true                      # apply without being asked
    prune: true                     # delete what left git: only what this application's inventory owns
    selfHeal: true                  # put back what others changed
    createNamespace: true           # make the target namespace where it is absent
    interval: 3m                    # between looks at the source (a webhook is immediate)
    timeout: 10m                    # of one sync, health included
    retry: {first: 1s, max: 5m}     # after a failure: the first pause, which doubles, and the longest; limit: N ends it
    windows: []                     # when changes may go out: [{kind: allow, schedule: "0 22 * * 1-5", duration: 8h, timeZone: Europe/Berlin, manual: true}]
  budget:                           # held until approved: what deletes or replaces more than both; one given alone counts alone
    deletes: 10                     # objects
    percent: 20                     # of what the application has
    window: 10m                     # what was removed this long ago, without approval, counts too
  ignore: []                        # fields that others may own: [{kind: Deployment, fields: [spec.replicas]}] (docs/diff.md)
  dependsOn: []                     # other applications that come first: [{name: base, ready: healthy}]; or ready: synced
  history: 10                       # revisions that the status remembers
)";
}

}  // namespace plumb
