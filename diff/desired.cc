#include "diff/desired.h"

#include <algorithm>

#include "core/edit.h"
#include "core/hash.h"

namespace plumb {

namespace {

constexpr std::string_view kServerMetadata[] = {
    "creationTimestamp", "deletionGracePeriodSeconds", "deletionTimestamp", "generation", "managedFields", "resourceVersion", "selfLink", "uid",
};

bool IsSecret(Value object) { return object.GetString("kind") == "Secret" && object.GetString("apiVersion") == "v1"; }

Value WithoutServerMetadata(Arena& arena, Value metadata) {
  std::vector<Member> members;
  for (const Member& m : metadata.members()) {
    if (IsServerMetadata(m.key)) continue;
    members.push_back(m.key == "annotations" ? Member{m.key, Without(arena, m.value, kLastApplied)} : m);
  }
  return arena.Map(members);
}

Value FoldStringData(Arena& arena, Value secret) {
  Value data = secret.Get("data");
  for (const Member& m : secret.Get("stringData").members())
    data = With(arena, data, m.key, arena.String(Base64(m.value.AsString())));
  const Value folded = Without(arena, secret, "stringData");
  return data.is_map() ? With(arena, folded, "data", data) : folded;
}

}  // namespace

bool IsServerMetadata(std::string_view key) { return std::binary_search(std::begin(kServerMetadata), std::end(kServerMetadata), key); }

Document NormaliseDesired(const Document& manifest) {
  const Value root = manifest.root();
  const Value metadata = root.Get("metadata");
  const bool strip_metadata = std::any_of(metadata.members().begin(), metadata.members().end(), [](const Member& m) {
    return IsServerMetadata(m.key) || (m.key == "annotations" && m.value.Has(kLastApplied));
  });
  const bool fold = IsSecret(root) && root.Has("stringData");
  const bool strip_status = root.Has("status");
  if (!strip_metadata && !fold && !strip_status) return manifest;
  return BuildDocument([&](Arena& arena) {
    Value out = arena.Adopt(manifest);
    if (strip_status) out = Without(arena, out, "status");
    if (strip_metadata) out = With(arena, out, "metadata", WithoutServerMetadata(arena, metadata));
    return fold ? FoldStringData(arena, out) : out;
  });
}

}  // namespace plumb
