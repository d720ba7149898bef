// Generators, transformers and validators that are programs of the source itself (KRM functions): an annotation of their
// configuration says which one to run. A program gets a ResourceList on standard input and gives one on standard output.
//
// This room starts no program: whoever starts the build hands in what does (FunctionRunner, build.h). Containers, and
// plugins that are installed on the machine, do not run. Source: Kustomize 5.5, fnplugin and kyaml kio ResourceList v1.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "plugins/kustomize/build.h"
#include "plugins/kustomize/loader.h"
#include "plugins/kustomize/res_map.h"

namespace plumb::kustomize {

// The program that the configuration names; nullopt where it names none. Errors: kDenied for a container, kInvalid.
Result<std::optional<FunctionRunner::Program>> FunctionOf(const Resource& config);

// What the program makes of no objects. Errors: kDenied where programs are not allowed, those of running it, kInvalid
// where it does not answer with objects.
Result<std::vector<Resource>> GenerateByFunction(Build& build, const Loader& loader, const Resource& config,
                                                 const FunctionRunner::Program& program);
// Puts all objects through the program: changes, adds and removes by id.
Status TransformByFunction(Build& build, const Loader& loader, const Resource& config, const FunctionRunner::Program& program,
                           ResMap& map);

}  // namespace plumb::kustomize
