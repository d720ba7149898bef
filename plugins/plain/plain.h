// The renderer of plain manifests: every YAML and JSON document below a directory, or in one file, is a manifest.
#pragma once

#include "core/result.h"
#include "plugins/renderer.h"

namespace plumb {

// Reads *.yaml, *.yml and *.json in bytewise order of their paths, documents in the order of the file. Files and
// directories whose name begins with '.' are left out, and so are directories behind symlinks; `path` may name one file,
// whatever its name. A list (any kind that ends in "List" with items and without a name) stands for its items.
//
// Options: `recurse` (bool, true), `include` and `exclude` (a pattern or a list of them, core/glob.h, matched against
// paths below `path`; exclude wins).
//
// Every object is checked (CheckManifest), an object given twice is an error that names both places. A path without any
// manifest renders to nothing, with a warning. Pure; thread-safe.
// Errors: kInvalid "deploy/web.yaml:7:3: ...", kLimit of RenderLimits, kNotFound, and those of the tree.
Result<Rendered> RenderPlain(const RenderRequest& request);

}  // namespace plumb
