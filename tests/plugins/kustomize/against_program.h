// One kustomization through the kustomize program and through Plumb.
#pragma once

#include <filesystem>
#include <string>

#include "core/result.h"
#include "core/tree.h"

namespace plumb::kustomize {

// `kustomize` in the folder PLUMB_ASSETS (default ../cache/bin); it need not be there.
std::filesystem::path KustomizeProgram();

struct Comparison {
  bool crashed = false;   // the program did: it has no verdict
  bool renders = false;   // the program does
  bool same = false;      // the verdict, and where both render every byte and the fields that are called deprecated
  std::string program, plumb;  // what they print, or their errors
};

// `tree` has what is in `folder`. The program gets no git and no network. `free_loading`: files may come from anywhere;
// `functions`: programs of the tree are run, by both.
Result<Comparison> CompareWithProgram(const std::filesystem::path& folder, const Tree& tree, const std::string& root, bool free_loading, bool functions = false);

}  // namespace plumb::kustomize
