#include "plugins/kustomize/vars.h"

#include <algorithm>

#include "core/number.h"
#include "plugins/kustomize/as_written.h"
#include "plugins/kustomize/node.h"

namespace plumb::kustomize {
namespace {

// Text of a value within a longer string, as Go's %v prints it.
std::string InText(Value v) { return ScalarText(v); }

class Replacer {
 public:
  Replacer(Arena& arena, const std::map<std::string, Value>& values, SettleLimits& limits, std::map<std::string, int>* used, SharedWrites* shared)
      : arena_(arena), values_(values), limits_(limits), used_(used), shared_(shared) {}

  Result<Value> Field(Value field) const {
    switch (field.kind()) {
      case Kind::kNull: return field;
      case Kind::kString: return Text(field);
      case Kind::kMap: {
        std::vector<Member> members;
        for (const Member& m : field.members()) {
          members.push_back(m);
          if (!m.value.is_string()) continue;
          PLUMB_TRY(text, Text(m.value));
          members.back().value = text;
        }
        return arena_.Map(members);
      }
      case Kind::kList: {
        std::vector<Value> items;
        for (Value item : field.items()) {
          if (!item.is_string()) return Invalid("a list that may hold variables must be of strings, found a " + std::string(KindName(item.kind())));
          PLUMB_TRY(text, Text(item));
          items.push_back(text);
        }
        return arena_.List(items);
      }
      default: return field;
    }
  }

 private:
  // A text that stands in several places changes in all of them.
  Result<Value> Text(Value old) const {
    PLUMB_TRY(expanded, Expand(old.AsString()));
    return old.is_shared() ? shared_->Write(old, expanded) : expanded;
  }

  const Value* Find(std::string_view name) const {
    const auto found = values_.find(std::string(name));
    if (found == values_.end() || !found->second.is_scalar() || found->second.is_null()) return nullptr;
    ++(*used_)[found->first];
    return &found->second;
  }

  // "$$" is a dollar, "$(NAME)" a variable; an unknown one stays as it is. A text that is one reference and nothing
  // else takes the type of the value.
  Result<Value> Expand(std::string_view text) const {
    std::string result;
    size_t copied = 0;
    for (size_t at = 0; at + 1 < text.size(); ++at) {
      if (text[at] != '$') continue;
      result += text.substr(copied, at - copied);
      const char next = text[at + 1];
      const size_t close = next == '(' ? text.find(')', at + 2) : std::string_view::npos;
      if (next == '$') {
        result += '$';
        ++at;
      } else if (close != std::string_view::npos) {
        const std::string_view name = text.substr(at + 2, close - at - 2);
        const Value* value = Find(name);
        if (value && at == 0 && close + 1 == text.size()) return *value;
        const std::string part = value ? InText(*value) : std::string(text.substr(at, close + 1 - at));
        PLUMB_OK(limits_.TakeText(part.size()));
        result += part;
        at = close;
      } else {
        result += text.substr(at, 2);
        ++at;
      }
      copied = at + 1;
    }
    if (copied == 0) return arena_.String(text);
    return arena_.String(result + std::string(copied < text.size() ? text.substr(copied) : std::string_view()));
  }

