// Random kustomizations that nearly always render, each deep in a few features: what the wild ones (random_tree.h) seldom
// get as far as. Components, generators across bases, patches of all forms, replacements, custom configurations and schemas.
#pragma once

#include <cstdint>

#include "tests/plugins/kustomize/random_tree.h"

namespace plumb::kustomize {

// The same tree for the same seed, on any machine.
RandomTree MakeRichTree(uint64_t seed);

}  // namespace plumb::kustomize
