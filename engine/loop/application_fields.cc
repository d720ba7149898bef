// The tables of an Application's and a Project's fields, and `plumb explain application`, which is made from them.
#include <fmt/core.h>

#include "engine/loop/application.h"
#include "engine/loop/field_table.h"

namespace plumb {

namespace {

constexpr std::string_view kApplication = R"(
project: string = "" | the Project whose rules hold; "" is none
sources: list! | one or more; their manifests are joined
  git: map+ | a git repository
    url: string! ~ https://git.example/shop.git | https, ssh; in a file also a local path (relative to this file)
    revision: string = "" | branch, tag, semver range (^1.2) or commit; "" is the remote's HEAD
    submodules: bool = false | fetch submodules too
    credentials: map | where its credentials are
      secret: string@cluster ~ shop-git | a Secret beside the Application with username, password, token, ssh-privatekey, known_hosts, ca.crt
      username: string@file ~ git | secrets come from files or the environment, never from this document
      passwordFile: string@file ~ password.txt | a file with the password or access token
      passwordEnv: string@file ~ GIT_PASSWORD | or the variable that has it
      tokenFile: string@file ~ token.txt | a file with a token, sent as a bearer token
      tokenEnv: string@file ~ GIT_TOKEN | or the variable that has it
      caFile: string@file ~ ca.pem | authorities to trust instead of the system's
      sshKeyFile: string@file ~ id_ed25519 | the key of an ssh address
      knownHostsFile: string@file ~ known_hosts | the host keys to accept
  directory: string@file ~ ./deploy | instead of git: a local directory
  path: string = "" | the directory in the source to render; "" is its root
  plain: map | plain manifests; recognised from the files where no renderer is named
    recurse: bool ~ true | directories within `path` too
    include: strings ~ ['*.yaml'] | files to read; globs
    exclude: strings ~ ['*-test.yaml'] | files to leave out
  kustomize: map | a kustomization, with options that go before its own (docs/kustomize.md)
    namePrefix: string ~ team- | before every name
    nameSuffix: string ~ -v2 | after every name
    namespace: string ~ shop | of every object
    images: any ~ [web=registry.example/web:1.2] | a list of texts, or of {name, newName, newTag, tagSuffix, digest}
    replicas: list | how many of each
      name: string! ~ web | of the Deployment, StatefulSet, ...
      count: int(0..2147483647)! ~ 3 | replicas
    labels: list | more labels
      pairs: texts! ~ {team: web} | the labels
      includeSelectors: bool ~ false | in selectors too
      includeTemplates: bool ~ false | in pod templates too
    commonLabels: texts ~ {team: web} | labels, in selectors too
    commonAnnotations: texts ~ {team: web} | annotations of every object
    components: strings ~ [components/tls] | directories of the source
    ignoreMissingComponents: bool ~ false | leave out those that are not there
    buildMetadata: strings ~ [originAnnotations] | what the objects say of their origin: originAnnotations, transformerAnnotations, managedByLabel
    patches: list | changes of objects
      path: string ~ patch.yaml | a file of the source
      patch: string ~ '[{op: remove, path: /spec/replicas}]' | or the patch itself: strategic merge, or JSON 6902
      target: map | the objects it is for; without it, the one that the patch names
        group: string ~ apps | of the API; regular expressions
        version: string ~ v1 | likewise
        kind: string ~ Deployment | likewise
        name: string ~ web.* | likewise
        namespace: string ~ shop | likewise
        labelSelector: string ~ app=web | as kubectl's
        annotationSelector: string ~ team=web | likewise
      options: map | what the patch may change beyond fields
        allowNameChange: bool ~ false | the name
        allowKindChange: bool ~ false | the kind
    postBuild: map | variables in the rendered manifests
      substitute: texts ~ {region: eu} | their values
      substituteFrom: list | more of them
        file: string! ~ vars.yaml | a ConfigMap or Secret in the source
      strict: bool ~ false | a variable without a value is an error
      substituteStrategy: choice(WithVariables,Always) ~ WithVariables | whether a manifest has to name it first
    loadRestrictor: choice(rootOnly,none) ~ rootOnly | whether files outside of the directory may be read
    order: choice(legacy,none) ~ legacy | of the objects
target: map | where the objects go
  cluster: string = "" | a registered cluster; "" is the one that Plumb runs in or was given
  namespace: string = default | for objects that name none
  identity: string = "" | UID of the cluster's kube-system namespace: nothing is written to any other; "" is the first one seen
suspend: bool = false | true: neither sync nor heal
sync: map | when and how changes are carried out
  auto: bool = true | apply without being asked
  prune: bool = true | delete what left git: only what this application's inventory owns
  selfHeal: bool = true | put back what others changed
  createNamespace: bool = true | make the target namespace where it is absent
  interval: duration = 3m | between looks at the source (a webhook is immediate)
  timeout: duration = 10m | of one sync, health included
  retry: map | after a failure
    first: duration = 1s | the first pause; it doubles
    max: duration = 5m | the longest pause
    limit: int(0..1000000) ~ 5 | failures in a row after which it waits for a change; absent: none
  windows: list = [] | when changes may go out; none is always
    kind: choice(allow,deny) = allow | changes wait for an `allow` window, and for the end of a `deny` window
    schedule: string! ~ "0 22 * * 1-5" | cron expression of when it opens
    duration: duration! ~ 8h | how long it stays open
    timeZone: string = UTC | of the schedule: Europe/Berlin
    manual: bool = true | `plumb sync` does not wait for it
budget: map | held until approved: a plan that deletes or replaces more than both; one given alone counts alone
  deletes: int(0..1000000) ~ 10 | objects; 10 where neither is given
  percent: int(0..100) ~ 20 | of what the application has; 20 where neither is given
  window: duration = 10m | what was removed this long ago, without approval, counts too
ignore: list = [] | fields that others may own (docs/diff.md)
  group: string ~ apps | of the objects concerned; globs; absent: any
  kind: string ~ Deployment | likewise
  namespace: string ~ shop | likewise
  name: string ~ web-* | likewise
  labels: texts ~ {app: web} | each must be there; values are globs
  fields: strings ~ [spec.replicas] | paths of fields, everything below them included
  managers: strings ~ [istiod] | fields that these managers wrote
  jsonPointers: strings ~ [/spec/replicas] | as in Argo CD
  jqPathExpressions: strings ~ [.spec.replicas] | as in Argo CD
  managedFieldsManagers: strings ~ [istiod] | as in Argo CD
health: list = [] | when objects of a kind are ready: before .plumb/health.yaml of the sources and Plumb's own rules (docs/health.md)
  kinds: strings! ~ [Cart.shop.example] | Kind.group; * stands for any part of it
  rules: list! | the first that applies decides; none: progressing
    is: choice(healthy,suspended,progressing,degraded,unknown)! ~ degraded | what the object is then
    final: bool ~ true | of degraded: nothing waits for it any longer
    when: any ~ {condition: Failed} | a test, or a list of tests that must all hold: condition (status, reason, severity) or field (equals, same), of the object or of any or each item of a list; absent: always
    message: string ~ 'has failed: {status.reason}' | in a sentence; {status.phase} stands for the field
dependsOn: list = [] | other applications that come first
  name: string! ~ base | the application's name
  namespace: string ~ default | its namespace; absent: this one's own
  ready: choice(healthy,synced) = healthy | what it has to be
takesOver: strings ~ [shop-old] | other applications, name or namespace/name, whose objects become this one's: after a rename
history: int(1..100) = 10 | revisions that the status remembers
)";

constexpr std::string_view kStatus = R"(
observedGeneration: int(0..9223372036854775807) | the generation of the spec that this is the status of
summary: string | one sentence: how the application is, and why
phase: choice(Waiting,Progressing,Synced,Held,Failed,Suspended) | the first word of the summary
revision: string | the commit that the cluster is as: applied whole
shortRevision: string | its first ten digits
sourceRevision: string | the newest commit that the source has
subject: string | the first line of its message
synced: bool | the cluster is as the source says
healthy: bool | everything that was applied is ready
conditions: list | Ready always; Reconciling and Stalled only while they are true
  type: string! | Ready, Reconciling, Stalled
  status: string! | True, False, Unknown
  reason: string! | the phase
  message: string! | the summary
  lastTransitionTime: time! | when status changed last
  observedGeneration: int(0..9223372036854775807) | of the spec
plan: map | the last plan that had changes
  digest: string | of all that would change
  approval: string | of what is held until it is approved: what `plumb approve` names
  create: int(0..9223372036854775807) | objects to create
  change: int(0..9223372036854775807) | objects to change
  replace: int(0..9223372036854775807) | objects to delete and make anew
  delete: int(0..9223372036854775807) | objects to delete
  held: int(0..9223372036854775807) | steps that wait for approval
  blocked: int(0..9223372036854775807) | steps that cannot be carried out
objects: map | how many objects there are
  total: int(0..9223372036854775807) | that the source declares
  ready: int(0..9223372036854775807) | that are ready
  drifted: int(0..9223372036854775807) | of which somebody changed a declared field
resources: list | the objects, those that are not ready first; at most 100
  group: string | of the API
  kind: string | of the object
  namespace: string | of the object
  name: string | of the object
  health: string | healthy, progressing, degraded, missing, suspended, unknown
  message: string | why
  driftedFields: int(0..9223372036854775807) | declared fields that somebody changed
resourcesOmitted: int(0..9223372036854775807) | objects that are not listed
holds: list | why something does not move
  id: string | a stable word
  reason: string | in a sentence
  lift: string | what lifts it
  since: time | since when
history: list | the last revisions, the newest first
  revision: string | the commit
  plan: string | the digest of the plan
  by: string | who asked: auto, or a person
  result: choice(succeeded,failed,superseded) | what came of it
  message: string | the plan in a line, or the error
  started: time | when
  ended: time | when
  attempts: int(0..9223372036854775807) | how often it was tried
clusterIdentity: string | UID of the kube-system namespace of the cluster that was written to
handledSync: string | the last request of `plumb sync` that was answered
changed: time | when phase or revision changed last
)";

