// Prefixes and suffixes of names.
#include <algorithm>

#include "plugins/kustomize/node.h"
#include "plugins/kustomize/transformers.h"

namespace plumb::kustomize {
namespace {

// Kinds whose names other things depend on: a definition's is made of its group, a namespace's is its identity.
bool KeepsName(const ResId& id) {
  const ResGvk kept[] = {{"", "", "CustomResourceDefinition"}, {"apiregistration.k8s.io", "", "APIService"}, {"", "", "Namespace"}};
  return std::any_of(std::begin(kept), std::end(kept), [&](const ResGvk& gvk) { return id.gvk.IsSelected(gvk); });
}

}  // namespace

Result<Value> SetAffix(Arena& arena, Value object, Affix affix, const std::string& text, const FieldSpec& field) {
  return ApplyFieldSpec(arena, object, field, Create::kScalar, [&](Value old) -> Result<Value> {
    if (!old.is_scalar()) return Invalid("'" + field.path + "' must be a string, found a " + std::string(KindName(old.kind())));
    const std::string name = ScalarText(old);
    return UntypedOver(arena, old, affix == Affix::kPrefix ? text + name : name + text);
  });
}

Status ApplyAffix(Arena& arena, ResMap& map, Affix affix, const std::string& text, const FieldSpecs& fields) {
  for (Resource& resource : map) {
    const ResId id = resource.OriginalId();
    if (KeepsName(id)) continue;
    for (const FieldSpec& field : fields) {
      if (!id.gvk.IsSelected(field.gvk)) continue;
      if (field.path == "metadata/name" && !text.empty()) {
        (affix == Affix::kPrefix ? resource.prefixes : resource.suffixes).push_back(text);
        resource.StorePreviousId();
      }
      PLUMB_TRY(changed, SetAffix(arena, resource.root, affix, text, field), "name of " + resource.CurrentId().ToString());
      resource.root = changed;
    }
  }
  map.IdsChanged();
  return Ok();
}

}  // namespace plumb::kustomize
