#include "engine/sandbox/api_server.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>

#include "core/edit.h"
#include "core/json.h"
#include "core/log.h"
#include "engine/sandbox/discovery.h"
#include "engine/sandbox/encode.h"
#include "engine/sandbox/openapi.h"
#include "engine/sandbox/openapi_v2.h"
#include "engine/sandbox/request_options.h"
#include "engine/sandbox/scale.h"
#include "engine/sandbox/strategy.h"

namespace plumb::sandbox {

namespace {

http::Response Json(int status, std::string body) {
  return {status, {{"Content-Type", "application/json"}, {"Cache-Control", "no-cache, private"}}, std::move(body)};
}

http::Response Plain(int status, std::string body) { return {status, {{"Content-Type", "text/plain; charset=utf-8"}}, std::move(body)}; }

http::Response Failed(const ApiError& e) {
  http::Response response = Json(e.code, StatusBody(e));
  if (e.retry_after_seconds) response.headers.emplace_back("Retry-After", std::to_string(e.retry_after_seconds));
  return response;
}

constexpr std::string_view kVersion =
    R"({"major":"1","minor":"36","gitVersion":"v1.36.3-plumb","gitCommit":"","gitTreeState":"clean","buildDate":"1970-01-01T00:00:00Z",)"
    R"("goVersion":"none","compiler":"none","platform":"linux/amd64"})";

}  // namespace

// One request to a resource, taken apart.
struct ApiServer::Call {
  const http::Request& request;
  const http::Target& target;
  RequestInfo info;
  std::shared_ptr<const CrdSet> kinds;
  const Resource* resource = nullptr;
  std::shared_ptr<http::Responder> responder;
  Encoding encoding;
  bool streaming = false;  // the responder was handed on

  std::string_view ns() const { return resource->namespaced ? std::string_view(info.ns) : std::string_view(); }

