// Renders a tree that a test spells out.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "core/memory_tree.h"
#include "core/yaml.h"
#include "plugins/kustomize/render.h"

namespace plumb {

using Files = std::map<std::string, std::string>;

inline Result<Rendered> RenderFiles(const Files& files, std::string_view options = "", std::string path = "", const kustomize::Helpers& helpers = {}) {
  const MemoryTree tree(files);
  RenderRequest request;
  request.tree = &tree;
  request.path = std::move(path);
  request.options = *ParseYamlOne(options);
  return RenderKustomize(request, helpers);
}

// What is printed, or "error: ...".
inline std::string TextOf(const Files& files, std::string_view options = "", std::string path = "", const kustomize::Helpers& helpers = {}) {
  const auto rendered = RenderFiles(files, options, std::move(path), helpers);
  return rendered.ok() ? WriteManifests(rendered->manifests) : "error: " + rendered.error().message();
}

}  // namespace plumb
