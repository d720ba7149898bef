#include "diff/go_form.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "diff/canonical.h"

namespace plumb {

namespace {

bool IsZero(Value v) {
  switch (v.kind()) {
    case Kind::kNull: return true;
    case Kind::kBool: return !v.AsBool();
    case Kind::kInt: return v.AsInt() == 0;
    case Kind::kFloat: return v.AsDouble() == 0;
    case Kind::kString: return v.AsString().empty();
    case Kind::kList:
    case Kind::kMap: return v.empty();
  }
  return false;
}

// Lists and maps are no pointers in Go: empty, they are not there.
bool IsGoContainer(const Type& type) { return (type.is_list || type.is_map) && !type.IsObject() && !type.IsAny(); }

// What Go decodes null into, in a list or a map: the zero value of the item's type.
Value ZeroItem(Arena& arena, const Type& type) {
  if (type.IsAny() || type.is_list) return {};
  if (type.is_map) return type.IsObject() ? arena.Map({}) : Value();
  if (type.format == Format::kQuantity) return Arena::Borrow("0");
  if (type.scalar == ScalarType::kString) return Arena::Borrow("");
  return {};
}

// What stands for a field that is null, empty or not there; nullopt where it is left out.
std::optional<Value> Unset(Arena& arena, const Field& field) {
  if (field.when_unset == GoZero::kWritten) return field.go_zero;
  if (field.when_unset != GoZero::kUnknown) return std::nullopt;
  if (field.IsPlainStruct()) return arena.Map({});
  if (field.IsPlainScalar()) return field.default_value;
  if (field.required) return Value();
  return std::nullopt;
}

// Whether a value that is there is written as if the field were not set.
bool CountsAsUnset(const Field& field, Value v) {
  if (v.is_null()) return true;
  if (!IsZero(v)) return false;
  const bool container = (v.is_list() || v.is_map()) && IsGoContainer(*field.type);
  switch (field.when_unset) {
    case GoZero::kEmpty: return true;
    case GoZero::kAbsent: return false;
    case GoZero::kWritten: return container;
    case GoZero::kUnknown: return container && !field.required;
  }
  return false;
}

}  // namespace

bool IsGoType(const Type* type) {
  return type->name.starts_with("io.k8s.api.") || type->name.starts_with("io.k8s.apiextensions-apiserver.") ||
         type->name.starts_with("io.k8s.kube-aggregator.");
}

bool HasEmptyContainer(Value value, const Type* type) {
  if (value.is_scalar() || type->IsAny()) return false;
  if (value.empty()) return IsGoContainer(*type);
  if (value.is_list())
    return type->is_list && std::any_of(value.items().begin(), value.items().end(), [&](Value item) { return HasEmptyContainer(item, type->item); });
  return type->is_map && std::any_of(value.members().begin(), value.members().end(), [&](const Member& m) {
           const Type* below = type->Member(m.key);
           return below && HasEmptyContainer(m.value, below);
         });
}

Value GoForm(Arena& arena, Value value, const Type* type, Value known) {
  if (!value.is_scalar() && value.SameAs(known)) return value;
  if (value.is_scalar()) {
    if (type->format == Format::kNone) return value;
    const auto canonical = CanonicalScalar(value, type->format);
    return canonical ? arena.String(*canonical) : value;
  }
  if (value.is_list() && type->is_list) {
    std::vector<Value> items;
    items.reserve(value.size());
    bool same = true;
    for (size_t i = 0; i < value.size(); ++i) {
      const Value item = value[i], known_item = known.is_list() && i < known.size() ? known[i] : Value();
      items.push_back(GoForm(arena, item.is_null() ? ZeroItem(arena, *type->item) : item, type->item, known_item));
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
    Value form = m.value;
    if (field && CountsAsUnset(*field, m.value)) {
      const auto unset = Unset(arena, *field);
      if (!unset) {
        same = false;
        continue;
      }
      form = *unset;
    } else if (!field && below && m.value.is_null()) {
      form = ZeroItem(arena, *below);
    }
    if (below) form = GoForm(arena, form, below, known.Get(m.key));
    same = same && form.SameAs(m.value);
    members.push_back({m.key, form});
  }
  for (const uint16_t i : type->always_there) {
    const Field& field = type->fields[i];
    if (value.Has(field.name)) continue;
    same = false;
    members.push_back({field.name, GoForm(arena, Unset(arena, field).value_or(Value()), field.type)});
  }
  return same ? value : arena.Map(members);
}

}  // namespace plumb
