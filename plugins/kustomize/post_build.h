// What Flux does to the objects of a kustomization after it was built: variables in them are replaced (`postBuild`).
//
// Pure functions over plain values; thread-safe.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/object.h"
#include "plugins/kustomize/config_reader.h"
#include "plugins/kustomize/loader.h"

namespace plumb::kustomize {

struct PostBuild {
  std::map<std::string, std::string> substitute;  // wins over the files
  std::vector<std::string> files;   // of `substituteFrom`: ConfigMaps or Secrets of the source; later ones win
  bool strict = true;               // ${VAR} without a default must be set
  bool always = false;              // replace though there is not a single variable (`substituteStrategy: Always`)
  bool given = false;
};

// Reads the `postBuild` map of the application's options. Errors: kInvalid, for references into the cluster too.
Status ReadPostBuild(ConfigReader& reader, PostBuild* out);

// Adds the variables of the files to `substitute`. Errors: those of reading them; kInvalid for another kind of object.
Status LoadVariables(const Loader& loader, PostBuild* out);

// Replaces the variables of one object: its YAML text is changed and read again, so that `replicas: ${N}` is a number.
// Objects with the label or annotation kustomize.toolkit.fluxcd.io/substitute: disabled stay as they are;
// plumb.dev/substitute: strict or lenient is stronger than PostBuild::strict.
// Errors: kInvalid, naming the object, the field and the variable, never a value.
Result<Document> Substitute(const PostBuild& post_build, const Document& object);

}  // namespace plumb::kustomize
