#include "engine/sandbox/encode.h"

#include <fmt/core.h>

#include "core/edit.h"
#include "core/json.h"
#include "engine/sandbox/table.h"

namespace plumb::sandbox {

Form FormOf(std::string_view accept) {
  while (!accept.empty()) {
    const size_t comma = accept.find(',');
    const std::string_view one = accept.substr(0, comma);
    accept = comma == std::string_view::npos ? std::string_view() : accept.substr(comma + 1);
    if (one.find("protobuf") != std::string_view::npos || one.find("cbor") != std::string_view::npos) continue;
    if (one.find("as=Table") != std::string_view::npos) return Form::kTable;
    if (one.find("as=PartialObjectMetadata") != std::string_view::npos) return Form::kMetadata;
    return Form::kObject;
  }
  return Form::kObject;
}

namespace {

Value PartialMetadata(Arena& a, Value object) {
  return a.Map({{"kind", a.Borrow("PartialObjectMetadata")}, {"apiVersion", a.Borrow("meta.k8s.io/v1")}, {"metadata", object.Get("metadata")}});
}

// Lists of custom kinds say that there is no next page, those of built-in kinds say nothing.
std::string ListMetadata(uint64_t revision, std::string_view next, size_t remaining, bool custom) {
  std::string out = fmt::format(R"("metadata":{{"resourceVersion":"{}")", revision);
  if (next.empty() && custom) out += R"(,"continue":"")";
  if (!next.empty()) out += fmt::format(R"(,"continue":"{}","remainingItemCount":{})", next, remaining);
  return out + "}";
}

std::string Row(const Encoding& e, Arena& a, Value object) {
  std::vector<Value> cells = TableCells(a, *e.resource, object, e.now);
  std::vector<Member> row = {{"cells", a.List(cells)}};
  if (e.include_object == "Object") row.push_back({"object", object});
  else if (e.include_object != "None") row.push_back({"object", PartialMetadata(a, object)});
  return WriteJson(a.Map(row));
}

std::string TableOpening(const Encoding& e, std::string_view metadata, bool columns) {
  return fmt::format(R"({{"kind":"Table","apiVersion":"meta.k8s.io/v1",{},"columnDefinitions":{},"rows":[)", metadata,
                     columns ? TableColumns(*e.resource) : "null");
}

// Lists of built-in kinds say the kind once, in the list itself; those of custom kinds in every item.
std::string Item(const Encoding& e, Arena& a, Value object) {
  if (e.form == Form::kMetadata) return WriteJson(PartialMetadata(a, object));
  if (e.resource->custom()) return WriteJson(AsVersion(a, *e.resource, object));
  return WriteJson(Without(a, Without(a, object, "kind"), "apiVersion"));
}

std::string_view ListKind(const Encoding& e) { return e.form == Form::kMetadata ? "PartialObjectMetadata" : std::string_view(e.resource->kind); }

}  // namespace

std::string EncodeObject(const Encoding& e, const Document& object) {
  Arena a;
  if (e.form == Form::kTable) {
    const Value revision = GetAt(*object, {"metadata", "resourceVersion"});
    return TableOpening(e, fmt::format(R"("metadata":{{"resourceVersion":"{}"}})", revision.AsString()), true) + Row(e, a, *object) + "]}\n";
  }
  if (e.form == Form::kMetadata) return WriteJson(PartialMetadata(a, *object)) + "\n";
  return WriteJson(AsVersion(a, *e.resource, *object)) + "\n";
}

std::string EncodeList(const Encoding& e, const ListPage& page, std::string_view next) {
  const std::string metadata = ListMetadata(page.revision, next, page.remaining, e.form == Form::kObject && e.resource->custom());
  const std::string api_version = e.form == Form::kMetadata ? "meta.k8s.io/v1" : e.resource->ApiVersion();
  std::string out = e.form == Form::kTable
                        ? TableOpening(e, metadata, true)
                        : fmt::format(R"({{"kind":"{}List","apiVersion":"{}",{},"items":[)", ListKind(e), api_version, metadata);
  bool first = true;
  for (const Document& object : page.items) {
    if (!std::exchange(first, false)) out += ',';
    Arena a;
    out += e.form == Form::kTable ? Row(e, a, *object) : Item(e, a, *object);
  }
  return out + "]}\n";
}

std::string EncodeEventObject(const Encoding& e, const Document& object, bool columns) {
  Arena a;
  if (e.form == Form::kTable) {
    const std::string_view revision = GetAt(*object, {"metadata", "resourceVersion"}).AsString();
    return TableOpening(e, fmt::format(R"("metadata":{{"resourceVersion":"{}"}})", revision), columns) + Row(e, a, *object) + "]}";
  }
  if (e.form == Form::kMetadata) return WriteJson(PartialMetadata(a, *object));
  return WriteJson(AsVersion(a, *e.resource, *object));
}

}  // namespace plumb::sandbox
