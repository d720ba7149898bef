// Corrects references: a field that holds the earlier name of an object gets its current one.
//
// Which object is meant, where several had that name: of the kind that the field refers to, in the referrer's namespace
// (or in one that a role binding's subject names), and with the same prefixes and suffixes added as the referrer.
// Source: Kustomize 5.5, api/filters/nameref.
#include <algorithm>
#include <set>
#include <unordered_map>

#include "plugins/kustomize/node.h"
#include "plugins/kustomize/transformers.h"

namespace plumb::kustomize {
namespace {

// Objects by the names that they had.
class Candidates {
 public:
  explicit Candidates(const ResMap& map) : map_(map) {
    ids_.reserve(map.size());
    for (size_t i = 0; i < map.size(); ++i) {
      ids_.push_back(map[i].CurrentId());
      by_original_namespace_[std::string(map[i].OriginalId().EffectiveNamespace())].push_back(i);
      for (const PreviousName& previous : map[i].previous) {
        auto& list = by_name_[previous.name];
        if (list.empty() || list.back() != i) list.push_back(i);
      }
    }
  }

  bool empty() const { return by_name_.empty(); }
  const std::vector<size_t>* Named(const std::string& name) const {
    const auto found = by_name_.find(name);
    return found == by_name_.end() ? nullptr : &found->second;
  }
  const std::vector<size_t>* OriginallyIn(const std::string& ns) const {
    const auto found = by_original_namespace_.find(ns);
    return found == by_original_namespace_.end() ? nullptr : &found->second;
  }
  const ResId& Id(size_t i) const { return ids_[i]; }
  const Resource& operator[](size_t i) const { return map_[i]; }

 private:
  const ResMap& map_;
  std::vector<ResId> ids_;
  std::unordered_map<std::string, std::vector<size_t>> by_name_, by_original_namespace_;
};

// One referrer and one of its fields.
class Fixer {
 public:
  Fixer(Arena& arena, const Candidates& candidates, size_t referrer, const std::set<std::string>& subject_namespaces,
        const ResGvk& referred, const FieldSpec& field)
      : arena_(arena), candidates_(candidates), referrer_(referrer), subject_namespaces_(subject_namespaces),
        referred_(referred), field_(field) {}

  Result<Value> Run(Value object) {
    FieldSpec field = field_;
    field.gvk = ResGvk::Of(object);  // chosen by the original kind, which may have changed since
    return ApplyFieldSpec(arena_, object, field, Create::kNothing, [this](Value old) { return Fix(old); });
  }

 private:
  Result<Value> Fix(Value old) {
    if (old.is_null()) return old;
    if (old.is_map()) return FixMap(old);
    if (!old.is_list()) return FixName(old);
    std::vector<Value> items;
    bool changed = false;
    for (Value item : old.items()) {
      Value fixed = item;
      if (item.is_map()) {
        PLUMB_TRY(result, FixMap(item));
        fixed = result;
      } else if (item.is_scalar() && !item.is_null()) {
        PLUMB_TRY(result, FixName(item));
        fixed = result;
      } else if (item.is_list()) {
        return Invalid("an item must be a name or a map with a name, found a list");
      }
      changed = changed || !fixed.SameAs(item);
      items.push_back(fixed);
    }
    return changed ? arena_.List(items) : old;
  }

  Result<Value> FixName(Value old) {
    const std::string name = ScalarText(old);
    PLUMB_TRY(found, Choose(name, nullptr, false));
    if (!found || candidates_.Id(*found).name == name) return old;
    PLUMB_OK(CheckMemory(arena_));
    return UntypedOver(arena_, old, candidates_.Id(*found).name);
  }

  Result<Value> FixMap(Value map) {
    const Value* name = map.Find("name");
    if (!name) return Invalid("there is no 'name' in the map that should hold one");
    const Value* ns = map.Find("namespace");
    const std::string ns_text = ns ? ScalarText(*ns) : "";
    PLUMB_TRY(found, Choose(ScalarText(*name), ns ? &ns_text : nullptr, true));
    if (!found) return map;
    const ResId& id = candidates_.Id(*found);
    if (id.name == ScalarText(*name) && id.ns.empty()) return map;
    PLUMB_OK(CheckMemory(arena_));
    map = With(arena_, map, "name", UntypedOver(arena_, *name, id.name));
    return id.ns.empty() ? map : With(arena_, map, "namespace", UntypedOver(arena_, ns ? *ns : Value(), id.ns));
  }

  bool IsCandidate(size_t i) const {
    const ResId &mine = candidates_.Id(referrer_), &its = candidates_.Id(i);
    return mine.cluster_scoped || its.cluster_scoped || its.SameNamespace(mine) || subject_namespaces_.contains(its.ns);
  }

