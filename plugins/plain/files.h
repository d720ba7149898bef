// Which files of a tree the plain renderer reads.
#pragma once

#include <string>
#include <vector>

#include "core/glob.h"
#include "core/result.h"
#include "plugins/renderer.h"

namespace plumb::plain {

struct Options {
  bool recurse = true;
  std::vector<Glob> include;  // empty: all
  std::vector<Glob> exclude;
};

// Errors: kInvalid, naming the option, with a suggestion for a misspelt one.
Result<Options> ParseOptions(Value options);

// Paths of the files to read, in bytewise order. Errors: those of the tree; kLimit.
Result<std::vector<std::string>> FindFiles(const RenderRequest& request, const Options& options);

}  // namespace plumb::plain
