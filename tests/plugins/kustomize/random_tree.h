// Random kustomizations: small trees of bases, components, overlays, patches, generators and replacements, mostly valid; every
// field of kustomization.yaml occurs.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace plumb::kustomize {

struct RandomTree {
  std::map<std::string, std::string> files, symlinks;
  bool free_loading = false;  // files may come from anywhere: LoadRestrictionsNone
  std::string root;  // the directory to build
};

// The same tree for the same seed, on any machine.
RandomTree MakeRandomTree(uint64_t seed);

}  // namespace plumb::kustomize
