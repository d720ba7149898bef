// Objects of random kustomizations that are well-formed: the kinds that refer to each other, in any style that YAML has.
#pragma once

#include <string>

#include "tests/plugins/kustomize/random_dice.h"

namespace plumb::kustomize {

// The objects of one base, as one YAML stream. `tail` is a part of every name, so that two bases can be one kustomization's.
// Always there: Deployment web, Service web and ServiceAccount robot (with the tail).
std::string RichObjects(Dice& dice, const std::string& tail);

}  // namespace plumb::kustomize