  Arena& arena_;
  const std::map<std::string, Value>& values_;
  SettleLimits& limits_;
  std::map<std::string, int>* used_;
  SharedWrites* shared_;
};

// "spec.ports[0].port" has its indices in brackets at the end of a part.
std::vector<std::string> FieldPath(const std::string& path) {
  std::vector<std::string> parts;
  for (const std::string& part : SplitBracketPath(path, '.')) {
    const size_t bracket = part.rfind('[');
    const bool indexed = bracket != std::string::npos && part.ends_with(']') &&
                         ListIndex(std::string_view(part).substr(bracket + 1, part.size() - bracket - 2)) >= 0;
    if (!indexed) {
      parts.push_back(part);
      continue;
    }
    if (bracket > 0) parts.push_back(part.substr(0, bracket));
    parts.push_back(part.substr(bracket + 1, part.size() - bracket - 2));
  }
  return parts;
}

Result<Value> ReadField(Value node, const std::string& path) {
  for (const std::string& part : FieldPath(path)) {
    const int index = ListIndex(part);
    const Value* found = index < 0 ? node.Find(part) : nullptr;
    if (index >= 0 && static_cast<size_t>(index) < node.size() && node.is_list()) node = node[static_cast<size_t>(index)];
    else if (found) node = *found;
    else return Invalid("there is no field '" + path + "'");
  }
  return node;
}

Error DefinedTwice(const Variable& again, const Variable& first) {
  return Invalid(again.where + ": variable '" + again.name + "' is defined twice; the first is at " + first.where);
}

}  // namespace

Status AddVariables(Variables& all, ResMap& map, const std::vector<Variable>& added) {
  for (const Variable& variable : added) {
    std::vector<size_t> matches;
    for (size_t i = 0; i < map.size(); ++i) {
      if (!map[i].WasNamed(variable.object.name)) continue;
      std::vector<ResId> ids = map[i].PreviousIds();
      ids.push_back(map[i].CurrentId());
      const bool matched = std::any_of(ids.begin(), ids.end(), [&](const ResId& id) {
        return variable.object.ns.empty() ? variable.object.SameGvkAndName(id) : variable.object.Same(id);
      });
      if (matched) matches.push_back(i);
    }
    if (matches.size() > 1)
      return Invalid(variable.where + ": variable '" + variable.name + "': several objects match " + variable.object.ToString());
    if (!matches.empty()) map[matches[0]].ref_vars.push_back(variable.name);
  }
  for (const Variable& variable : added)
    if (const auto [have, is_new] = all.emplace(variable.name, variable); !is_new) return DefinedTwice(variable, have->second);
  return Ok();
}

Status MergeVariables(Variables& all, const Variables& other) {
  for (const auto& [name, variable] : other)
    if (const auto [have, is_new] = all.emplace(name, variable); !is_new) return DefinedTwice(variable, have->second);
  return Ok();
}

Result<Value> SetVariables(Arena& arena, Value object, const FieldSpec& field, const std::map<std::string, Value>& values,
                           SettleLimits& limits, std::map<std::string, int>* used) {
  SharedWrites shared;
  const Replacer replacer(arena, values, limits, used, &shared);
  PLUMB_TRY(changed, ApplyFieldSpec(arena, object, field, Create::kNothing, [&](Value old) { return replacer.Field(old); }));
  return shared.Apply(arena, changed);
}

Status ResolveVariables(Arena& arena, ResMap& map, const Variables& variables, const FieldSpecs& fields,
                        SettleLimits& limits, std::vector<std::string>* warnings) {
  std::map<std::string, Value> values;
  for (const auto& [name, variable] : variables) {
    const auto source = std::find_if(map.begin(), map.end(), [&](const Resource& resource) {
      return std::find(resource.ref_vars.begin(), resource.ref_vars.end(), name) != resource.ref_vars.end();
    });
    const std::string context = variable.where + ": variable '" + name + "'";
    if (source == map.end()) return Invalid(context + ": there is no " + variable.object.ToString() + " to read it from" + map.NearestTo(variable.object));
    PLUMB_TRY(value, ReadField(source->root, variable.field_path), context);
    values[name] = value;
  }
  if (values.empty()) return Ok();
  std::map<std::string, int> used;
  for (Resource& resource : map) {
    for (const FieldSpec& field : fields) {
      PLUMB_TRY(changed, SetVariables(arena, resource.root, field, values, limits, &used), "variables of " + resource.CurrentId().ToString());
      resource.root = changed;
    }
  }
  map.IdsChanged();
  for (const auto& [name, value] : values)
    if (!used.contains(name)) warnings->push_back("variable '" + name + "' is never used");
  return Ok();
}

}  // namespace plumb::kustomize
