#include "diff/mask.h"

#include <sys/random.h>

#include <algorithm>
#include <map>
#include <random>

#include "core/edit.h"
#include "core/hash.h"
#include "core/json.h"
#include "core/mac.h"
#include "diff/desired.h"
#include "diff/ignore.h"

namespace plumb {

namespace {

constexpr std::string_view kOpenOfSecret[] = {"apiVersion", "kind", "metadata", "type", "immutable"};

bool IsSecret(const Gvk& gvk) { return gvk.kind == "Secret" && gvk.group.empty(); }
bool IsConfigMap(const Gvk& gvk) { return gvk.kind == "ConfigMap" && gvk.group.empty(); }

bool Is(const FieldPath& path, size_t from_end, std::string_view name) {
  return path.size() > from_end && path[path.size() - 1 - from_end].kind == PathStep::Kind::kField && path[path.size() - 1 - from_end].name == name;
}

// One pass over a tree (or a part of one that lies at `path`).
class Pass {
 public:
  // What is hidden is added to *hidden, where that is not null, as it is written.
  Pass(const Masker& masker, const MaskOptions& options, const CredentialNames& names, const Gvk& gvk, Value object, Arena& arena,
       std::vector<std::string>* hidden = nullptr)
      : masker_(masker), options_(options), names_(names), secret_(IsSecret(gvk)), variables_(IsConfigMap(gvk)), object_(object), arena_(arena), hidden_(hidden) {}

  Value Run(Value v, FieldPath& path) {
    if (Sensitive(path, v)) return Hide(v, secret_ && path[0].name == "data");
    if (v.is_map()) return Map(v, path);
    if (v.is_list()) return List(v, path);
    return v.is_string() ? Text(v) : v;
  }

  // Whether all of the value at the path is a secret.
  bool Sensitive(const FieldPath& path, Value v) const {
    if (path.empty()) return false;
    // A misspelt `data` holds secrets just the same.
    if (secret_ && std::find(std::begin(kOpenOfSecret), std::end(kOpenOfSecret), path[0].name) == std::end(kOpenOfSecret)) return true;
    if (variables_ && path.size() == 2 && path[0].name == "data" && path[1].name.find('.') == std::string::npos && names_.Variable(path[1].name)) return true;
    if (Is(path, 0, kLastApplied) && Is(path, 1, "annotations")) return true;
    if (Is(path, 0, "value") && Is(path, 2, "env") && SecretVariable(path)) return true;
    if ((Is(path, 1, "args") || Is(path, 1, "command")) && AfterSecretFlag(path)) return true;
    if (v.is_string() && path[path.size() - 1].kind == PathStep::Kind::kField && IsKey(path[path.size() - 1].name)) return true;
    return std::any_of(options_.fields.begin(), options_.fields.end(), [&](const FieldPattern& pattern) { return pattern.Covers(path, object_); });
  }

 private:
  // Fields of objects count only by their whole name: `passwordSecretRef` and `tokenReview` are none.
  bool IsKey(std::string_view name) const {
    std::string lower;
    for (const char c : name) lower += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return std::find(names_.keys.begin(), names_.keys.end(), lower) != names_.keys.end();
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
    return names_.Variable(name);
  }

  // ["--password", "hunter2"]: an argument of its own behind a flag that sounds secret.
  bool AfterSecretFlag(const FieldPath& path) const {
    const PathStep& step = path[path.size() - 1];
    if (step.kind != PathStep::Kind::kIndex || step.index == 0) return false;
    FieldPath list = path;
    list.Pop();
    const Value* found = list.Find(object_);
    if (!found || step.index > found->size()) return false;
    const std::string_view flag = (*found)[step.index - 1].AsString();
    return flag.starts_with('-') && flag.find('=') == std::string_view::npos && names_.Variable(flag);
  }

  Value Text(Value v) {
    const auto masked = MaskCredentials(v.AsString(), names_, [&](std::string_view secret) { return Mark(Arena::Borrow(secret)); });
    return masked ? arena_.String(*masked) : v;
  }

  // A sensitive map keeps its keys, so that one changed entry shows as one; lists are one value.
  Value Hide(Value v, bool base64) {
    if (v.is_null() || (v.is_string() && IsMarker(v.AsString()))) return v;
    if (!v.is_map()) {
      const auto bytes = base64 ? DecodeBase64(v.AsString()) : Result<std::string>(Invalid(""));
      if (v.is_string() && bytes.ok() && hidden_) hidden_->emplace_back(v.AsString());
      return arena_.String(v.is_string() && bytes.ok() ? Mark(Arena::Borrow(*bytes)) : Mark(v));
    }
    std::vector<Member> members;
    for (const Member& m : v.members()) members.push_back({m.key, Hide(m.value, base64)});
    return arena_.Map(members);
  }

