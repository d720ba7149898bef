#include "diff/custom_form.h"

#include <vector>

#include "diff/go_form.h"

namespace plumb {

namespace {

Value Form(Arena& arena, Value value, const Type& type, Nulls nulls, bool root = false);

Value MapForm(Arena& arena, Value value, const Type& type, Nulls nulls, bool root) {
  const bool object = root || type.embedded_object;
  std::vector<Member> members;
  members.reserve(value.size());
  bool same = true;
  const auto add = [&](std::string_view key, Value now) { members.push_back({key, now}); };
  for (const Member& m : value.members()) {
    if (object && m.key == "metadata") {
      const Field* metadata = type.FindField(m.key);
      add(m.key, metadata ? GoForm(arena, m.value, metadata->type) : m.value);
    } else if (object && (m.key == "apiVersion" || m.key == "kind")) {
      add(m.key, m.value);
    } else if (const Field* field = type.FindField(m.key)) {
      if (m.value.is_null() && !field->type->nullable) {
        if (field->has_default) add(m.key, Form(arena, field->default_value, *field->type, nulls));
        else if (nulls == Nulls::kKeep) add(m.key, m.value);
        same = same && nulls == Nulls::kKeep && !field->has_default;
        continue;
      }
      add(m.key, Form(arena, m.value, *field->type, nulls));
    } else if (type.value && !type.value->IsAny() && m.value.is_null() && !type.value->nullable && nulls == Nulls::kDrop) {
      same = false;
      continue;
    } else if (type.value && (type.fields.empty() || type.keeps_unknown)) {
      add(m.key, Form(arena, m.value, *type.value, nulls));
    } else {
      same = false;
      continue;
    }
    same = same && members.back().value.SameAs(m.value);
  }
  for (const Field& field : type.fields)
    if (field.has_default && !value.Has(field.name)) {
      same = false;
      add(field.name, Form(arena, field.default_value, *field.type, nulls));
    }
  return same ? value : arena.Map(members);
}

Value Form(Arena& arena, Value value, const Type& type, Nulls nulls, bool root) {
  if (value.is_list() && type.is_list && type.item) {
    std::vector<Value> items;
    items.reserve(value.size());
    bool same = true;
    for (Value item : value.items()) {
      items.push_back(Form(arena, item, *type.item, nulls));
      same = same && items.back().SameAs(item);
    }
    return same ? value : arena.List(items);
  }
  if (!value.is_map() || !type.is_map || &type == Schema::Deduced() || &type == Schema::Atomic()) return value;
  return MapForm(arena, value, type, nulls, root);
}

}  // namespace

Value CustomForm(Arena& arena, Value object, const Type* type, Nulls nulls) { return Form(arena, object, *type, nulls, true); }

}  // namespace plumb