  http::Response Answer(int status, const Written& written) const {
    http::Response response = Json(status, EncodeObject(encoding, written.object));
    for (const std::string& warning : written.warnings) {
      std::string text;
      for (char c : warning) text += (c == '"' || c == '\\') ? fmt::format("\\{}", c) : std::string(1, c);
      response.headers.emplace_back("Warning", fmt::format("299 - \"{}\"", text));
    }
    return response;
  }
};

void ApiServer::Serve(const http::Request& request, std::shared_ptr<http::Responder> responder) {
  const http::Target target = http::ParseTarget(request.target);
  const std::shared_ptr<const CrdSet> kinds = cluster_.kinds();
  auto info = ParseRequestPath(target.path);
  if (!info) return responder->Send(Static(request, target, *kinds));
  Call call{request, target, *std::move(info), kinds, nullptr, responder, {}};
  auto answer = Resources(call);
  if (call.streaming) return;
  responder->Send(answer.ok() ? std::move(*answer) : Failed(answer.error()));
}

http::Response ApiServer::Static(const http::Request& request, const http::Target& target, const CrdSet& kinds) {
  std::string_view path = target.path;
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  const Registry& registry = *kinds.registry;
  const bool aggregated = http::Find(request.headers, "Accept").find("as=APIGroupDiscoveryList") != std::string_view::npos;
  auto json_or_404 = [](std::string body) { return body.empty() ? Plain(404, "404 page not found\n") : Json(200, std::move(body)); };
  if (path == "/api" || path == "/apis") {
    if (!aggregated) return Json(200, path == "/api" ? ApiVersions() : ApiGroupList(registry));
    http::Response response = Json(200, AggregatedDiscovery(registry, path == "/api"));
    response.headers[0].second = kAggregatedType;
    return response;
  }
  if (path == "/api/v1") return Json(200, ApiResourceList(registry, "", "v1"));
  if (path.starts_with("/apis/")) {
    const std::string_view rest = path.substr(6);
    const size_t slash = rest.find('/');
    if (slash == std::string_view::npos) return json_or_404(ApiGroup(registry, rest));
    return json_or_404(ApiResourceList(registry, rest.substr(0, slash), rest.substr(slash + 1)));
  }
  if (path == "/openapi/v2") return {200, {{"Content-Type", "application/octet-stream"}}, OpenApiV2(kinds)};
  if (path == "/openapi/v3") return Json(200, OpenApiIndex(kinds));
  if (path.starts_with("/openapi/v3/api/")) return json_or_404(OpenApiDocument(kinds, "", path.substr(16)));
  if (path.starts_with("/openapi/v3/apis/")) {
    const std::string_view rest = path.substr(17);
    const size_t slash = rest.find('/');
    return json_or_404(slash == std::string_view::npos ? "" : OpenApiDocument(kinds, rest.substr(0, slash), rest.substr(slash + 1)));
  }
  if (path == "/version") return Json(200, std::string(kVersion));
  if (path == "/healthz" || path == "/readyz" || path == "/livez") return Plain(200, "ok");
  if (path == "/") return Json(200, R"({"paths":["/api","/api/v1","/apis","/healthz","/livez","/openapi/v3","/readyz","/version"]})");
  return Plain(404, "404 page not found\n");
}

Answer<http::Response> ApiServer::Resources(Call& call) {
  const RequestInfo& info = call.info;
  const std::string& method = call.request.method;
  call.resource = call.kinds->registry->Find(info.group, info.version, info.resource);
  if (!call.resource) {
    const auto& known = call.kinds->registry->all();
    const bool group = std::ranges::any_of(known, [&](const auto& r) { return r->group == info.group; });
    if (!group) return Plain(404, "404 page not found\n");
    return PathNotFound();
  }
  const Resource& r = *call.resource;
  if (!r.namespaced && !info.ns.empty()) return PathNotFound();
  if (r.namespaced && info.ns.empty() && !info.name.empty()) return PathNotFound();
  if (!info.subresource.empty() && !r.Has(info.subresource)) return PathNotFound();
  call.encoding = {&r, FormOf(http::Find(call.request.headers, "Accept")), "Metadata", cluster_.clock().Wall()};
  if (const auto include = call.target.Get("includeObject"); !include.empty()) call.encoding.include_object = include;
  if (info.subresource == "scale") return Scale(call);
  if (info.subresource == "eviction") return Eviction(call);
  if (info.subresource == "log") return Plain(200, fmt::format("{}: the sandbox runs no containers\n", info.name));
  if (method == "GET" && info.name.empty()) {
    if (!r.Allows("list")) return MethodNotAllowed();
    return IsTrue(call.target.Get("watch")) ? StartWatch(call) : GetList(call);
  }
  if (method == "GET") return IsTrue(call.target.Get("watch")) ? StartWatch(call) : GetOne(call);
  if (method == "POST" && info.name.empty() && !(r.namespaced && info.ns.empty())) return r.Allows("update") ? Create(call) : Review(call);
  if (method == "PUT" && !info.name.empty()) return Update(call);
  if (method == "PATCH" && !info.name.empty()) return Patch(call);
  if (method == "DELETE" && info.subresource.empty()) {
    if (!info.name.empty()) return Delete(call);
    if (r.Allows("deletecollection") && !(r.namespaced && info.ns.empty())) return DeleteCollection(call);
  }
  return MethodNotAllowed();
}

Answer<http::Response> ApiServer::GetOne(Call& call) {
  PLUMB_ANSWER(object, cluster_.Get(*call.resource, call.ns(), call.info.name));
  return Json(200, EncodeObject(call.encoding, object));
}

namespace {

// The revision that a list or watch names. Errors: 400; 504 where it is of the future.
Answer<uint64_t> RevisionAsked(const http::Target& target, uint64_t head) {
  const std::string_view text = target.Get("resourceVersion");
  if (text.empty()) return uint64_t{0};
  uint64_t revision = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), revision);
  if (status != std::errc() || end != text.data() + text.size())
    return BadRequest(fmt::format("invalid resource version: resourceVersion: Invalid value: \"{0}\": strconv.ParseUint: parsing \"{0}\": invalid syntax", text));
  if (revision > head) {
    ApiError e{504, "Timeout", fmt::format("Timeout: Too large resource version: {}, current: {}", revision, head)};
    e.causes.push_back({"ResourceVersionTooLarge", "Too large resource version", ""});
    e.retry_after_seconds = 1;
    return e;
  }
  return revision;
}

}  // namespace