  std::string Mark(Value v) const {
    if (hidden_) hidden_->push_back(v.is_string() ? std::string(v.AsString()) : WriteJson(v));
    return masker_.Marker(v);
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
  const CredentialNames& names_;
  const bool secret_, variables_;
  const Value object_;
  Arena& arena_;
  std::vector<std::string>* const hidden_;
};

// Of the kernel: std::random_device asks the processor what it is each time, and virtual ones take long to answer.
std::string RandomSalt() {
  std::string salt(32, '\0');
  if (getrandom(salt.data(), salt.size(), 0) == 32) return salt;
  std::random_device random;
  for (char& c : salt) c = static_cast<char>(random());
  return salt;
}

const std::string& SaltOfThisProcess() {
  static const std::string salt = RandomSalt();
  return salt;
}

}  // namespace

Masker::Masker(MaskOptions options) : options_(std::move(options)) {
  if (options_.salt.empty()) options_.salt = SaltOfThisProcess();
  for (const std::string& glob : options_.env_names) {
    names_.globs.emplace_back();
    for (const char c : glob) names_.globs.back() += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  for (const std::string& key : options_.keys) {
    names_.keys.emplace_back();
    for (const char c : key) names_.keys.back() += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
}

std::string Masker::Marker(Value value) const {
  const std::string bytes = value.is_string() ? "text " + std::string(value.AsString()) : "json " + WriteCanonicalJson(value);
  return "(masked " + HmacSha256Hex(options_.salt, bytes).substr(0, options_.marker_digits) + ")";
}

std::string Masker::MaskText(std::string_view text, std::initializer_list<Document> objects) const {
  std::vector<std::string> hidden;
  for (const Document& object : objects) {
    Arena arena;
    FieldPath path;
    Pass(*this, options_, names_, GvkOf(object.root()), object.root(), arena, &hidden).Run(object.root(), path);
  }
  std::map<std::string, std::string> markers;  // by what stands for the value in the text
  for (const std::string& value : hidden) {
    if (value.size() <= 3) continue;
    const std::string marker = Marker(Arena::Borrow(value)), quoted = WriteJson(Arena::Borrow(value));
    for (const std::string& form : {value, Base64(value), quoted.substr(1, quoted.size() - 2)}) markers.emplace(form, marker);
  }
  std::vector<const std::pair<const std::string, std::string>*> forms;  // the longest first: one may be a part of another
  for (const auto& form : markers) forms.push_back(&form);
  std::stable_sort(forms.begin(), forms.end(), [](const auto* a, const auto* b) { return a->first.size() > b->first.size(); });
  std::string out(text);
  for (const auto* form : forms)
    for (size_t at = 0; (at = out.find(form->first, at)) != std::string::npos; at += form->second.size()) out.replace(at, form->first.size(), form->second);
  if (auto masked = MaskCredentials(out, names_, [&](std::string_view secret) { return Marker(Arena::Borrow(secret)); })) out = *masked;
  return out;
}

Document Masker::MaskObject(const Document& object) const {
  auto arena = std::make_shared<Arena>();
  FieldPath path;
  const Value masked = Pass(*this, options_, names_, GvkOf(object.root()), object.root(), *arena).Run(object.root(), path);
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
      const FieldPath original = change.path;
      for (auto& [value, object] : {std::pair(&change.old_value, diff.live.root()), std::pair(&change.new_value, diff.desired.root())}) {
        if (!*value) continue;
        FieldPath path = original;
        Pass pass(*this, options_, names_, diff.gvk, object, *arena);
        // The item of a set is named by its own value.
        if (!path.empty() && path[path.size() - 1].kind == PathStep::Kind::kValue && pass.Sensitive(path, **value)) {
          change.path.Pop();
          change.path.Push(PathStep::Item(PathScalar(std::string_view(Marker(**value)))));
        }
        *value = pass.Run(**value, path);
      }
    }
  };
  mask(out.changes);
  mask(out.ignored);
  for (std::vector<std::string>* texts : {&out.warnings, &out.uncertain})
    for (std::string& text : *texts)
      if (auto masked = MaskCredentials(text, names_, [&](std::string_view secret) { return Marker(Arena::Borrow(secret)); })) text = *masked;
  arena->Adopt(diff.live.arena());
  arena->Adopt(diff.desired.arena());
  arena->Adopt(diff.memory.arena());
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
