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
  bool same = false;      // the verdict, and every byte where both render
  std::string program, plumb;  // what they print, or their errors
};

// `tree` has what is in `folder`. The program gets no git and no network. `free_loading`: files may come from anywhere.
Result<Comparison> CompareWithProgram(const std::filesystem::path& folder, const Tree& tree, const std::string& root, bool free_loading);

}  // namespace plumb::kustomize
