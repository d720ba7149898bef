#include "plugins/kustomize/explain.h"

#include <algorithm>
#include <map>

#include "core/natural_order.h"
#include "core/suggest.h"
#include "core/yaml.h"
#include "diff/mask.h"
#include "plugins/kustomize/as_written.h"
#include "plugins/kustomize/render_build.h"
#include "plugins/kustomize/trace.h"

namespace plumb {
namespace kustomize {
namespace {

// A path in which items of a list that have a name of their own go by it, so that they are the same item wherever they move.
using StablePath = std::vector<std::string>;

struct Leaf {
  Value value;
  std::vector<std::string> path;  // with indices
};
using Leaves = std::map<StablePath, Leaf>;

// "name" where every item is a map with a name of its own, else "".
std::string_view ItemKey(Value list) {
  std::vector<std::string_view> names;
  for (Value item : list.items()) {
    if (item.GetString("name").empty()) return "";
    names.push_back(item.GetString("name"));
  }
  std::sort(names.begin(), names.end());
  return std::adjacent_find(names.begin(), names.end()) == names.end() ? "name" : "";
}

void Collect(Value v, StablePath& stable, std::vector<std::string>& path, Leaves& leaves) {
  if (v.is_scalar() || v.empty()) {
    leaves[stable] = {v, path};
    return;
  }
  const std::string_view key = v.is_list() ? ItemKey(v) : "";
  for (size_t i = 0; i < v.items().size(); ++i) {
    path.push_back(std::to_string(i));
    stable.push_back(key.empty() ? path.back() : "[name=" + std::string(v[i].GetString(key)) + "]");
    Collect(v[i], stable, path, leaves);
    path.pop_back();
    stable.pop_back();
  }
  for (const Member& m : v.members()) {
    path.emplace_back(m.key);
    stable.emplace_back(m.key);
    Collect(m.value, stable, path, leaves);
    path.pop_back();
    stable.pop_back();
  }
}

Leaves LeavesOf(Value v) {
  Leaves leaves;
  StablePath stable;
  std::vector<std::string> path;
  Collect(v, stable, path, leaves);
  return leaves;
}

// Looks lines up in the files that a cause names; each file is read once.
class Lines {
 public:
  explicit Lines(const Tree& tree) : tree_(tree) {}

  int Of(const std::string& file, int document, const std::vector<std::string>& path) {
    auto [text, is_new] = texts_.try_emplace(file);
    if (is_new)
      if (auto read = tree_.Read(file); read.ok()) text->second = *std::move(read);
    if (text->second.empty()) return 0;
    return LocateYaml(text->second, static_cast<size_t>(document), path).line;
  }

