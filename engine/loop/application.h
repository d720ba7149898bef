// The user's one document: which source is rendered how and kept true on which cluster, and by what policy.
//
// The same form in a file (`plumb run --config`) and as an object in a cluster. `plumb explain application` prints it
// with every default. Plain values.
#pragma once

#include <string>
#include <vector>

#include "core/clock.h"
#include "core/object.h"
#include "engine/health/health_rules.h"
#include "engine/loop/windows.h"
#include "sources/git_spec.h"

namespace plumb {

inline constexpr std::string_view kPlumbApiVersion = "plumb.dev/v1alpha1";

struct ApplicationSource {
  GitSpec git;                          // used where its url is not empty
  std::string secret;                   // of an object in a cluster: the Secret beside it with the credentials of `git`
  std::string directory;                // instead of git: a local directory
  std::string path;                     // below the source's root; "" is the root
  std::string renderer;                 // "plain", "kustomize"; "" is recognised from the files
  Document options;                     // the renderer's own map
};

struct RetryPolicy {
  int limit = -1;                                // failures in a row after which it waits for a change; -1: none
  Duration first = std::chrono::seconds(1);      // after the first failure; doubles
  Duration max = std::chrono::minutes(5);
};

struct ApplicationSync {
  bool automatic = true;                     // apply without being asked
  bool prune = true;                         // delete what left git (only what this application's inventory owns)
  bool self_heal = true;                     // put back what was changed by others
  bool create_namespace = true;              // make the target namespace where it is absent
  Duration interval = std::chrono::minutes(3);  // between looks at the source; with jitter
  Duration timeout = std::chrono::minutes(10);  // of one sync, health included
  RetryPolicy retry;
  SyncWindows windows;
};

// How much may be deleted and replaced without anybody's word: what is more than `deletes` objects and also more than `percent`
// of the inventory is held. What earlier plans removed within `window` counts, unless it was approved.
struct Budget {
  size_t deletes = 10;
  size_t percent = 20;
  Duration window = std::chrono::minutes(10);
};

// Another application that comes first.
struct Dependency {
  std::string ns, name;
  bool healthy = true;  // it has to be healthy; false: synced is enough
};

struct Application {
  std::string ns = "default";  // the document's own namespace: where its inventory lives
  std::string name;
  int64_t generation = 0;      // of an object in a cluster; 0 of a file
  std::string project;         // "": no rules of a project hold
  std::vector<ApplicationSource> sources;  // one or more; their manifests are joined
  std::string target_cluster;  // "": the cluster that Plumb runs in or was given
  std::string target_namespace = "default";
  std::string target_identity;  // UID of the target's kube-system namespace; "": the first one seen
  bool suspend = false;
  ApplicationSync sync;
  std::vector<Dependency> depends_on;
  std::vector<std::string> takes_over;  // other applications, "namespace/name", whose objects become this one's: it was renamed
  Budget budget;
  Document ignore;             // list of ignore rules (docs/diff.md), or null
  HealthRules health;          // that go before those of the sources and Plumb's own (docs/health.md)
  bool deleting = false;       // of an object in a cluster: it is being deleted, and with it what it made
  size_t history_limit = 10;   // revisions that the status remembers
  Origin origin;               // where it was read

  std::string fingerprint;     // digest of the whole spec: a change means a new sync

  std::string key() const { return ns + "/" + name; }  // what tells applications apart
};

// Where a document was found: objects in a cluster are written by people who must not reach the controller's own files.
enum class Place : uint8_t { kFile, kCluster };

// Reads one Application document. Errors: kInvalid, naming the field, what was expected and a near name.
Result<Application> ParseApplication(const Document& document, Place place = Place::kFile);

// Reads every *.yaml, *.yml and *.json of a file or directory (not its subdirectories). Documents of other kinds are an
// error; so are two Applications of one namespace and name. Relative `directory` and git paths are relative to the file.
// Errors: kInvalid "file:line: ...", kNotFound, kInvalid where there is not a single Application.
Result<std::vector<Application>> LoadApplications(const std::string& file_or_directory);

// "https://git.example/shop.git//deploy" of each source, without credentials: what the inventory remembers. "" where a source is a
// directory or a repository on this machine, which are copied and moved as one likes.
std::string SourceText(const Application& application);

// The example that `plumb explain application` prints: every field, its default and its meaning.
std::string_view ApplicationReference();

}  // namespace plumb
