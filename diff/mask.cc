#include "diff/mask.h"

#include <algorithm>
#include <random>

#include "core/edit.h"
#include "core/json.h"
#include "core/mac.h"
#include "diff/desired.h"
#include "diff/ignore.h"

namespace plumb {

namespace {

constexpr size_t kMarkerDigits = 8;

bool IsSecret(const Gvk& gvk) { return gvk.kind == "Secret" && gvk.group.empty(); }

std::string Upper(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return out;
}

bool Is(const FieldPath& path, size_t from_end, std::string_view name) {
  return path.size() > from_end && path[path.size() - 1 - from_end].kind == PathStep::Kind::kField && path[path.size() - 1 - from_end].name == name;
}

// One pass over a tree (or a part of one that lies at `path`).
class Pass {
 public:
  Pass(const Masker& masker, const MaskOptions& options, const Gvk& gvk, Value object, Arena& arena)
      : masker_(masker), options_(options), secret_(IsSecret(gvk)), object_(object), arena_(arena) {}

  Value Run(Value v, FieldPath& path) {
    if (Sensitive(path)) return Hide(v);
    if (v.is_map()) return Map(v, path);
    if (v.is_list()) return List(v, path);
    return v;
  }

 private:
  bool Sensitive(const FieldPath& path) const {
    if (path.empty()) return false;
    if (secret_ && (path[0].name == "data" || path[0].name == "stringData")) return true;
    if (Is(path, 0, kLastApplied) && Is(path, 1, "annotations")) return true;
    if (Is(path, 0, "value") && Is(path, 2, "env") && SecretVariable(path)) return true;
    return std::any_of(options_.fields.begin(), options_.fields.end(), [&](const FieldPath& pattern) { return Covers(pattern, path, object_); });
  }

  // Whether the item of `env` that holds the path's last step has a name that sounds secret.
  bool SecretVariable(const FieldPath& path) const {
    const PathStep& step = path[path.size() - 2];
    std::string name;
    if (step.kind == PathStep::Kind::kKey && !step.keys.empty()) {
      if (const auto* text = std::get_if<std::string>(&step.keys[0].second.variant())) name = *text;
    } else {
      FieldPath item = path;
      item.Pop();
      const Value* found = item.Find(object_);
      name = found ? found->GetString("name") : "";
    }
    return std::any_of(options_.env_names.begin(), options_.env_names.end(),
                       [&](const std::string& glob) { return MatchesGlob(Upper(glob), Upper(name)); });
  }

  // A sensitive map keeps its keys, so that one changed entry shows as one; lists are one value.
  Value Hide(Value v) {
    if (v.is_null()) return v;
    if (!v.is_map()) return arena_.String(masker_.Marker(v));
    std::vector<Member> members;
    for (const Member& m : v.members()) members.push_back({m.key, Hide(m.value)});
    return arena_.Map(members);
  }

  Value Map(Value v, FieldPath& path) {
    std::vector<Member> members;
    bool changed = false;
    for (const Member& m : v.members()) {
      path.Push(PathStep::Field(m.key));
      const Value masked = Run(m.value, path);
      path.Pop();
      changed |= !masked.SameAs(m.value);
      members.push_back({m.key, masked});
    }
    return changed ? arena_.Map(members) : v;
  }

  Value List(Value v, FieldPath& path) {
    const bool env = Is(path, 0, "env");
    std::vector<Value> items;
    bool changed = false;
    for (size_t i = 0; i < v.size(); ++i) {
      // Variables go by name whatever the list's type; other items by index, which every pattern understands.
      const std::string_view name = env ? v[i].GetString("name") : std::string_view();
      path.Push(name.empty() ? PathStep::Index(i) : PathStep::Key({{"name", PathScalar(name)}}));
      items.push_back(Run(v[i], path));
      path.Pop();
      changed |= !items.back().SameAs(v[i]);
    }
    return changed ? arena_.List(items) : v;
  }

  const Masker& masker_;
  const MaskOptions& options_;
  const bool secret_;
  const Value object_;
  Arena& arena_;
};

}  // namespace

Masker::Masker(MaskOptions options) : options_(std::move(options)) {
  std::random_device random;
  if (options_.salt.empty())
    for (int i = 0; i < 8; ++i) options_.salt += std::to_string(random());
}

std::string Masker::Marker(Value value) const {
  return "(masked " + HmacSha256Hex(options_.salt, WriteCanonicalJson(value)).substr(0, kMarkerDigits) + ")";
}

Document Masker::MaskObject(const Document& object) const {
  auto arena = std::make_shared<Arena>();
  FieldPath path;
  const Value masked = Pass(*this, options_, GvkOf(object.root()), object.root(), *arena).Run(object.root(), path);
  if (masked.SameAs(object.root())) return object;
  arena->Adopt(object.arena());
  return {std::move(arena), masked};
}

MaskedDiff Masker::Mask(const ObjectDiff& diff) const {
  ObjectDiff out = diff;
  out.live = MaskObject(diff.live);
  out.desired = MaskObject(diff.desired);
  auto arena = std::make_shared<Arena>();
  const auto mask = [&](std::vector<FieldChange>& changes) {
    for (FieldChange& change : changes) {
      FieldPath path = change.path;
      if (change.old_value) change.old_value = Pass(*this, options_, diff.gvk, diff.live.root(), *arena).Run(*change.old_value, path);
      if (change.new_value) change.new_value = Pass(*this, options_, diff.gvk, diff.desired.root(), *arena).Run(*change.new_value, path);
    }
  };
  mask(out.changes);
  mask(out.ignored);
  arena->Adopt(diff.live.arena());
  arena->Adopt(diff.desired.arena());
  out.memory = Document(std::move(arena), Value());
  return MaskedDiff(std::move(out));
}

std::vector<MaskedDiff> Masker::Mask(std::span<const ObjectDiff> diffs) const {
  std::vector<MaskedDiff> out;
  out.reserve(diffs.size());
  for (const ObjectDiff& diff : diffs) out.push_back(Mask(diff));
  return out;
}

}  // namespace plumb
