#include "diff/go_form.h"

#include <vector>

namespace plumb {

namespace {

bool IsEmptyStruct(const Field& field) {
  return field.has_default && field.default_value.is_map() && field.default_value.empty() && field.type->IsObject();
}

// A scalar that is written even where it is zero: `"name": ""`.
bool IsPlainScalar(const Field& field) {
  return field.has_default && field.default_value.is_scalar() && !field.default_value.is_null() && !field.HasRealDefault();
}

}  // namespace

bool IsGoType(const Type* type) {
  return type->name.starts_with("io.k8s.api.") || type->name.starts_with("io.k8s.apiextensions-apiserver.") ||
         type->name.starts_with("io.k8s.kube-aggregator.");
}

Value GoForm(Arena& arena, Value value, const Type* type) {
  if (value.is_list() && type->is_list) {
    std::vector<Value> items;
    items.reserve(value.size());
    bool same = true;
    for (Value item : value.items()) {
      items.push_back(GoForm(arena, item, type->item));
      same = same && items.back().SameAs(item);
    }
    return same ? value : arena.List(items);
  }
  if (!value.is_map() || !type->is_map || type->IsAny()) return value;
  std::vector<Member> members;
  members.reserve(value.size() + 4);
  bool same = true;
  for (const Member& m : value.members()) {
    const Field* field = type->FindField(m.key);
    const Type* below = field ? field->type : type->value;
    const bool optional = field && !field->required && !IsEmptyStruct(*field) && !IsPlainScalar(*field);
    // Lists and maps are no pointers in Go: empty, they are left out. An empty struct behind a pointer stays (emptyDir: {}).
    const bool container = field && (field->type->is_list || field->type->is_map) && !field->type->IsObject() && !field->type->IsAny();
    if (optional && (m.value.is_null() || (container && m.value.kind() >= Kind::kList && m.value.empty()))) {
      same = false;
      continue;
    }
    Value form = m.value;
    if (field && m.value.is_null() && IsEmptyStruct(*field)) form = GoForm(arena, arena.Map({}), below);
    else if (field && m.value.is_null() && IsPlainScalar(*field)) form = field->default_value;
    else if (below) form = GoForm(arena, m.value, below);
    same = same && form.SameAs(m.value);
    members.push_back({m.key, form});
  }
  for (const Field& field : type->fields) {
    if (value.Has(field.name)) continue;
    Value form;
    if (IsEmptyStruct(field)) form = GoForm(arena, arena.Map({}), field.type);
    else if (IsPlainScalar(field)) form = field.default_value;
    else if (!field.required) continue;
    same = false;
    members.push_back({field.name, form});
  }
  return same ? value : arena.Map(members);
}

}  // namespace plumb
