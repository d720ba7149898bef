#include <fmt/core.h>

#include "core/yaml.h"
#include "diff/line_diff.h"
#include "diff/patched.h"
#include "diff/present.h"

namespace plumb {

namespace {

// A name of an object as a path: nothing in it may lead out of the folder.
std::string FileName(const ObjectDiff& diff) {
  std::string name = diff.id.name;
  for (char& c : name)
    if (c == '/' || c == ':' || static_cast<unsigned char>(c) <= ' ') c = '_';
  const std::string kind = diff.gvk.kind + (diff.gvk.group.empty() ? "" : "." + diff.gvk.group);
  return (diff.id.ns.empty() ? "_cluster" : diff.id.ns) + "/" + kind + "/" + name + ".yaml";
}

}  // namespace

std::string PresentUnified(std::span<const MaskedDiff> diffs) {
  std::string out;
  for (const MaskedDiff& masked : diffs) {
    const ObjectDiff& diff = masked.diff();
    if (diff.action == DiffAction::kNone) continue;
    Arena arena;
    std::string before, after;
    if (diff.action != DiffAction::kCreate) before = WriteYaml(Declarable(arena, diff.live.root()));
    if (diff.action == DiffAction::kCreate) after = WriteYaml(Declarable(arena, diff.desired.root()));
    if (diff.action == DiffAction::kPatch) after = WriteYaml(Declarable(arena, Patched(arena, diff.live.root(), diff.changes)));
    const std::string hunks = UnifiedHunks(before, after);
    if (hunks.empty()) continue;  // only our claim on fields changes, not the object
    const std::string file = FileName(diff);
    out += fmt::format("--- {}\n+++ {}\n{}", before.empty() ? "/dev/null" : "a/" + file, after.empty() ? "/dev/null" : "b/" + file, hunks);
  }
  return out;
}

}  // namespace plumb
