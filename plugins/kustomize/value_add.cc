// A value inserted into the path that a field holds.
#include "plugins/kustomize/node.h"
#include "plugins/kustomize/transformers.h"

namespace plumb::kustomize {
namespace {

// `path` with `part` as element `position` (from 0); a leading slash stays in front.
std::string InsertPathPart(std::string_view path, size_t position, const std::string& part) {
  const bool absolute = path.starts_with('/');
  if (absolute) path.remove_prefix(1);
  std::vector<std::string> parts;
  while (!path.empty()) {
    const size_t slash = path.find('/');
    if (slash != 0) parts.emplace_back(path.substr(0, slash));
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
  }
  parts.insert(parts.begin() + static_cast<ptrdiff_t>(std::min(position, parts.size())), part);
  std::string joined = absolute ? "/" : "";
  for (size_t i = 0; i < parts.size(); ++i) joined += (i == 0 ? "" : "/") + parts[i];
  return joined;
}

Result<Value> At(Arena& arena, Value node, std::span<const std::string> path, const ValueAddArgs& args) {
  if (path.empty()) {
    if (!node.is_scalar()) return Invalid("'" + args.field_path + "' must be a scalar, found a " + std::string(KindName(node.kind())));
    if (args.position <= 0) return arena.String(args.value);
    return arena.String(InsertPathPart(ScalarText(node), static_cast<size_t>(args.position - 1), args.value));
  }
  if (!node.is_map() && !node.is_null())
    return Invalid("'" + args.field_path + "': '" + path[0] + "' should be in a map, found a " + std::string(KindName(node.kind())));
  PLUMB_TRY(inner, At(arena, node.Get(path[0]), path.subspan(1), args));
  return With(arena, node, path[0], inner);
}

}  // namespace

Result<Value> AddValue(Arena& arena, Value object, const ValueAddArgs& args) {
  const std::vector<std::string> path = SplitPath(args.field_path, '/');
  return At(arena, object, path, args);
}

}  // namespace plumb::kustomize
