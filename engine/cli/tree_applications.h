// The Applications that a repository itself holds, read from its tree at one revision.
#pragma once

#include <string>
#include <vector>

#include "core/tree.h"
#include "engine/loop/application.h"

namespace plumb::cli {

// What `path` of the tree has: the documents of a file, or of the files right in a directory, all of which must be Applications.
// `path` "" looks through the whole tree, and passes over documents of other kinds and files that are no YAML.
// Places in them stay as written, with Application::origin for those that are relative.
//
// Errors: kInvalid "file:line: ...", kNotFound, kLimit (more than 20,000 files to look through).
Result<std::vector<Application>> ApplicationsOfTree(const Tree& tree, const std::string& path);

}  // namespace plumb::cli
