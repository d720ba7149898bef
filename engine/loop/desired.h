// From a source's tree to its manifests: picks the renderer and calls it. Used by the loop and by the commands.
//
// Pure but for reading the tree; thread-safe.
#pragma once

#include <memory>

#include "engine/loop/application.h"
#include "plugins/renderer.h"

namespace plumb {

// Renders `source` from its tree with the renderer it names, else the one that its files call for.
// Errors: of the renderer, with "render" in front; kInvalid for a renderer that Plumb does not have, naming it.
Result<Rendered> RenderSource(const Tree& tree, const ApplicationSource& source, const RenderLimits& limits = {});

// What a render depends on: equal keys render the same. "" where the tree has no addresses (then render anew).
std::string RenderKey(const Tree& tree, const ApplicationSource& source);

}  // namespace plumb