  // Where a subject names its namespace: the objects that were in it, or if there are none those that are.
  std::vector<size_t> InNamespace(const std::vector<size_t>& named, const std::string& ns) const {
    std::vector<size_t> original, current;
    if (ns == kNotANamespace) return {};
    const std::vector<size_t>* in = candidates_.OriginallyIn(ns);
    const bool any_original = in && std::any_of(in->begin(), in->end(), [&](size_t i) { return IsCandidate(i); });
    for (size_t i : named) {
      if (candidates_[i].OriginalId().EffectiveNamespace() == ns) original.push_back(i);
      if (candidates_.Id(i).EffectiveNamespace() == ns) current.push_back(i);
    }
    return any_original ? original : current;
  }

  // `ns`: that of the candidates, where the field says it. `with_namespace`: candidates of one name in several
  // namespaces are not the same, as the namespace is written, too.
  using Choice = std::optional<size_t>;
  Result<Choice> Choose(const std::string& name, const std::string* ns, bool with_namespace) {
    const std::vector<size_t>* named = candidates_.Named(name);
    if (!named) return Choice();
    std::vector<size_t> list;
    for (size_t i : *named)
      if (IsCandidate(i)) list.push_back(i);
    if (ns) list = InNamespace(list, *ns);

    const auto keep = [&](auto&& wanted) { std::erase_if(list, [&](size_t i) { return !wanted(candidates_[i], candidates_.Id(i)); }); };
    const auto was_a = [](const ResGvk& gvk) {
      return [&gvk](const Resource& resource, const ResId&) {
        const auto ids = resource.PreviousIds();
        return std::any_of(ids.begin(), ids.end(), [&](const ResId& id) { return id.gvk.IsSelected(gvk); });
      };
    };
    keep(was_a(referred_));
    const Resource& referrer = candidates_[referrer_];
    if (field_.path.ends_with("roleRef/name")) {
      const Value role = referrer.root.Get("roleRef");
      const ResGvk gvk{ScalarText(role.Get("apiGroup")), "", ScalarText(role.Get("kind"))};
      if (role.Has("apiGroup") && role.Has("kind")) keep(was_a(gvk));
    }
    const ResId& mine = candidates_.Id(referrer_);
    keep([&](const Resource&, const ResId& its) {
      return mine.cluster_scoped || its.cluster_scoped || its.gvk.kind == "ServiceAccount" || mine.SameNamespace(its);
    });
    if (list.size() == 1) return Choice(list[0]);
    for (const bool allow_empty : {true, false}) {
      if (!allow_empty && list.size() <= 1) break;
      keep([&](const Resource& resource, const ResId&) { return SamePrefixesAndSuffixes(resource, referrer, allow_empty); });
    }
    if (list.empty()) return Choice();
    for (size_t i : list) {
      const ResId &first = candidates_.Id(list[0]), &its = candidates_.Id(i);
      if (its.name == first.name && (!with_namespace || its.ns == first.ns)) continue;
      return Invalid("the name '" + name + "' could mean " + first.ToString() + " or " + its.ToString());
    }
    return Choice(list[0]);
  }

  Arena& arena_;
  const Candidates& candidates_;
  const size_t referrer_;
  const std::set<std::string>& subject_namespaces_;
  const ResGvk& referred_;
  const FieldSpec& field_;
};

// The namespaces that a role binding's service accounts are in.
Result<std::set<std::string>> SubjectNamespaces(const Resource& resource) {
  std::set<std::string> namespaces;
  if (ScalarText(resource.root.Get("kind")) != "RoleBinding") return namespaces;
  for (Value subject : resource.root.Get("subjects").items()) {
    if (!subject.Has("namespace") || ScalarText(subject.Get("kind")) != "ServiceAccount") continue;
    if (!subject.Get("namespace").is_string())
      return Invalid("the namespace of a subject of " + resource.CurrentId().ToString() + " is empty");
    namespaces.emplace(subject.GetString("namespace"));
  }
  return namespaces;
}

}  // namespace

Status FixNameReferences(Arena& arena, ResMap& map, const std::vector<NameReference>& references) {
  const Candidates candidates(map);
  for (size_t i = 0; i < map.size(); ++i) {
    PLUMB_TRY(namespaces, SubjectNamespaces(map[i]));
    if (candidates.empty()) continue;
    const ResGvk gvk = map[i].OriginalId().gvk;
    for (const NameReference& reference : references) {
      for (const FieldSpec& field : reference.referrers) {
        if (!gvk.IsSelected(field.gvk)) continue;
        PLUMB_TRY(fixed, Fixer(arena, candidates, i, namespaces, reference.referred, field).Run(map[i].root),
                  "name reference '" + field.path + "' of " + map[i].CurrentId().ToString());
        map[i].root = fixed;
      }
    }
  }
  map.IdsChanged();
  return Ok();
}

}  // namespace plumb::kustomize
