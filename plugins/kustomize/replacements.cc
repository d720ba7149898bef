// Replacements: a value read from a field of one object, written to fields of others.
// Source: Kustomize 5.5, api/filters/replacement and kyaml PathMatcher.
#include <re2/re2.h>

#include <algorithm>

#include "core/suggest.h"
#include "plugins/kustomize/as_written.h"
#include "plugins/kustomize/label_selector.h"
#include "plugins/kustomize/node.h"
#include "plugins/kustomize/transformers.h"

namespace plumb::kustomize {
namespace {

bool IsListMatch(std::string_view part) { return part.starts_with('[') && part.ends_with(']'); }

struct ListMatch {
  std::string field, value;  // field "": the item itself
};

Result<ListMatch> ParseListMatch(std::string_view part) {
  part = part.substr(1, part.size() - 2);
  const size_t equals = part.find('=');
  if (equals == std::string_view::npos) return Invalid("'[" + std::string(part) + "]' must be '[field=value]'");
  return ListMatch{std::string(part.substr(0, equals)), std::string(part.substr(equals + 1))};
}

// Reads the value at a path; nullopt where there is none. List items: by index, "-" for the last, "[field=value]".
using Found = std::optional<Value>;
Result<Found> Lookup(Value node, const std::vector<std::string>& path) {
  for (std::string part : path) {
    part.erase(0, std::min(part.size(), part.find_first_not_of(" \t")));
    part.erase(part.find_last_not_of(" \t") + 1);
    if (part.empty()) continue;
    if (node.is_null()) return Found();
    const bool by_index = ListIndex(part) >= 0 || part == "-";
    if (part == "*") return Invalid("'*' cannot be used in the path of a source");
    if (by_index || IsListMatch(part)) {
      if (!node.is_list()) return Invalid("'" + part + "' needs a list, found a " + std::string(KindName(node.kind())));
      if (by_index) {
        const size_t index = part == "-" ? node.size() - 1 : static_cast<size_t>(ListIndex(part));
        if (index >= node.size()) return Found();
        node = node[index];
        continue;
      }
      PLUMB_TRY(match, ParseListMatch(part));
      const auto items = node.items();
      const auto found = std::find_if(items.begin(), items.end(), [&](Value item) {
        return match.field.empty() ? item.is_scalar() && ScalarText(item) == match.value
                                   : item.Has(match.field) && ScalarText(item.Get(match.field)) == match.value;
      });
      if (found == items.end()) return Found();
      node = *found;
      continue;
    }
    if (!node.is_map()) return Invalid("'" + part + "' needs a map, found a " + std::string(KindName(node.kind())));
    const Value* found = node.Find(part);
    if (!found) return Found();
    node = *found;
  }
  return Found(node);
}

// Writes one value to every place that a path leads to.
class Writer {
 public:
  Writer(Arena& arena, Value value, const FieldOptions& options, std::vector<std::string> path, std::string where, SettleLimits& limits)
      : arena_(arena), value_(value), options_(options), path_(std::move(path)), where_(std::move(where)), limits_(limits) {}

  Result<Value> Run(Value object) { return At(object, 0); }
  size_t written() const { return written_; }
  const SharedWrites& shared() const { return shared_; }

 private:
  // What a missing node is made as, by the part that comes after it.
  Value NewNode(size_t next) {
    if (next == path_.size()) return value_.is_map() ? arena_.Map({}) : value_.is_list() ? arena_.List({}) : Value();
    return IsListMatch(path_[next]) || ListIndex(path_[next]) >= 0 ? arena_.List({}) : arena_.Map({});
  }

  Result<Value> At(Value node, size_t depth) {
    if (depth == path_.size()) return Write(node);
    const std::string& part = path_[depth];
    if (ListIndex(part) >= 0) return AtIndex(node, depth, static_cast<size_t>(ListIndex(part)));
    if (IsListMatch(part)) return AtMatches(node, depth);
    if (part == "*") {
      if (!node.is_list() && !node.is_null()) return NotA("list", node);
      return EachItem(node, [&](Value item) { return At(item, depth + 1); });
    }
    return AtField(node, depth);
  }

  Result<Value> AtField(Value node, size_t depth) {
    const std::string& name = path_[depth];
    if (node.is_null()) return node;  // a field of nothing: not found, and nothing to create it in
    if (!node.is_map()) return NotA("map", node);
    const Value* found = node.Find(name);
    if (!found && !options_.create) return node;
    Value field = found ? *found : NewNode(depth + 1);
    const bool creates = !found;
    if (creates && depth + 1 == path_.size() && field.is_null()) {
      ++written_;
      PLUMB_TRY(created, NewScalar());
      return With(arena_, node, name, created);
    }
    PLUMB_TRY(changed, At(field, depth + 1));
    return found && changed.SameAs(*found) ? node : With(arena_, node, name, changed);
  }

