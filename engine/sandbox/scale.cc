#include "engine/sandbox/scale.h"

#include <string>
#include <vector>

#include "core/edit.h"
#include "diff/embedded_schema.h"
#include "engine/sandbox/patching.h"
#include "engine/sandbox/selector.h"

namespace plumb::sandbox {

namespace {

// Where the replicas are: ".spec.replicas", or what the custom kind says. Keys live as long as the resource.
std::vector<std::string_view> Path(const Resource& r, std::string_view field, std::string_view standard) {
  std::string_view path = r.custom() ? GetAt(*r.crd_version, {"subresources", "scale"}).GetString(field) : standard;
  std::vector<std::string_view> keys;
  while (path.starts_with('.')) {
    path.remove_prefix(1);
    const size_t end = std::min(path.find('.'), path.size());
    keys.push_back(path.substr(0, end));
    path.remove_prefix(end);
  }
  return keys;
}

Value At(Value v, const std::vector<std::string_view>& path) {
  for (std::string_view key : path) v = v.Get(key);
  return v;
}

}  // namespace

Document ScaleOf(const Resource& r, const Document& object) {
  return BuildDocument([&](Arena& a) {
    a.Adopt(object);
    std::vector<Member> metadata;
    for (std::string_view field : {"name", "namespace", "uid", "resourceVersion", "creationTimestamp"})
      if (const Value* v = object->Get("metadata").Find(field)) metadata.push_back({field, *v});
    std::vector<Member> status = {{"replicas", Arena::Int(At(*object, Path(r, "statusReplicasPath", ".status.replicas")).AsInt())}};
    if (r.custom()) {
      if (const Value selector = At(*object, Path(r, "labelSelectorPath", "")); selector.is_string()) status.push_back({"selector", selector});
    } else if (const auto selector = LabelSelector::FromObject(GetAt(*object, {"spec", "selector"})); selector.ok()) {
      status.push_back({"selector", a.String(selector->ToString())});
    }
    return a.Map({{"kind", a.Borrow("Scale")},
                  {"apiVersion", a.Borrow("autoscaling/v1")},
                  {"metadata", a.Map(metadata)},
                  {"spec", a.Map({{"replicas", Arena::Int(At(*object, Path(r, "specReplicasPath", ".spec.replicas")).AsInt())}})},
                  {"status", a.Map(status)}});
  });
}

Answer<Document> PatchScale(const Resource& r, const Document& object, PatchType type, const Document& patch) {
  const Resource scale{.group = "autoscaling", .version = "v1", .plural = "scales", .kind = "Scale"};
  if (type == PatchType::kApply) return UnsupportedMediaType("415: Unsupported Media Type");
  auto arena = std::make_shared<Arena>();
  PLUMB_ANSWER(patched, ApplyPatch(*arena, *EmbeddedSchema(), scale, type, arena->Adopt(ScaleOf(r, object)), arena->Adopt(patch)));
  return Document(arena, patched);
}

Answer<Value> WithScale(Arena& a, const Resource& r, Value object, Value scale) {
  const Value replicas = GetAt(scale, {"spec", "replicas"});
  const std::string_view name = GetAt(object, {"metadata", "name"}).AsString();
  if (replicas.AsInt() < 0)
    return InvalidObject("autoscaling", "Scale", name,
                         {InvalidValue("spec.replicas", std::to_string(replicas.AsInt()), "must be greater than or equal to 0")});
  const std::string_view revision = GetAt(scale, {"metadata", "resourceVersion"}).AsString();
  if (!revision.empty() && revision != GetAt(object, {"metadata", "resourceVersion"}).AsString())
    return ConflictError(r, name, "the object has been modified; please apply your changes to the latest version and try again");
  return WithAt(a, object, Path(r, "specReplicasPath", ".spec.replicas"), Arena::Int(replicas.AsInt()));
}

}  // namespace plumb::sandbox
