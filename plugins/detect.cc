#include "plugins/detect.h"

#include <fmt/core.h>

namespace plumb {

namespace {
constexpr struct {
  std::string_view file;
  RendererKind kind;
} kMarks[] = {
    {"kustomization.yaml", RendererKind::kKustomize}, {"kustomization.yml", RendererKind::kKustomize},
    {"Kustomization", RendererKind::kKustomize},      {"Chart.yaml", RendererKind::kHelm},
    {"main.jsonnet", RendererKind::kJsonnet},
};
}  // namespace

std::string_view RendererName(RendererKind kind) {
  switch (kind) {
    case RendererKind::kPlain: return "plain";
    case RendererKind::kKustomize: return "kustomize";
    case RendererKind::kHelm: return "helm";
    case RendererKind::kJsonnet: return "jsonnet";
  }
  return "unknown";
}

Result<RendererKind> DetectRenderer(const Tree& tree, const std::string& path) {
  PLUMB_TRY(type, tree.Stat(path));
  if (type == TreeEntry::Type::kFile) return path.ends_with(".jsonnet") ? RendererKind::kJsonnet : RendererKind::kPlain;
  PLUMB_TRY(entries, tree.List(path));
  RendererKind found = RendererKind::kPlain;
  std::string_view found_by;
  for (const auto& mark : kMarks) {
    for (const TreeEntry& entry : entries) {
      if (entry.name != mark.file || entry.type == TreeEntry::Type::kDirectory) continue;
      if (!found_by.empty() && found != mark.kind)
        return Invalid(fmt::format("'{}' has both '{}' and '{}'; say which renderer to use: '{}: {{}}' or '{}: {{}}'",
                                   path.empty() ? "." : path, found_by, mark.file, RendererName(found), RendererName(mark.kind)));
      found = mark.kind;
      found_by = mark.file;
    }
  }
  return found;
}

}  // namespace plumb