  Result<Value> AtIndex(Value node, size_t depth, size_t index) {
    if (!node.is_list() && !node.is_null()) return NotA("list", node);
    if (index == node.size() && options_.create) {
      Value item = NewNode(depth + 1);
      if (depth + 1 == path_.size() && item.is_null()) {
        ++written_;
        PLUMB_TRY(created, NewScalar());
        return WithAppended(arena_, node, created);
      }
      PLUMB_TRY(changed, At(item, depth + 1));
      return WithAppended(arena_, node, changed);
    }
    if (index >= node.size())
      return Invalid("there is no item " + std::to_string(index) + ": the list has " + std::to_string(node.size()));
    PLUMB_TRY(changed, At(node[index], depth + 1));
    return WithItem(arena_, node, index, changed);
  }

  Result<Value> AtMatches(Value node, size_t depth) {
    PLUMB_TRY(match, ParseListMatch(path_[depth]));
    if (!node.is_list() && !node.is_null()) return NotA("list", node);
    const RE2 regex(match.value, RE2::Quiet);
    if (!regex.ok()) return Invalid("'" + match.value + "' is not a regular expression: " + regex.error());
    const size_t before = written_;
    const auto visit = [&](Value item) -> Result<Value> {
      if (match.field.empty()) {
        if (!item.is_scalar() || !RE2::PartialMatch(ScalarText(item), regex)) return item;
        return Write(item);  // the rest of the path is not looked at
      }
      const Value* field = item.Find(match.field);
      if (!field || !RE2::PartialMatch(ScalarText(*field), regex)) return item;
      return At(item, depth + 1);
    };
    PLUMB_TRY(changed, EachItem(node, visit));
    if (written_ != before || !options_.create) return changed;
    // Nothing matched: the item is made, and must now match its own pattern.
    Value item = UntypedScalar(arena_, match.value);
    if (!match.field.empty()) item = With(arena_, arena_.Map({}), match.field, item);
    PLUMB_TRY(made, visit(item));
    if (written_ == before) return Invalid("no item matches '" + path_[depth] + "', and one cannot be made that does");
    return WithAppended(arena_, changed, made);
  }

  template <typename F>
  Result<Value> EachItem(Value list, F&& visit) {
    std::vector<Value> items;
    bool changed = false;
    for (Value item : list.items()) {
      PLUMB_TRY(result, visit(item));
      changed = changed || !result.SameAs(item);
      items.push_back(result);
    }
    return changed ? arena_.List(items) : list;
  }

  Error NotA(std::string_view wanted, Value found) const {
    return Invalid("a " + std::string(wanted) + " was expected, found a " + std::string(KindName(found.kind())));
  }

  // The text of the value, put into the place of the target's that the options say.
  Result<std::string> Text(Value target) {
    const std::string text = ScalarText(value_);
    PLUMB_OK(limits_.TakeText(text.size() + (options_.delimiter.empty() ? 0 : target.AsString().size())));
    if (options_.delimiter.empty()) return text;
    if (!target.is_scalar()) return Invalid("'delimiter' needs a scalar, found a " + std::string(KindName(target.kind())));
    std::vector<std::string> parts = Split(ScalarText(target), options_.delimiter);
    if (options_.index < 0) parts.insert(parts.begin(), text);
    else if (static_cast<size_t>(options_.index) >= parts.size()) parts.push_back(text);
    else parts[static_cast<size_t>(options_.index)] = text;
    std::string joined;
    for (size_t i = 0; i < parts.size(); ++i) joined += (i == 0 ? "" : options_.delimiter) + parts[i];
    return joined;
  }

  // A scalar where none was: it has no type of its own, so its text decides.
  Result<Value> NewScalar() {
    PLUMB_TRY(text, Text(Arena::Borrow("")));
    return UntypedScalar(arena_, text);
  }

  Result<Value> Write(Value target) {
    ++written_;
    PLUMB_TRY(text, Text(target));
    if (!target.is_scalar()) return options_.delimiter.empty() ? value_ : Result<Value>(arena_.String(text));
    if (!value_.is_scalar() && options_.delimiter.empty() && target.is_null()) return value_;
    const Retyped retyped = WithText(arena_, target, text);
    if (!retyped.ok) {
      limits_.mistyped.emplace(text, where_ + ": '" + text + "' cannot be written where " + std::string(KindWithArticle(target.kind())) + " is");
      return arena_.Spelled(target, arena_.Text(text));
    }
    return target.is_shared() ? shared_.Write(target, retyped.value) : retyped.value;
  }

 public:
  static std::vector<std::string> Split(std::string_view text, std::string_view delimiter) {
    std::vector<std::string> parts;
    while (true) {
      const size_t at = text.find(delimiter);
      parts.emplace_back(text.substr(0, at));
      if (at == std::string_view::npos) return parts;
      text.remove_prefix(at + delimiter.size());
    }
  }

