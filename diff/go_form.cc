#include "diff/go_form.h"

#include <vector>

namespace plumb {

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
    if (m.value.is_scalar() && !m.value.is_null()) {
      members.push_back(m);
      continue;
    }
    const Field* field = type->FindField(m.key);
    const Type* below = field ? field->type : type->value;
    Value form = m.value;
    if (field && (m.value.is_null() || m.value.empty())) {
      // Lists and maps are no pointers in Go: empty, they are left out. An empty struct behind a pointer stays (emptyDir: {}).
      const bool optional = !field->required && !field->IsPlainStruct() && !field->IsPlainScalar();
      const bool container = (below->is_list || below->is_map) && !below->IsObject() && !below->IsAny();
      if (optional && (m.value.is_null() || container)) {
        same = false;
        continue;
      }
      if (m.value.is_null() && field->IsPlainStruct()) form = arena.Map({});
      if (m.value.is_null() && field->IsPlainScalar()) form = field->default_value;
    }
    if (below) form = GoForm(arena, form, below);
    same = same && form.SameAs(m.value);
    members.push_back({m.key, form});
  }
  for (const uint16_t i : type->always_there) {
    const Field& field = type->fields[i];
    if (value.Has(field.name)) continue;
    Value form;
    if (field.IsPlainStruct()) form = GoForm(arena, arena.Map({}), field.type);
    else if (field.IsPlainScalar()) form = field.default_value;
    same = false;
    members.push_back({field.name, form});
  }
  return same ? value : arena.Map(members);
}

}  // namespace plumb
