#include "engine/kube/api_error.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>

#include "core/json.h"

namespace plumb::kube {
namespace {

constexpr size_t kShownBodyBytes = 200, kShownCauses = 10;
constexpr Duration kLongestRetryAfter = std::chrono::minutes(5);

Duration Seconds(std::string_view text) {
  int64_t seconds = 0;
  std::from_chars(text.data(), text.data() + text.size(), seconds);
  return std::clamp<Duration>(std::chrono::seconds(std::clamp<int64_t>(seconds, 0, 3600)), Duration{}, kLongestRetryAfter);
}

void ReadStatus(Value status, ApiStatus& out) {
  out.reason = status.GetString("reason");
  out.message = status.GetString("message");
  const Value details = status.Get("details");
  for (const Value cause : details.Get("causes").items())
    out.causes.push_back({std::string(cause.GetString("reason")), std::string(cause.GetString("message")), std::string(cause.GetString("field"))});
  if (const Value after = details.Get("retryAfterSeconds"); after.AsInt() > 0 && out.retry_after == Duration{})
    out.retry_after = std::min<Duration>(std::chrono::seconds(std::min<int64_t>(after.AsInt(), 3600)), kLongestRetryAfter);
}

bool HasCause(const ApiStatus& status, std::string_view reason) {
  return std::ranges::any_of(status.causes, [&](const ApiCause& cause) { return cause.reason == reason; });
}

Code CodeOf(const ApiStatus& status) {
  if (HasCause(status, "NamespaceTerminating")) return Code::kConflict;
  if (status.Expired()) return Code::kConflict;
  // Server-side apply answers 500 to an object that does not fit its schema (seen on 1.20 to 1.36), and only its text
  // tells that from a server in trouble. Retrying would go on for ever.
  if (status.http == 500 && status.message.find("failed to create typed patch object") != std::string::npos) return Code::kInvalid;
  switch (status.http) {
    case 401: case 403: return Code::kDenied;
    case 404: return Code::kNotFound;
    case 409: return Code::kConflict;
    case 408: case 429: return Code::kUnavailable;
    default: return status.http >= 500 ? Code::kUnavailable : Code::kInvalid;
  }
}

}  // namespace

bool ApiStatus::ApplyConflict() const { return http == 409 && HasCause(*this, "FieldManagerConflict"); }

ApiStatus ReadApiStatus(const http::Response& response) {
  ApiStatus out;
  out.http = response.status;
  out.retry_after = Seconds(http::Find(response.headers, "Retry-After"));
  if (out.ok()) return out;
  out.content_type = http::Find(response.headers, "Content-Type");
  out.location = http::Find(response.headers, "Location");
  const Result<Document> body = ParseJson(response.body);
  if (body.ok() && body->root().GetString("kind") == "Status") {
    ReadStatus(body->root(), out);
  } else {
    out.message = response.body.substr(0, kShownBodyBytes);
    while (!out.message.empty() && (out.message.back() == '\n' || out.message.back() == ' ')) out.message.pop_back();
  }
  return out;
}

ApiStatus ReadApiStatus(Value status) {
  ApiStatus out;
  out.http = static_cast<int>(std::clamp<int64_t>(status.Get("code").AsInt(), 0, 999));
  ReadStatus(status, out);
  return out;
}

Error ToError(const ApiStatus& status) {
  if (status.http == 401)
    return Denied("401: not logged in: the token or certificate is expired or wrong; check the user in the kubeconfig");
  if (status.http >= 300 && status.http < 400)
    return Invalid(fmt::format("{}: the server redirects to '{}'; put the right address in the kubeconfig", status.http, status.location));
  // A conflict's and an invalid object's message repeats its causes in one long line; others' does not.
  std::string text = fmt::format("{}: {}", status.http, status.message.empty() ? "the server gave no reason" : status.message);
  size_t shown = 0;
  for (const ApiCause& cause : status.causes) {
    if (status.message.find(cause.message) != std::string::npos && (cause.field.empty() || status.message.find(cause.field) != std::string::npos)) continue;
    if (++shown > kShownCauses) break;
    text += fmt::format("; {}{}{}", cause.field, cause.field.empty() ? "" : ": ", cause.message);
  }
  if (shown > kShownCauses) text += fmt::format("; and {} more", status.causes.size() - kShownCauses);
  return {CodeOf(status), std::move(text)};
}

std::vector<std::string> ReadWarnings(const http::Headers& headers) {
  std::vector<std::string> warnings;
  for (const auto& [name, value] : headers) {
    if (!std::ranges::equal(name, std::string_view("warning"), [](char a, char b) { return (a | 0x20) == b; })) continue;
    // 299 - "text with \"quotes\"" (RFC 7234, 5.5); apiserver sends one a header line.
    const size_t open = value.find('"');
    if (!value.starts_with("299") || open == std::string::npos) continue;
    std::string text;
    for (size_t i = open + 1; i < value.size() && value[i] != '"'; ++i) {
      if (value[i] == '\\' && i + 1 < value.size()) ++i;
      text += value[i];
    }
    warnings.push_back(std::move(text));
  }
  return warnings;
}

}  // namespace plumb::kube
