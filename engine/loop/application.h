// The user's one document: which source is rendered how and kept true on which cluster, and by what policy.
//
// The same form in a file (`plumb run --config`) and as an object in a cluster. `plumb explain application` prints it
// with every default. Plain values.
#pragma once

#include <string>
#include <vector>

#include "core/clock.h"
#include "core/object.h"
#include "sources/git_spec.h"

namespace plumb {

struct ApplicationSource {
  GitSpec git;                          // used where its url is not empty
  std::string directory;                // instead of git: a local directory
  std::string path;                     // below the source's root; "" is the root
  std::string renderer;                 // "plain", "kustomize"; "" is recognised from the files
  Document options;                     // the renderer's own map
};

struct ApplicationSync {
  bool automatic = true;                     // apply without being asked
  bool prune = true;                         // delete what left git (only what this application's inventory owns)
  bool self_heal = true;                     // put back what was changed by others
  bool create_namespace = true;              // make the target namespace where it is absent
  Duration interval = std::chrono::minutes(3);  // between looks at the source; with jitter
  Duration timeout = std::chrono::minutes(10);  // of one sync, health included
};

struct Application {
  std::string name;
  std::string record_namespace = "default";  // where its inventory lives: the document's own namespace
  std::vector<ApplicationSource> sources;  // one or more; their manifests are joined
  std::string target_namespace = "default";
  ApplicationSync sync;
  size_t delete_budget = 10;   // a plan that deletes more is held
  Document ignore;             // list of ignore rules (docs/diff.md), or null
  Origin origin;               // where it was read

  std::string fingerprint;     // digest of the whole spec: a change means a new sync
};

// Reads one Application document. Errors: kInvalid, naming the field, what was expected and a near name.
Result<Application> ParseApplication(const Document& document);

// Reads every *.yaml, *.yml and *.json of a file or directory (not its subdirectories). Documents of other kinds are an
// error; so are two Applications of one name. Relative `directory` and git paths are relative to the file.
// Errors: kInvalid "file:line: ...", kNotFound, kInvalid where there is not a single Application.
Result<std::vector<Application>> LoadApplications(const std::string& file_or_directory);

// The example that `plumb explain application` prints: every field, its default and its meaning.
std::string_view ApplicationReference();

}  // namespace plumb