 private:
  Arena& arena_;
  const Value value_;
  const FieldOptions& options_;
  const std::vector<std::string> path_;
  const std::string where_;
  SettleLimits& limits_;
  size_t written_ = 0;
  SharedWrites shared_;
};

// Current id first, as all namespaces are compared as names here, none being "default".
std::vector<ResId> AllIds(const Resource& resource) {
  std::vector<ResId> ids = {resource.CurrentId()};
  ids[0].cluster_scoped = false;
  for (ResId& id : resource.PreviousIds()) ids.push_back(std::move(id));
  return ids;
}

bool AnySelectedBy(const std::vector<ResId>& ids, const ResId& selector) {
  return std::any_of(ids.begin(), ids.end(), [&](const ResId& id) { return id.IsSelectedBy(selector); });
}

// A hint for the first part of the path that a map has not.
std::string NearestField(Value node, const std::string& path) {
  for (const std::string& part : SplitBracketPath(path, '.')) {
    const Value* found = node.Find(part);
    if (!found) {
      std::vector<std::string> keys;
      for (const Member& m : node.members()) keys.emplace_back(m.key);
      return DidYouMean(part, keys);
    }
    node = *found;
  }
  return "";
}

Result<Value> ReadSource(Arena& arena, const ResMap& map, const Replacement::Source& source) {
  const Resource* chosen = nullptr;
  for (const Resource& resource : map) {
    if (!AnySelectedBy(AllIds(resource), source.id)) continue;
    if (chosen) return Invalid("the source selects several objects: " + source.id.ToString());
    chosen = &resource;
  }
  if (!chosen) {
    std::vector<std::string> names;
    for (const Resource& resource : map)
      if (source.id.gvk.kind.empty() || resource.CurrentId().gvk.kind == source.id.gvk.kind) names.push_back(resource.CurrentId().name);
    return Invalid("the source selects nothing: " + source.id.ToString() + DidYouMean(source.id.name, names));
  }
  const std::string path = source.field_path.empty() ? "metadata.name" : source.field_path;
  PLUMB_TRY(found, Lookup(chosen->root, SplitBracketPath(path, '.')), "source '" + path + "'");
  if (!found || IsNullOrEmpty(*found))
    return Invalid("the source " + chosen->CurrentId().ToString() + " has no '" + path + "'" + NearestField(chosen->root, path));
  if (source.options.delimiter.empty()) return *found;
  if (!found->is_scalar()) return Invalid("'delimiter' needs a scalar, but '" + path + "' is a " + std::string(KindName(found->kind())));
  const auto parts = Writer::Split(ScalarText(*found), source.options.delimiter);
  if (source.options.index < 0 || static_cast<size_t>(source.options.index) >= parts.size())
    return Invalid("'" + ScalarText(*found) + "' has no part " + std::to_string(source.options.index));
  return arena.String(parts[static_cast<size_t>(source.options.index)]);
}

Result<bool> MatchesLabels(const Resource& resource, const Selector& selector) {
  PLUMB_TRY(annotations, LabelSelector::Parse(selector.annotation_selector), "annotationSelector");
  PLUMB_TRY(labels, LabelSelector::Parse(selector.label_selector), "labelSelector");
  return annotations.Matches(MetadataMap(resource.root, "annotations")) && labels.Matches(MetadataMap(resource.root, "labels"));
}

Result<bool> IsTarget(const Resource& resource, const ReplacementTarget& target) {
  PLUMB_TRY(chosen, MatchesLabels(resource, *target.select));
  if (!chosen) return false;
  const std::vector<ResId> ids = AllIds(resource);
  for (const Selector& reject : target.reject) {
    if (reject.annotation_selector.empty() && reject.label_selector.empty()) continue;
    PLUMB_TRY(rejected, MatchesLabels(resource, reject));
    if (rejected) return false;
  }
  if (!AnySelectedBy(ids, target.select->id)) return false;
  return std::none_of(target.reject.begin(), target.reject.end(),
                      [&](const Selector& reject) { return !reject.id.empty() && AnySelectedBy(ids, reject.id); });
}

Status WriteTarget(Arena& arena, Resource& resource, Value value, const ReplacementTarget& target, SettleLimits& limits) {
  const std::vector<std::string> default_path = {"metadata.name"};
  for (const std::string& path : target.field_paths.empty() ? default_path : target.field_paths) {
    const std::string context = "target " + resource.CurrentId().ToString() + ": '" + path + "'";
    Writer writer(arena, value, target.options, SplitBracketPath(path, '.'), context, limits);
    PLUMB_TRY(changed, writer.Run(resource.root), context);
    if (writer.written() == 0)
      return Invalid(context + " is not there; 'options.create: true' would make it");
    resource.root = writer.shared().Apply(arena, changed);
  }
  return Ok();
}

}  // namespace

Status ApplyReplacements(Arena& arena, ResMap& map, const std::vector<Replacement>& replacements, SettleLimits& limits) {
  for (const Replacement& replacement : replacements) {
    if (!replacement.source || !replacement.targets)
      return Invalid("a replacement needs a 'source' and at least one of 'targets'");
    PLUMB_TRY(value, ReadSource(arena, map, *replacement.source), "replacement");
    for (const ReplacementTarget& target : *replacement.targets) {
      if (!target.select) return Invalid("replacement: a target needs 'select'");
      for (Resource& resource : map) {
        PLUMB_TRY(chosen, IsTarget(resource, target), "replacement");
        if (chosen) PLUMB_OK(WriteTarget(arena, resource, value, target, limits), "replacement");
      }
    }
  }
  map.IdsChanged();
  return Ok();
}

}  // namespace plumb::kustomize
