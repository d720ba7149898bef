#include "engine/kube/schema_cache.h"

#include <fmt/core.h>

#include <charconv>

#include "core/blocking.h"
#include "core/edit.h"
#include "core/json.h"
#include "engine/kube/document_folder.h"

namespace plumb::kube {
namespace {

std::string KeyOf(const Gvk& gvk) { return gvk.group.empty() ? "api/" + gvk.version : fmt::format("apis/{}/{}", gvk.group, gvk.version); }

// A schema without the words for people: most of its bytes. A property of that name is a map, and stays.
Value WithoutDescriptions(Arena& arena, Value v) {
  if (v.is_list()) {
    std::vector<Value> items;
    for (const Value item : v.items()) items.push_back(WithoutDescriptions(arena, item));
    return arena.List(items);
  }
  if (!v.is_map()) return v;
  std::vector<Member> members;
  for (const Member& m : v.members()) {
    if (m.key == "description" && m.value.is_string()) continue;
    const bool is_data = m.key == "default" || m.key == "enum" || m.key == "example";
    members.push_back({m.key, is_data ? m.value : WithoutDescriptions(arena, m.value)});
  }
  return arena.Map(members);
}

// Of an OpenAPI v3 document only the schemas: the paths are the larger half, and the schema keeps the document's memory.
Result<Document> SchemasOnly(const std::string& text) {
  PLUMB_TRY(document, ParseJson(text));
  Arena scratch;
  const Value schemas = WithoutDescriptions(scratch, GetAt(document.root(), {"components", "schemas"}));
  return Compacted(scratch.Map({{"components", scratch.Map({{"schemas", schemas}})}}));
}

int MinorVersion(Value version) {
  const std::string_view minor = version.GetString("minor");  // "36", "20+"
  int number = 0;
  std::from_chars(minor.data(), minor.data() + minor.size(), number);
  return number;
}

}  // namespace

SchemaCache::SchemaCache(Client& client, SchemaCacheOptions options, Clock& clock)
    : client_(client), options_(std::move(options)), clock_(clock) {}

void SchemaCache::Invalidate() {
  MutexLock lock(mu_);
  have_index_ = false;
}

Status SchemaCache::ReadIndex() {
  if (!have_index_ && known_.empty() && !version2_) {
    PLUMB_TRY(version, client_.GetRaw("/version"), "server version");
    PLUMB_TRY(document, ParseJson(version.body), "server version");
    type_at_reference_ = MinorVersion(document.root()) == 0 || MinorVersion(document.root()) >= 26;
  }
  Result<http::Response> index = client_.GetRaw("/openapi/v3");
  if (!index.ok() && index.error().code() == Code::kNotFound) {
    version2_ = true;
    all_ = nullptr;
  } else if (!index.ok()) {
    return std::move(index).error().Wrap("openapi");
  } else {
    PLUMB_TRY(document, ParseJson(index->body), "openapi");
    std::map<std::string, Known> known;
    for (const Member& path : document->Get("paths").members()) {
      Known entry;
      if (const auto before = known_.find(std::string(path.key)); before != known_.end()) entry = before->second;
      entry.url = path.value.GetString("serverRelativeURL");
      known.emplace(path.key, std::move(entry));
    }
    known_ = std::move(known);
    version2_ = false;
  }
  have_index_ = true;
  index_read_ = clock_.Now();
  return Ok();
}

Result<SchemaPtr> SchemaCache::LoadVersion3(Known& known) {
  if (known.schema && known.loaded == known.url) return known.schema;
  const DocumentFolder folder(options_.folder, options_.folder_files);
  const bool hashed = known.url.find("hash=") != std::string::npos;
  std::optional<std::string> text = hashed ? folder.Read(known.url) : std::nullopt;
  Result<Document> document = text ? SchemasOnly(*text) : Result<Document>(NotFound(""));
  if (!document.ok()) {  // not kept, or broken on disk
    PLUMB_TRY(response, client_.GetRaw(known.url), "openapi");
    document = SchemasOnly(response.body);
    if (!document.ok()) return Unavailable(document.error().message()).Wrap("openapi");
    if (hashed) folder.Write(known.url, WriteJson(document->root()));
  }
  PLUMB_TRY(schema, SchemaFromOpenApiV3({*document}, {type_at_reference_}), "openapi");
  known.schema = schema;
  known.loaded = known.url;
  return schema;
}

Result<SchemaPtr> SchemaCache::LoadVersion2() {
  if (all_) return all_;
  PLUMB_TRY(response, client_.GetRaw("/openapi/v2"), "openapi");
  PLUMB_TRY(document, ParseJson(response.body), "openapi");
  Arena scratch;
  const Document definitions = Compacted(scratch.Map({{"definitions", WithoutDescriptions(scratch, document->Get("definitions"))}}));
  PLUMB_TRY(schema, SchemaFromOpenApiV2(definitions, {type_at_reference_}), "openapi");
  all_ = schema;
  return all_;
}

Result<SchemaPtr> SchemaCache::ForKind(const Gvk& gvk) {
  const Blocking blocking;
  MutexLock lock(mu_);
  const std::string key = KeyOf(gvk);
  const bool due = !have_index_ || clock_.Now() - index_read_ > options_.index_interval;
  if (due) {
    const Status read = ReadIndex();
    // A server that cannot be asked right now does not make what it said before wrong.
    if (!read.ok() && !(known_.contains(key) && known_[key].schema) && !all_) return read.error();
  }
  if (version2_) return LoadVersion2();
  // A kind made a moment ago may be missing from an index of before.
  if (!known_.contains(key) && !due && clock_.Now() - index_read_ > options_.miss_interval) PLUMB_OK(ReadIndex());
  const auto found = known_.find(key);
  if (found == known_.end()) return NotFound(fmt::format("the cluster has no schema of '{}'", gvk.ApiVersion()));
  return LoadVersion3(found->second);
}

}  // namespace plumb::kube
