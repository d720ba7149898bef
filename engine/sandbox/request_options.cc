#include "engine/sandbox/request_options.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>

#include "core/edit.h"
#include "core/hash.h"
#include "core/json.h"
#include "core/yaml.h"
#include "engine/sandbox/protobuf.h"

namespace plumb::sandbox {

namespace {

std::string_view MediaType(const http::Request& request) {
  std::string_view type = http::Find(request.headers, "Content-Type");
  type = type.substr(0, type.find(';'));
  while (type.ends_with(' ')) type.remove_suffix(1);
  return type;
}

std::optional<int64_t> Integer(std::string_view text) {
  int64_t n = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (status != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return n;
}

// The field selectors that a kind knows beside metadata.name and metadata.namespace.
bool KnowsField(const Resource& r, std::string_view field) {
  static constexpr struct { std::string_view store_name, fields; } kFields[] = {
      {"pods", " spec.nodeName spec.restartPolicy spec.schedulerName spec.serviceAccountName spec.hostNetwork status.phase status.podIP status.nominatedNodeName "},
      {"events", " involvedObject.kind involvedObject.namespace involvedObject.name involvedObject.uid involvedObject.apiVersion "
                 "involvedObject.resourceVersion involvedObject.fieldPath reason reportingComponent source type "},
      {"secrets", " type "},
      {"namespaces", " status.phase name "},
      {"nodes", " spec.unschedulable "},
      {"services", " spec.clusterIP spec.type "},
      {"replicasets.apps", " status.replicas "},
      {"jobs.batch", " status.successful "},
      {"replicationcontrollers", " status.replicas "},
  };
  if (field == "metadata.name" || (field == "metadata.namespace" && r.namespaced)) return true;
  for (const auto& row : kFields)
    if (row.store_name == r.StoreName() && row.fields.find(fmt::format(" {} ", field)) != std::string_view::npos) return true;
  for (Value selectable : r.crd_version->Get("selectableFields").items())
    if (selectable.GetString("jsonPath") == fmt::format(".{}", field)) return true;
  return false;
}

}  // namespace

bool IsTrue(std::string_view parameter) { return parameter == "true" || parameter == "1" || parameter == "True" || parameter == "t"; }

Answer<Document> ReadBody(const http::Request& request, std::string_view kind) {
  const std::string_view type = MediaType(request);
  if (type == kProtobufMediaType) {
    auto decoded = DecodeProtobuf(request.body);
    if (decoded.ok()) return *std::move(decoded);
    return BadRequest(fmt::format("the object provided is unrecognized (must be of type {}): {}", kind, decoded.error().message()));
  }
  const bool yaml = type == "application/yaml" || type == "application/apply-patch+yaml";
  if (!type.empty() && !yaml && type != "application/json" && !type.ends_with("+json"))
    return UnsupportedMediaType("the body of the request was in an unknown format - accepted media types include: application/json, "
                                "application/yaml, application/vnd.kubernetes.protobuf");
  auto parsed = yaml && !request.body.starts_with('{') ? ParseYamlOne(request.body) : ParseJson(request.body);
  if (parsed.ok()) return *std::move(parsed);
  return BadRequest(fmt::format("the object provided is unrecognized (must be of type {}): couldn't get version/kind; json parse error: {} ({})", kind,
                                parsed.error().message(), request.body.substr(0, 60)));
}

Answer<PatchType> PatchTypeOf(const http::Request& request) {
  static constexpr struct { std::string_view media; PatchType type; } kTypes[] = {
      {"application/json-patch+json", PatchType::kJson},
      {"application/merge-patch+json", PatchType::kMerge},
      {"application/strategic-merge-patch+json", PatchType::kStrategic},
      {"application/apply-patch+yaml", PatchType::kApply},
  };
  for (const auto& t : kTypes)
    if (t.media == MediaType(request)) return t.type;
  ApiError e = UnsupportedMediaType("415: Unsupported Media Type");
  e.details = true;
  return e;
}

Answer<WriteOptions> ReadWriteOptions(const http::Request& request, const http::Target& target, std::string_view verb) {
  WriteOptions options;
  const std::string kind = fmt::format("{}Options", verb);
  auto unsupported = [&](std::string field, std::string_view value, std::string_view supported) {
    ApiError e = InvalidObject("meta.k8s.io", kind, "", {{"FieldValueNotSupported", fmt::format("Unsupported value: {}: supported values: {}", value, supported), std::move(field)}});
    return e;
  };
  if (const std::string_view dry_run = target.Get("dryRun"); dry_run == "All") options.dry_run = true;
  else if (!dry_run.empty()) return unsupported("dryRun", fmt::format("[\"{}\"]", dry_run), "\"All\"");
  if (const std::string_view v = target.Get("fieldValidation"); v == "Strict") options.validation = FieldValidation::kStrict;
  else if (v == "Ignore") options.validation = FieldValidation::kIgnore;
  else if (!v.empty() && v != "Warn") return unsupported("fieldValidation", fmt::format("\"{}\"", v), R"("", "Ignore", "Strict", "Warn")");
  options.force = IsTrue(target.Get("force"));
  options.manager = target.Get("fieldManager");
  if (options.manager.size() > 128)
    return InvalidObject("meta.k8s.io", kind, "", {{"FieldValueTooLong", "Too long: may not be more than 128 bytes", "fieldManager"}});
  if (options.manager.empty()) {
    // As the server names managers that do not name themselves: the program of the User-Agent.
    std::string_view agent = http::Find(request.headers, "User-Agent");
    agent = agent.substr(0, agent.find('/'));
    options.manager = agent.empty() ? "unknown" : agent.substr(0, 128);
  }
  return options;
}

Answer<DeleteOptions> ReadDeleteOptions(const http::Request& request, const http::Target& target) {
  DeleteOptions options;
  Value body;
  Document parsed;
  if (!request.body.empty()) {
    PLUMB_ANSWER(document, ReadBody(request, "DeleteOptions"));
    parsed = document;
    body = *parsed;
  }
  options.propagation = body.Has("propagationPolicy") ? body.GetString("propagationPolicy") : target.Get("propagationPolicy");
  if (const Value orphan = body.Get("orphanDependents"); orphan.is_bool()) options.propagation = orphan.AsBool() ? "Orphan" : "Background";
  static constexpr std::string_view kPolicies[] = {"", "Background", "Foreground", "Orphan"};
  if (std::ranges::find(kPolicies, options.propagation) == std::end(kPolicies))
    return InvalidObject("meta.k8s.io", "DeleteOptions", "",
                         {{"FieldValueNotSupported", fmt::format("Unsupported value: \"{}\": supported values: \"Foreground\", \"Background\", \"Orphan\", \"nil\"", options.propagation), "propagationPolicy"}});
  options.uid = GetAt(body, {"preconditions", "uid"}).AsString();
  options.revision = GetAt(body, {"preconditions", "resourceVersion"}).AsString();
  if (const Value grace = body.Get("gracePeriodSeconds"); grace.is_int()) options.grace_seconds = std::max<int64_t>(0, grace.AsInt());
  else if (const auto seconds = Integer(target.Get("gracePeriodSeconds"))) options.grace_seconds = std::max<int64_t>(0, *seconds);
  for (Value v : body.Get("dryRun").items()) options.dry_run |= v.AsString() == "All";
  options.dry_run |= target.Get("dryRun") == "All";
  return options;
}

std::string ContinueToken(const ListPage& page) {
  if (!page.more || page.items.empty()) return "";
  const Value last = page.items.back()->Get("metadata");
  return Base64Url(fmt::format(R"({{"rv":{},"ns":"{}","name":"{}"}})", page.revision, last.GetString("namespace"), last.GetString("name")));
}

namespace {
// Null where the token is none of ours.
Document ReadToken(std::string_view token) {
  std::string padded(token);
  std::ranges::replace(padded, '-', '+');
  std::ranges::replace(padded, '_', '/');
  padded.append((4 - padded.size() % 4) % 4, '=');
  const auto text = DecodeBase64(padded);
  if (!text.ok()) return {};
  auto parsed = ParseJson(*text);
  return parsed.ok() && (*parsed)->Has("rv") ? *parsed : Document();
}
}  // namespace

uint64_t TokenRevision(const http::Target& target) {
  return static_cast<uint64_t>(ReadToken(target.Get("continue"))->Get("rv").AsInt());
}

Answer<ListOptions> ReadListOptions(const http::Target& target, const Resource& resource, std::string_view ns) {
  ListOptions options;
  options.ns = ns;
  auto labels = LabelSelector::Parse(target.Get("labelSelector"));
  if (!labels.ok()) return BadRequest(labels.error().message());
  options.labels = *std::move(labels);
  auto fields = FieldSelector::Parse(target.Get("fieldSelector"));
  if (!fields.ok()) return BadRequest(fields.error().message());
  for (const auto& term : fields->terms())
    if (!KnowsField(resource, term.field))
      return BadRequest(resource.custom() || !resource.namespaced
                            ? fmt::format("field label not supported: {}", term.field)
                            : fmt::format("\"{}\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"", term.field));
  options.fields = *std::move(fields);
  if (const std::string_view limit = target.Get("limit"); !limit.empty()) {
    const auto n = Integer(limit);
    if (!n) return BadRequest(fmt::format("strconv.ParseInt: parsing \"{}\": invalid syntax", limit));
    options.limit = static_cast<size_t>(std::max<int64_t>(0, *n));
  }
  if (const std::string_view token = target.Get("continue"); !token.empty()) {
    const Document parsed = ReadToken(token);
    if (parsed->is_null()) return BadRequest("invalid continue token: continue key is not valid");
    options.after_ns = parsed->GetString("ns");
    options.after_name = parsed->GetString("name");
  }
  return options;
}

}  // namespace plumb::sandbox