constexpr std::string_view kProject = R"(
description: string | what it is for
applications: strings = [] | namespaces whose Applications may name this project; globs; the project's own may always
repositories: strings = [] | addresses that sources may have; globs over the whole address; none is none
targets: list = [] | where objects may go; none is nowhere
  cluster: string = "" | a registered cluster, "" the one that Plumb runs in, "*" any
  namespaces: strings! ~ [shop, shop-*] | globs
kinds: map | what may be made there: Kind or Kind.group; globs
  namespaced: strings = ["*"] | kinds that live in a namespace
  cluster: strings = [] | kinds that do not; the target namespace itself may be made without
serviceAccount: map | who carries the steps out instead of Plumb itself: the cluster's own rules for it hold
  namespace: string! ~ shop | of the account
  name: string! ~ deployer | of the account
)";

}  // namespace

const FieldRow& ApplicationFields() {
  static const FieldRow fields = ParseFieldTable(kApplication);
  return fields;
}

const FieldRow& ApplicationStatusFields() {
  static const FieldRow fields = ParseFieldTable(kStatus);
  return fields;
}

const FieldRow& ProjectFields() {
  static const FieldRow fields = ParseFieldTable(kProject);
  return fields;
}

std::string_view ApplicationReference() {
  static const std::string text = fmt::format(
      "# An Application: sources kept true on one cluster. Only spec.sources is needed; other values shown are the defaults.\n"
      "apiVersion: {}\nkind: Application\nmetadata:\n"
      "  name: shop                             # names the inventory, metrics and log lines\n"
      "  namespace: default                     # where the inventory is kept; in a file it must exist\n"
      "  # finalizers: [plumb.dev/delete]       # deleting the Application object deletes what it made; without, all of it stays\n"
      "spec:\n{}",
      kPlumbApiVersion, WriteFieldReference(ApplicationFields(), 2));
  return text;
}

}  // namespace plumb
