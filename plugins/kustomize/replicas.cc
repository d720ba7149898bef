// Replica counts.
#include <algorithm>

#include "core/suggest.h"
#include "plugins/kustomize/as_written.h"
#include "plugins/kustomize/node.h"
#include "plugins/kustomize/transformers.h"

namespace plumb::kustomize {

Result<Value> SetReplicas(Arena& arena, Value object, int64_t count, const FieldSpec& field) {
  return ApplyFieldSpec(arena, object, field, Create::kScalar, [&](Value old) -> Result<Value> {
    if (!old.is_scalar()) return Invalid("'" + field.path + "' must be a number, found a " + std::string(KindName(old.kind())));
    return WrittenOver(arena, old, Arena::Int(count));
  });
}

Status ApplyReplicas(Arena& arena, ResMap& map, const ReplicaArgs& replica, const FieldSpecs& fields) {
  bool found = false;
  for (const FieldSpec& field : fields) {
    const auto matches = [&](const ResId& id) { return id.name == replica.name && id.gvk.IsSelected(field.gvk); };
    for (Resource& resource : map) {
      const auto previous = resource.PreviousIds();
      if (!std::any_of(previous.begin(), previous.end(), matches) && !matches(resource.CurrentId())) continue;
      found = true;
      PLUMB_TRY(changed, SetReplicas(arena, resource.root, replica.count, field), "replicas of '" + replica.name + "'");
      resource.root = changed;
    }
  }
  if (found) return Ok();
  std::vector<std::string> names;
  for (const Resource& resource : map) names.push_back(resource.CurrentId().name);
  return Invalid("there is no object named '" + replica.name + "' of a kind that has replicas" +
                 DidYouMean(replica.name, names));
}

}  // namespace plumb::kustomize
