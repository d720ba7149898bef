// From a source's tree to its manifests: picks the renderer and calls it. Used by the loop and by the commands.
//
// Pure but for reading the tree; thread-safe.
#pragma once

#include <functional>
#include <memory>

#include "engine/loop/application.h"
#include "plugins/kustomize/build.h"
#include "plugins/renderer.h"

namespace plumb {

// What renders share, and what sources may ask for beyond their files; refused where it is empty.
struct RenderHelpers {
  std::function<std::unique_ptr<kustomize::RemoteBases>(const ApplicationSource&)> remote_bases{};  // for one render
  kustomize::FunctionRunner* functions = nullptr;  // runs programs of sources
  YamlCache* yaml = nullptr;                       // files parsed before
};

// Renders `source` from its tree with the renderer it names, else the one that its files call for.
// Errors: of the renderer, with "render" in front; kInvalid for a renderer that Plumb does not have, naming it.
Result<Rendered> RenderSource(const Tree& tree, const ApplicationSource& source, const RenderLimits& limits = {},
                              const RenderHelpers& helpers = {});

}  // namespace plumb
