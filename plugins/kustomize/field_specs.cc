#include "plugins/kustomize/field_specs.h"

#include <algorithm>

#include "plugins/kustomize/node.h"

namespace plumb::kustomize {
namespace {

bool ByGvk(const FieldSpec& a, const FieldSpec& b) { return GvkLess(a.gvk, b.gvk); }

std::vector<std::string_view> Words(std::string_view line) {
  std::vector<std::string_view> words;
  while (!line.empty()) {
    const size_t space = line.find(' ');
    words.push_back(line.substr(0, space));
    line = space == std::string_view::npos ? std::string_view() : line.substr(space + 1);
  }
  return words;
}

std::string AnyIfStar(std::string_view word) { return word == "*" ? "" : std::string(word); }

TransformerConfig ReadDefaults() {
  TransformerConfig config;
  const std::pair<std::string_view, FieldSpecs*> sections[] = {
      {"namePrefix", &config.name_prefix},
      {"nameSuffix", &config.name_suffix},
      {"namespace", &config.namespaces},
      {"commonLabels", &config.common_labels},
      {"templateLabels", &config.template_labels},
      {"commonAnnotations", &config.common_annotations},
      {"images", &config.images},
      {"replicas", &config.replicas},
      {"varReference", &config.var_reference},
  };
  FieldSpecs* into = nullptr;
  std::string_view text = kDefaultFieldSpecs;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    if (line.empty()) continue;
    if (line.starts_with('[')) {
      const auto words = Words(line.substr(1, line.size() - 2));
      if (words[0] == "nameReference") {
        config.name_reference.push_back({{AnyIfStar(words[1]), AnyIfStar(words[2]), AnyIfStar(words[3])}, {}});
        into = &config.name_reference.back().referrers;
      } else {
        into = std::find_if(std::begin(sections), std::end(sections), [&](auto& s) { return s.first == words[0]; })->second;
      }
      continue;
    }
    const auto words = Words(line);
    into->push_back({{AnyIfStar(words[0]), AnyIfStar(words[1]), AnyIfStar(words[2])}, std::string(words[3]), words.size() > 4});
  }
  config.Sort();
  return config;
}

class Walk {
 public:
  Walk(Arena& arena, const FieldSpec& spec, Create create, const SetField& set)
      : arena_(arena), spec_(spec), create_(create), set_(set), path_(SplitPath(spec.path, '/')) {}

  Result<Value> Run(Value object) { return At(object, 0); }

 private:
  Result<Value> At(Value node, size_t depth) {
    if (depth == path_.size()) {
      PLUMB_OK(CheckMemory(arena_));
      return set_(node);
    }
    if (node.is_null()) return node;
    if (node.is_list()) return InList(node, depth);
    if (node.is_map()) return InMap(node, depth);
    return Invalid("'" + spec_.path + "': a " + std::string(KindName(node.kind())) + " is where '" + path_[depth] +
                   "' should be in a map or a list");
  }

  Result<Value> InList(Value list, size_t depth) {
    std::vector<Value> items;
    bool changed = false;
    for (Value item : list.items()) {
      PLUMB_TRY(result, At(item, depth));
      changed = changed || !result.SameAs(item);
      items.push_back(result);
    }
    return changed ? arena_.List(items) : list;
  }

  Result<Value> InMap(Value map, size_t depth) {
    std::string_view name = path_[depth];
    const bool is_list = name.ends_with("[]");
    if (is_list) name.remove_suffix(2);
    if (name.empty()) return Invalid("'" + spec_.path + "': a field name in the path is empty");
    const bool creates = spec_.create && create_ != Create::kNothing && !is_list;
    const bool last = depth + 1 == path_.size();
    const Value* found = map.Find(name);
    if (!found && !creates) return map;
    Value field = found ? *found : Value();
    // A field that is there but null takes the kind that it would be created with.
    if (field.is_null() && creates) {
      if (!last || create_ == Create::kMap) field = arena_.Map({});
    } else if (field.is_null() && is_list) {
      field = arena_.List({});
    }
    PLUMB_TRY(result, At(field, depth + 1));
    if (found && result.SameAs(*found)) return map;
    return With(arena_, map, name, result);
  }

  Arena& arena_;
  const FieldSpec& spec_;
  const Create create_;
  const SetField& set_;
  const std::vector<std::string> path_;
};

}  // namespace

Status Merge(FieldSpecs& specs, const FieldSpec& added) {
  for (const FieldSpec& have : specs) {
    if (!have.gvk.IsSelected(added.gvk) || have.path != added.path) continue;
    if (have.create == added.create) return Ok();
    return Invalid("field '" + added.path + "' of " + added.gvk.ToString() + " is configured both with and without 'create'");
  }
  specs.push_back(added);
  return Ok();
}

Status MergeAll(FieldSpecs& specs, const FieldSpecs& added) {
  for (const FieldSpec& spec : added) PLUMB_OK(Merge(specs, spec));
  return Ok();
}

const TransformerConfig& TransformerConfig::Default() {
  static const TransformerConfig config = ReadDefaults();
  return config;
}

Status TransformerConfig::AddNameReference(const NameReference& added) {
  bool found = false;
  for (NameReference& have : name_reference) {
    if (have.referred != added.referred) continue;
    PLUMB_OK(MergeAll(have.referrers, added.referrers));
    found = true;
  }
  if (!found) name_reference.push_back(added);
  return Ok();
}

Status TransformerConfig::MergeWith(const TransformerConfig& other) {
  PLUMB_OK(MergeAll(name_prefix, other.name_prefix), "namePrefix");
  PLUMB_OK(MergeAll(name_suffix, other.name_suffix), "nameSuffix");
  PLUMB_OK(MergeAll(namespaces, other.namespaces), "namespace");
  PLUMB_OK(MergeAll(common_annotations, other.common_annotations), "commonAnnotations");
  PLUMB_OK(MergeAll(common_labels, other.common_labels), "commonLabels");
  PLUMB_OK(MergeAll(labels, other.labels), "labels");
  PLUMB_OK(MergeAll(template_labels, other.template_labels), "templateLabels");
  PLUMB_OK(MergeAll(var_reference, other.var_reference), "varReference");
  for (const NameReference& reference : other.name_reference) PLUMB_OK(AddNameReference(reference), "nameReference");
  PLUMB_OK(MergeAll(images, other.images), "images");
  PLUMB_OK(MergeAll(replicas, other.replicas), "replicas");
  Sort();
  return Ok();
}

void TransformerConfig::Sort() {
  for (FieldSpecs* specs : {&name_prefix, &name_suffix, &namespaces, &common_labels, &labels, &template_labels,
                            &common_annotations, &images, &replicas, &var_reference})
    std::stable_sort(specs->begin(), specs->end(), ByGvk);
  std::stable_sort(name_reference.begin(), name_reference.end(),
                   [](const NameReference& a, const NameReference& b) { return GvkLess(a.referred, b.referred); });
}

bool AppliesTo(const FieldSpec& spec, Value object) { return ResGvk::Of(object).IsSelected(spec.gvk); }

Result<Value> ApplyFieldSpec(Arena& arena, Value object, const FieldSpec& spec, Create create, const SetField& set) {
  if (!AppliesTo(spec, object)) return object;
  return Walk(arena, spec, create, set).Run(object);
}

Result<Value> ApplyFieldSpecs(Arena& arena, Value object, const FieldSpecs& specs, Create create, const SetField& set) {
  for (const FieldSpec& spec : specs) {
    PLUMB_TRY(changed, ApplyFieldSpec(arena, object, spec, create, set));
    object = changed;
  }
  return object;
}

}  // namespace plumb::kustomize
