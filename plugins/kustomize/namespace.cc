// The namespace of objects, of role bindings' subjects and of the fields that name one.
#include "plugins/kustomize/node.h"
#include "plugins/kustomize/transformers.h"

namespace plumb::kustomize {
namespace {

bool IsRoleBinding(std::string_view kind) { return kind == "RoleBinding" || kind == "ClusterRoleBinding"; }

// The specs that a field's own rules do not already cover.
FieldSpecs UsefulSpecs(Value object, const FieldSpecs& specs) {
  FieldSpecs useful;
  const bool core = ScalarText(object.Get("apiVersion")) == "v1";
  const bool binding = IsRoleBinding(ScalarText(object.Get("kind")));
  for (const FieldSpec& spec : specs) {
    if (spec.path == "metadata/namespace") continue;
    if (spec.path == "metadata/name" && !core) continue;  // other groups have kinds called Namespace, too
    if (binding && IsRoleBinding(spec.gvk.kind) && spec.path == "subjects/namespace") continue;
    useful.push_back(spec);
  }
  return useful;
}

Result<Value> SetSubjects(Arena& arena, Value object, const NamespaceArgs& args, const SetField& set) {
  const Value subjects = object.Get("subjects");
  if (args.subjects_mode == "none" || subjects.is_null()) return object;
  if (!subjects.is_list()) return Invalid("'subjects' must be a list, found a " + std::string(KindName(subjects.kind())));
  const bool all = args.subjects_mode == "allServiceAccounts";
  const std::string_view field = all ? "kind" : "name", wanted = all ? "ServiceAccount" : "default";
  std::vector<Value> items;
  for (Value subject : subjects.items()) {
    if (!subject.is_map() && !subject.is_null())
      return Invalid("an item of 'subjects' must be a map, found a " + std::string(KindName(subject.kind())));
    if (subject.Has(field) && ScalarText(subject.Get(field)) == wanted) {
      PLUMB_OK(CheckMemory(arena));
      PLUMB_TRY(ns, set(subject.Get("namespace")));
      subject = With(arena, subject, "namespace", ns);
    }
    items.push_back(subject);
  }
  return With(arena, object, "subjects", arena.List(items));
}

}  // namespace

Result<Value> SetNamespaceFields(Arena& arena, Value object, const NamespaceArgs& args) {
  const SetField set = [&](Value old) -> Result<Value> {
    if (!old.is_scalar())
      return Invalid("a namespace field must be a string, found a " + std::string(KindName(old.kind())));
    if (args.unset_only && !ScalarText(old).empty()) return old;
    return arena.String(args.ns);
  };
  const std::string kind = ScalarText(object.Get("kind"));
  if (!IsClusterScoped(ScalarText(object.Get("apiVersion")), kind)) {
    const FieldSpec field{.gvk = {}, .path = "metadata/namespace", .create = true};
    PLUMB_TRY(changed, ApplyFieldSpec(arena, object, field, Create::kScalar, set));
    object = changed;
  }
  if (IsRoleBinding(kind)) {
    PLUMB_TRY(changed, SetSubjects(arena, object, args, set));
    object = changed;
  }
  return ApplyFieldSpecs(arena, object, UsefulSpecs(object, args.fields), Create::kScalar, set);
}

Status ApplyNamespace(Arena& arena, ResMap& map, const NamespaceArgs& args) {
  const std::string& mode = args.subjects_mode;
  if (!mode.empty() && mode != "defaultOnly" && mode != "allServiceAccounts" && mode != "none")
    return Invalid("'setRoleBindingSubjects' is '" + mode + "': use 'defaultOnly', 'allServiceAccounts' or 'none'");
  if (args.ns.empty()) return Ok();
  for (Resource& resource : map) {
    if (resource.gone()) continue;
    resource.StorePreviousId();
    PLUMB_TRY(changed, SetNamespaceFields(arena, resource.root, args), "namespace of " + resource.CurrentId().ToString());
    resource.root = changed;
  }
  map.IdsChanged();
  return map.CheckUnique();
}

}  // namespace plumb::kustomize