 private:
  const Tree& tree_;
  std::map<std::string, std::string> texts_;
};

// "patches[0]" as the path of LocateYaml: patches, 0.
std::vector<std::string> FieldPath(const std::string& field) {
  const size_t bracket = field.find('[');
  if (bracket == std::string::npos) return {field};
  return {field.substr(0, bracket), field.substr(bracket + 1, field.find(']') - bracket - 1)};
}

FieldCause CauseOf(const TraceStep& step, const Leaf* leaf, Lines& lines) {
  FieldCause cause;
  cause.removed = leaf == nullptr;
  if (leaf) cause.value = leaf->value;
  if (step.field.empty()) {
    cause.file = step.file;
    cause.line = leaf ? lines.Of(step.file, step.document, leaf->path) : 0;
    return cause;
  }
  cause.step = step.field;
  cause.kustomization = step.file;
  cause.file = step.source.empty() ? step.file : step.source;
  if (step.field.find(' ') != std::string::npos) return cause;  // "name reference" and the like: no field of the file
  if (step.source.empty()) cause.line = lines.Of(step.file, 0, FieldPath(step.field));
  else if (leaf) cause.line = lines.Of(step.source, 0, leaf->path);
  return cause;
}

bool SameText(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

std::string ShortName(const ResId& id) { return (id.ns.empty() ? "" : id.ns + "/") + id.gvk.kind + "/" + id.name; }

Result<size_t> FindObject(const std::vector<Resource>& resources, const std::string& wanted) {
  std::vector<std::string> parts;
  for (size_t at = 0; at <= wanted.size();) {
    const size_t slash = std::min(wanted.find('/', at), wanted.size());
    parts.push_back(wanted.substr(at, slash - at));
    at = slash + 1;
  }
  if (parts.size() < 2 || parts.size() > 3) return Invalid("'" + wanted + "' names no object: use KIND/NAME or NAMESPACE/KIND/NAME");
  const std::string ns = parts.size() == 3 ? parts[0] : "", kind = parts[parts.size() - 2], name = parts.back();
  const auto is_it = [&](const ResId& id) { return SameText(id.gvk.kind, kind) && id.name == name && (ns.empty() || ns == id.ns); };
  std::vector<size_t> found;
  std::vector<std::string> names;
  for (size_t i = 0; i < resources.size(); ++i) {
    names.push_back(ShortName(resources[i].CurrentId()));
    names.push_back(resources[i].CurrentId().gvk.kind + "/" + resources[i].CurrentId().name);
    if (is_it(resources[i].CurrentId())) found.push_back(i);
  }
  for (size_t i = 0; i < resources.size() && found.empty(); ++i)
    if (is_it(resources[i].OriginalId())) found.push_back(i);
  if (found.size() == 1) return found[0];
  if (found.empty()) return Invalid("no rendered object is '" + wanted + "'" + DidYouMean(wanted, names));
  std::string list;
  for (size_t i : found) list += (list.empty() ? "" : ", ") + ShortName(resources[i].CurrentId());
  return Invalid("'" + wanted + "' means several objects: " + list);
}

// The order in which WriteYaml writes keys; items of a list by their index.
bool WrittenBefore(const ExplainedField& a, const ExplainedField& b) {
  const size_t common = std::min(a.path.size(), b.path.size());
  for (size_t i = 0; i < common; ++i) {
    if (a.path[i] == b.path[i]) continue;
    return NaturalLess(a.path[i], b.path[i]);
  }
  return a.path.size() < b.path.size();
}

// What the object is shown as: the values of Secrets and of whatever sounds like one are markers. What it makes lives in
// an arena above the build's: that one must not hold it, or neither would ever be freed.
class Masked {
 public:
  explicit Masked(std::shared_ptr<const Arena> build) : build_(std::move(build)) { shown_->Adopt(build_); }

  Value Object(Value root) { return shown_->Adopt(masker_.MaskObject(Document(build_, root))); }
  const std::shared_ptr<Arena>& shown() const { return shown_; }

 private:
  const Masker masker_;
  const std::shared_ptr<const Arena> build_;
  const std::shared_ptr<Arena> shown_ = std::make_shared<Arena>();
};

}  // namespace
}  // namespace kustomize

Result<Explanation> ExplainKustomize(const RenderRequest& request, const std::string& wanted, const kustomize::Helpers& helpers) {
  using namespace kustomize;
  Trace trace;
  PLUMB_TRY(built, BuildKustomization(request, helpers, &trace));
  PLUMB_TRY(index, FindObject(built.resources, wanted));
  const Resource& resource = built.resources[index];
  Arena& arena = *built.arena;
  Masked masked(built.arena);
  Lines lines(*request.tree);

  Explanation explanation;
  explanation.warnings = built.warnings;
  std::map<StablePath, std::vector<FieldCause>> causes;
  Leaves before;
  SettleLimits limits;
  TreeSize size;
  for (const Trace::Snapshot& snapshot : *trace.Find(resource.serial)) {
    const auto settled = Settle(arena, snapshot.root, limits, size);
    if (!settled.ok()) continue;  // what is wrong was overwritten: the build came to its end
    const Leaves now = LeavesOf(masked.Object(*settled));
    for (const auto& [path, leaf] : now) {
      const auto old = before.find(path);
      if (old == before.end() || !(old->second.value == leaf.value)) causes[path].push_back(CauseOf(snapshot.step, &leaf, lines));
    }
    for (const auto& [path, leaf] : before)
      if (!now.contains(path)) causes[path].push_back(CauseOf(snapshot.step, nullptr, lines));
    before = now;
  }
  explanation.object = Document(masked.shown(), masked.Object(resource.root));
  const Leaves last = LeavesOf(*explanation.object);
  for (const auto& [path, leaf] : last)
    if (auto found = causes.find(path); found != causes.end()) explanation.fields.push_back({leaf.path, found->second});
  for (const auto& [path, list] : causes) {
    // A map that was empty, or has got fields, is no field that was removed.
    const bool above = std::any_of(last.begin(), last.end(), [&path = path](const auto& entry) {
      return entry.first.size() >= path.size() && std::equal(path.begin(), path.end(), entry.first.begin());
    });
    const bool was_something = std::any_of(list.begin(), list.end(), [](const FieldCause& c) { return !c.removed && (c.value.is_scalar() || !c.value.empty()); });
    if (!above && was_something) explanation.removed.push_back({path, list});
  }
  std::stable_sort(explanation.fields.begin(), explanation.fields.end(), WrittenBefore);
  return explanation;
}

}  // namespace plumb
