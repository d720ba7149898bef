// Any small tree is rendered or refused, the same way each time: no crash, no memory or time beyond its bounds, never an
// internal error, and what is rendered can be explained.
//
// Input: files, each after a line "=== path"; "=== path -> target" is a symlink. The first directory with a kustomization
// is built; a line "=== options" has the application's options.
#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>

#include "core/memory_tree.h"
#include "core/yaml.h"
#include "plugins/kustomize/explain.h"
#include "plugins/kustomize/render.h"

using namespace plumb;

namespace {

struct Input {
  std::map<std::string, std::string> files, symlinks;
  std::string root, options;
};

Input Split(std::string_view text) {
  Input input;
  std::string* into = nullptr;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!line.starts_with("=== ")) {
      if (into) into->append(line).append("\n");
      continue;
    }
    std::string name(line.substr(4));
    into = nullptr;
    if (name == "options") {
      into = &input.options;
    } else if (const size_t arrow = name.find(" -> "); arrow != std::string::npos) {
      input.symlinks[name.substr(0, arrow)] = name.substr(arrow + 4);
    } else if (auto joined = JoinPath("", name); joined.ok() && !joined->empty()) {
      into = &input.files[*joined];
      const size_t slash = joined->rfind('/');
      const bool first = input.root.empty() && joined->substr(slash == std::string::npos ? 0 : slash + 1).starts_with("kustomization");
      if (first) input.root = slash == std::string::npos ? "." : joined->substr(0, slash);
    }
  }
  return input;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const Input input = Split({reinterpret_cast<const char*>(data), size});
  const MemoryTree tree(input.files, input.symlinks);
  RenderRequest request;
  request.tree = &tree;
  request.path = input.root == "." ? "" : input.root;
  request.limits = {.files = 1000, .file_bytes = 1 << 20, .total_bytes = 16 << 20, .objects = 2000};
  if (auto options = ParseYamlOne(input.options); options.ok()) request.options = *options;
  const auto first = RenderKustomize(request);
  const auto second = RenderKustomize(request);
  if (first.ok() != second.ok()) std::abort();
  if (!first.ok()) {
    if (first.error().code() == Code::kInternal || first.error().message() != second.error().message()) std::abort();
    return 0;
  }
  if (WriteManifests(first->manifests) != WriteManifests(second->manifests)) std::abort();
  if (first->manifests.empty()) return 0;
  const ObjectId id = IdOf(first->manifests[0].root());
  const auto explained = ExplainKustomize(request, id.kind + "/" + id.name);
  if (explained.ok()) static_cast<void>(explained->ToText());
  return 0;
}