Answer<http::Response> ApiServer::GetList(Call& call) {
  PLUMB_ANSWER(options, ReadListOptions(call.target, *call.resource, call.ns()));
  PLUMB_ANSWER(asked, RevisionAsked(call.target, cluster_.revision()));
  (void)asked;  // every list is of now, which is not older
  ListPage page = cluster_.List(*call.resource, options);
  if (const uint64_t first = TokenRevision(call.target)) {
    if (!cluster_.Covers(first)) return Expired("The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter.");
    page.revision = first;  // a watch from here sees all that changed while the pages were read
  }
  const std::string next = ContinueToken(page);
  return Json(200, EncodeList(call.encoding, page, next));
}

Answer<http::Response> ApiServer::StartWatch(Call& call) {
  PLUMB_ANSWER(list, ReadListOptions(call.target, *call.resource, call.ns()));
  const uint64_t head = cluster_.revision();
  auto revision = RevisionAsked(call.target, head);
  if (!revision.ok()) {
    ApiError e = revision.error();
    if (constexpr std::string_view kOfLists = "invalid resource version: "; e.message.starts_with(kOfLists)) e = {500, "", e.message.substr(kOfLists.size())};
    return e;
  }
  const uint64_t asked = *revision;
  if (IsTrue(call.target.Get("sendInitialEvents")) && call.target.Get("resourceVersionMatch") != "NotOlderThan")
    return InvalidObject("meta.k8s.io", "ListOptions", "", {ForbiddenField("resourceVersionMatch", "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan")});
  if (!call.info.name.empty()) {
    auto by_name = FieldSelector::Parse("metadata.name=" + call.info.name);
    list.fields = *std::move(by_name);
  }
  WatchOptions options;
  options.resource = *call.resource;
  options.encoding = call.encoding;
  options.ns = list.ns;
  options.labels = list.labels;
  options.fields = list.fields;
  options.bookmarks = IsTrue(call.target.Get("allowWatchBookmarks"));
  options.initial_end = IsTrue(call.target.Get("sendInitialEvents"));
  options.revision = asked;
  int64_t seconds = 0;
  const std::string_view timeout = call.target.Get("timeoutSeconds");
  std::from_chars(timeout.data(), timeout.data() + timeout.size(), seconds);
  if (seconds > 0) options.timeout = std::chrono::seconds(seconds);
  if (asked == 0 || options.initial_end) {
    list.limit = 0;
    ListPage page = cluster_.List(*call.resource, list);
    options.initial = std::move(page.items);
    options.revision = page.revision;
  }
  call.streaming = true;
  hub_.Add(std::move(options), call.responder);
  return http::Response{};
}

namespace {

// Kind and apiVersion of a body: filled in where absent, refused where they are another's.
Answer<Document> OfKind(const Document& body, const Resource& r, const Registry& registry) {
  if (!body->is_map()) return BadRequest(fmt::format("the object provided is unrecognized (must be of type {}): couldn't get version/kind; json parse error: expected a map", r.kind));
  const std::string_view kind = body->GetString("kind"), version = body->GetString("apiVersion");
  if ((!kind.empty() && kind != r.kind) || (!version.empty() && version != r.ApiVersion())) {
    const std::string_view of = kind.empty() ? std::string_view(r.kind) : kind, short_version = version.substr(version.find('/') + 1);
    const Resource* other = registry.FindKind({version.find('/') == std::string_view::npos ? std::string() : std::string(version.substr(0, version.find('/'))), std::string(short_version), std::string(of)});
    const std::string why = other ? fmt::format("converting ({0}.{1}) to ({2}.{3}): unknown conversion", short_version, of, r.group.empty() ? "core" : r.group, r.kind)
                                  : fmt::format("no kind \"{}\" is registered for version \"{}\" in scheme \"pkg/runtime/scheme.go:111\"", of, version);
    return BadRequest(fmt::format("{} in version \"{}\" cannot be handled as a {}: {}", of, short_version, r.kind, why));
  }
  if (!kind.empty() && !version.empty()) return body;
  return BuildDocument([&](Arena& a) {
    return With(a, With(a, a.Adopt(body), "kind", a.String(r.kind)), "apiVersion", a.String(r.ApiVersion()));
  });
}

}  // namespace

