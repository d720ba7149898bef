#include "engine/sandbox/api_error.h"

#include <fmt/core.h>

#include "core/json.h"
#include "engine/sandbox/resource.h"

namespace plumb::sandbox {

namespace {
ApiError ForObject(int code, std::string reason, const Resource& resource, std::string_view name, std::string message) {
  ApiError e{code, std::move(reason), std::move(message)};
  e.group = resource.group;
  e.kind = resource.plural;
  e.name = name;
  e.details = true;
  return e;
}
std::string Qualified(const Resource& r) { return r.group.empty() ? r.plural : r.plural + "." + r.group; }
}  // namespace

ApiError BadRequest(std::string message) { return {400, "BadRequest", std::move(message)}; }

ApiError PathNotFound() {
  ApiError e{404, "NotFound", "the server could not find the requested resource"};
  e.details = true;
  return e;
}

ApiError MethodNotAllowed() {
  ApiError e{405, "MethodNotAllowed", "the server does not allow this method on the requested resource"};
  e.details = true;
  return e;
}

ApiError UnsupportedMediaType(std::string message) { return {415, "UnsupportedMediaType", std::move(message)}; }

ApiError InternalError(std::string message) { return {500, "InternalError", "Internal error occurred: " + message}; }

ApiError NotFoundError(const Resource& r, std::string_view name) {
  return ForObject(404, "NotFound", r, name, fmt::format("{} \"{}\" not found", Qualified(r), name));
}

ApiError AlreadyExists(const Resource& r, std::string_view name) {
  return ForObject(409, "AlreadyExists", r, name, fmt::format("{} \"{}\" already exists", Qualified(r), name));
}

ApiError ConflictError(const Resource& r, std::string_view name, std::string_view why) {
  return ForObject(409, "Conflict", r, name, fmt::format("Operation cannot be fulfilled on {} \"{}\": {}", Qualified(r), name, why));
}

ApiError Forbidden(const Resource& r, std::string_view name, std::string_view why) {
  return ForObject(403, "Forbidden", r, name, fmt::format("{} \"{}\" is forbidden: {}", Qualified(r), name, why));
}

ApiError Expired(std::string message) { return {410, "Expired", std::move(message)}; }

ApiError InvalidObject(std::string_view group, std::string_view kind, std::string_view name, std::vector<Cause> causes) {
  ApiError e{422, "Invalid", ""};
  std::string list;
  for (const Cause& c : causes) list += fmt::format("{}{}: {}", list.empty() ? "" : ", ", c.field, c.message);
  if (causes.size() > 1) list = "[" + list + "]";
  e.message = fmt::format("{}{}{} \"{}\" is invalid: {}", kind, group.empty() ? "" : ".", group, name, list);
  e.group = group;
  e.kind = kind;
  e.name = name;
  e.causes = std::move(causes);
  e.details = true;
  return e;
}

Cause InvalidValue(std::string field, std::string_view json_value, std::string_view why) {
  return {"FieldValueInvalid", fmt::format("Invalid value: {}: {}", json_value, why), std::move(field)};
}

Cause RequiredValue(std::string field, std::string_view why) {
  return {"FieldValueRequired", fmt::format("Required value{}{}", why.empty() ? "" : ": ", why), std::move(field)};
}

Cause ForbiddenField(std::string field, std::string_view why) {
  return {"FieldValueForbidden", fmt::format("Forbidden: {}", why), std::move(field)};
}

std::string StatusBody(const ApiError& e) {
  Arena a;
  std::vector<Member> status = {{"kind", a.Borrow("Status")},     {"apiVersion", a.Borrow("v1")},
                                {"metadata", a.Map({})},          {"status", a.Borrow("Failure")},
                                {"message", a.String(e.message)}};
  if (!e.reason.empty()) status.push_back({"reason", a.String(e.reason)});
  if (e.details || !e.causes.empty() || e.retry_after_seconds) {
    std::vector<Member> details;
    for (auto [key, text] : {std::pair("name", &e.name), {"group", &e.group}, {"kind", &e.kind}, {"uid", &e.uid}})
      if (!text->empty()) details.push_back({key, a.String(*text)});
    std::vector<Value> causes;
    for (const Cause& c : e.causes) {
      std::vector<Member> cause;
      for (auto [key, text] : {std::pair("reason", &c.reason), {"message", &c.message}, {"field", &c.field}})
        if (!text->empty()) cause.push_back({key, a.String(*text)});
      causes.push_back(a.Map(cause));
    }
    if (!causes.empty()) details.push_back({"causes", a.List(causes)});
    if (e.retry_after_seconds) details.push_back({"retryAfterSeconds", a.Int(e.retry_after_seconds)});
    status.push_back({"details", a.Map(details)});
  }
  status.push_back({"code", a.Int(e.code)});
  return WriteJson(a.Map(status)) + "\n";
}

}  // namespace plumb::sandbox