Answer<http::Response> ApiServer::Create(Call& call) {
  const Resource& r = *call.resource;
  PLUMB_ANSWER(options, ReadWriteOptions(call.request, call.target, "Create"));
  PLUMB_ANSWER(body, ReadBody(call.request, r.kind));
  PLUMB_ANSWER(object, OfKind(body, r, *call.kinds->registry));
  PLUMB_ANSWER(written, cluster_.Create(r, call.ns(), object, options));
  return call.Answer(201, written);
}

Answer<http::Response> ApiServer::Update(Call& call) {
  const Resource& r = *call.resource;
  PLUMB_ANSWER(options, ReadWriteOptions(call.request, call.target, "Update"));
  PLUMB_ANSWER(body, ReadBody(call.request, r.kind));
  PLUMB_ANSWER(object, OfKind(body, r, *call.kinds->registry));
  options.subresource = call.info.subresource;
  PLUMB_ANSWER(written, cluster_.Update(r, call.ns(), call.info.name, object, options));
  return call.Answer(200, written);
}

Answer<http::Response> ApiServer::Patch(Call& call) {
  const Resource& r = *call.resource;
  PLUMB_ANSWER(type, PatchTypeOf(call.request));
  PLUMB_ANSWER(options, ReadWriteOptions(call.request, call.target, "Patch"));
  if (type == PatchType::kApply && !call.target.Has("fieldManager"))
    return InvalidObject("meta.k8s.io", "PatchOptions", "", {RequiredValue("fieldManager", "is required for apply patch")});
  if (type != PatchType::kApply && options.force)
    return InvalidObject("meta.k8s.io", "PatchOptions", "", {ForbiddenField("force", "may not be specified for non-apply patch")});
  PLUMB_ANSWER(body, ReadBody(call.request, r.kind));
  Document patch = body;
  if (type == PatchType::kApply) {  // a whole object in form: its kind and name are those of the path
    if (body->GetString("kind").empty() || body->GetString("apiVersion").empty()) {
      const std::string_view version = body->GetString("apiVersion");
      return BadRequest(fmt::format("invalid object type: {}{}, Kind={}", version.find('/') == std::string_view::npos ? "/" : "", version, body->GetString("kind")));
    }
    PLUMB_ANSWER(config, OfKind(body, r, *call.kinds->registry));
    patch = config;
    const std::string_view name = GetAt(*patch, {"metadata", "name"}).AsString();
    if (!name.empty() && name != call.info.name) return BadRequest(fmt::format("the name of the object ({}) does not match the name on the URL ({})", name, call.info.name));
    patch = BuildDocument([&](Arena& a) {
      Value named = WithAt(a, a.Adopt(patch), {"metadata", "name"}, a.String(call.info.name));
      return r.namespaced && GetAt(named, {"metadata", "namespace"}).is_null() ? WithAt(a, named, {"metadata", "namespace"}, a.String(call.info.ns)) : named;
    });
  }
  options.subresource = call.info.subresource;
  PLUMB_ANSWER(written, cluster_.Patch(r, call.ns(), call.info.name, type, patch, options));
  return call.Answer(written.created ? 201 : 200, written);
}

Answer<http::Response> ApiServer::Delete(Call& call) {
  const Resource& r = *call.resource;
  PLUMB_ANSWER(options, ReadDeleteOptions(call.request, call.target));
  PLUMB_ANSWER(deleted, cluster_.Delete(r, call.ns(), call.info.name, options));
  if (!deleted.gone || StrategyOf(r).returns_deleted) return Json(200, EncodeObject(call.encoding, deleted.object));
  Arena a;
  std::vector<Member> details = {{"name", a.String(call.info.name)}};
  if (!r.group.empty()) details.push_back({"group", a.String(r.group)});
  details.push_back({"kind", a.String(r.plural)});
  details.push_back({"uid", GetAt(*deleted.object, {"metadata", "uid"})});
  return Json(200, WriteJson(a.Map({{"kind", a.Borrow("Status")}, {"apiVersion", a.Borrow("v1")}, {"metadata", a.Map({})},
                                    {"status", a.Borrow("Success")}, {"details", a.Map(details)}})) + "\n");
}

Answer<http::Response> ApiServer::DeleteCollection(Call& call) {
  PLUMB_ANSWER(list, ReadListOptions(call.target, *call.resource, call.ns()));
  PLUMB_ANSWER(options, ReadDeleteOptions(call.request, call.target));
  ListPage page = cluster_.List(*call.resource, list);
  for (const Document& object : page.items) {
    const Value metadata = object->Get("metadata");
    auto deleted = cluster_.Delete(*call.resource, metadata.GetString("namespace"), metadata.GetString("name"), options);
    if (!deleted.ok() && deleted.error().code != 404) return deleted.error();
  }
  return Json(200, EncodeList(call.encoding, page, ""));
}

Answer<http::Response> ApiServer::Scale(Call& call) {
  const Resource& r = *call.resource;
  const bool put = call.request.method == "PUT";
  PLUMB_ANSWER(object, cluster_.Get(r, call.ns(), call.info.name));
  if (call.request.method == "GET") return Json(200, WriteJson(*ScaleOf(r, object)) + "\n");
  if (!put && call.request.method != "PATCH") return MethodNotAllowed();
  PLUMB_ANSWER(options, ReadWriteOptions(call.request, call.target, put ? "Update" : "Patch"));
  PLUMB_ANSWER(body, ReadBody(call.request, "Scale"));
  Document scale = body;
  if (!put) {
    PLUMB_ANSWER(type, PatchTypeOf(call.request));
    PLUMB_ANSWER(patched, PatchScale(r, object, type, body));
    scale = patched;
  }
  options.subresource = "scale";
  PLUMB_ANSWER(written, cluster_.Modify(r, call.ns(), call.info.name, options, [&](Arena& a, Value existing) {
    return WithScale(a, r, existing, *scale);
  }));
  return Json(200, WriteJson(*ScaleOf(r, written.object)) + "\n");
}

// An eviction is a delete that a disruption budget could refuse; the sandbox's never does.
Answer<http::Response> ApiServer::Eviction(Call& call) {
  if (call.request.method != "POST") return MethodNotAllowed();
  PLUMB_ANSWER(body, ReadBody(call.request, "Eviction"));
  DeleteOptions options;
  if (const Value grace = GetAt(*body, {"deleteOptions", "gracePeriodSeconds"}); grace.is_int()) options.grace_seconds = grace.AsInt();
  PLUMB_ANSWER(deleted, cluster_.Delete(*call.resource, call.ns(), call.info.name, options));
  (void)deleted;
  return Json(201, R"({"kind":"Status","apiVersion":"v1","metadata":{},"status":"Success","code":201})" "\n");
}

// Questions that are answered at once and stored nowhere: everybody may do everything in the sandbox.
Answer<http::Response> ApiServer::Review(Call& call) {
  PLUMB_ANSWER(body, ReadBody(call.request, call.resource->kind));
  Arena a;
  const bool self = call.resource->plural == "selfsubjectreviews";
  const Value status = self ? a.Map({{"userInfo", a.Map({{"username", a.Borrow("sandbox-admin")}, {"groups", a.List({a.Borrow("system:masters"), a.Borrow("system:authenticated")})}})}})
                            : a.Map({{"allowed", Arena::Bool(true)}});
  Value review = With(a, a.Adopt(body), "status", status);
  review = With(a, With(a, review, "kind", a.String(call.resource->kind)), "apiVersion", a.String(call.resource->ApiVersion()));
  return Json(201, WriteJson(review) + "\n");
}

}  // namespace plumb::sandbox
