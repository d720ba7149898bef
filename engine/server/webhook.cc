#include "engine/server/webhook.h"

#include <fmt/core.h>

#include <algorithm>

#include "core/json.h"
#include "core/mac.h"
#include "sources/git_url.h"

namespace plumb {
namespace {

using http::Find;

constexpr size_t kMostUrls = 16;
constexpr size_t kMostRefs = 1000;
constexpr size_t kMostText = 4096;  // bytes of one address or reference
constexpr std::string_view kNoCommit = "0000000000000000000000000000000000000000";

struct Host {
  std::string_view name;
  std::string_view event_header;
  std::string_view signature_header;  // of kGitlab the token itself
  std::string_view signature_prefix;
};

// Gitea sends GitHub's headers too, so it stands before.
constexpr Host kHosts[] = {
    {"gitea", "X-Gitea-Event", "X-Gitea-Signature", ""},
    {"gogs", "X-Gogs-Event", "X-Gogs-Signature", ""},
    {"gitlab", "X-Gitlab-Event", "X-Gitlab-Token", ""},
    {"github", "X-GitHub-Event", "X-Hub-Signature-256", "sha256="},
    {"bitbucket", "X-Event-Key", "X-Hub-Signature", "sha256="},
};
constexpr Host kPlain = {"plain", "", "X-Hub-Signature-256", "sha256="};

const Host& HostOf(const http::Headers& headers) {
  for (const Host& host : kHosts) {
    if (!Find(headers, host.event_header).empty()) return host;
  }
  return kPlain;
}

// True where `matches` holds for any secret; asks all of them, so that the time does not tell which.
template <typename F>
bool AnySecret(const std::vector<std::string>& secrets, F matches) {
  bool any = false;
  for (const std::string& secret : secrets) {
    if (!secret.empty() && matches(secret)) any = true;
  }
  return any;
}

Status Verify(const Host& host, const http::Request& request, const WebhookOptions& options) {
  if (!AnySecret(options.secrets, [](auto&) { return true; })) {
    if (!options.accept_unsigned) {
      return Denied(
          "webhook: no secret is configured; configure one, unsigned calls are taken on loopback addresses alone");
    }
    if (!Find(request.headers, "Origin").empty()) {
      return Denied("webhook: a web page may not send unsigned calls; configure a secret");
    }
    return Ok();
  }
  if (host.name == "gitlab" || host.name == "plain") {
    constexpr std::string_view kBearer = "Bearer ";
    std::string_view token = Find(request.headers, host.name == "gitlab" ? "X-Gitlab-Token" : "Authorization");
    if (host.name == "plain") token = token.starts_with(kBearer) ? token.substr(kBearer.size()) : std::string_view();
    if (!token.empty()) {
      if (AnySecret(options.secrets, [&](auto& secret) { return EqualConstantTime(secret, token); })) return Ok();
      return Denied("webhook: the token is not the configured secret");
    }
    if (host.name == "gitlab")
      return Denied("webhook: header 'X-Gitlab-Token' is missing; set the hook's secret token");
  }
  std::string_view signature = Find(request.headers, host.signature_header);
  if (signature.empty()) {
    const std::string_view also = host.name == "plain" ? " or 'Authorization: Bearer'" : "";
    return Denied(fmt::format("webhook: header '{}'{} is missing; set the hook's secret", host.signature_header, also));
  }
  if (!signature.starts_with(host.signature_prefix)) {
    return Denied(
        fmt::format("webhook: header '{}' is not of the form '{}...'", host.signature_header, host.signature_prefix));
  }
  signature.remove_prefix(host.signature_prefix.size());
  const bool genuine = AnySecret(
      options.secrets, [&](auto& secret) { return EqualConstantTime(HmacSha256Hex(secret, request.body), signature); });
  return genuine ? Ok()
                 : Status(Denied("webhook: the signature does not match; the hook's secret is not the configured one"));
}

void AddUrl(Push& push, std::string_view url) {
  if (url.empty() || url.size() > kMostText || push.urls.size() >= kMostUrls) return;
  if (std::find(push.urls.begin(), push.urls.end(), url) == push.urls.end()) push.urls.emplace_back(url);
}

void AddRef(Push& push, std::string_view ref, std::string_view after) {
  if (ref.size() > kMostText || after.size() > kMostText || push.refs.size() >= kMostRefs) return;
  push.refs.push_back({std::string(ref), after == kNoCommit ? "" : std::string(after)});
}

// GitHub, Gitea, Forgejo, Gogs and GitLab share `ref` and `after`, and name the repository by several addresses.
Push ReadCommon(Value payload) {
  Push push;
  for (const char* key : {"clone_url", "ssh_url", "html_url", "git_url", "git_http_url", "git_ssh_url", "url"}) {
    AddUrl(push, payload.Get("repository").GetString(key));
  }
  for (const char* key : {"git_http_url", "git_ssh_url", "web_url", "http_url", "ssh_url"}) {
    AddUrl(push, payload.Get("project").GetString(key));
  }
  AddRef(push, payload.GetString("ref"), payload.GetString("after"));
  return push;
}

Push ReadBitbucket(Value payload) {
  Push push;
  const Value repository = payload.Get("repository");
  AddUrl(push, repository.Get("links").Get("html").GetString("href"));
  for (const Value& link : repository.Get("links").Get("clone").items()) AddUrl(push, link.GetString("href"));
  for (const Value& change : payload.Get("push").Get("changes").items()) {  // Cloud
    const Value now = change.Get("new");
    const Value named = now.is_map() ? now : change.Get("old");
    const std::string_view kind = named.GetString("type") == "tag" ? "refs/tags/" : "refs/heads/";
    AddRef(push, fmt::format("{}{}", kind, named.GetString("name")), now.Get("target").GetString("hash"));
  }
  for (const Value& change : payload.Get("changes").items()) {  // Data Center
    AddRef(push, change.Get("ref").GetString("id"), change.GetString("toHash"));
  }
  return push;
}

bool IsPush(const Host& host, std::string_view event) {
  if (host.name == "gitlab") return event == "Push Hook" || event == "Tag Push Hook" || event == "System Hook";
  if (host.name == "bitbucket") return event == "repo:push" || event == "repo:refs_changed";
  return event == "push" || event == "create" || event == "delete";
}

// GitHub can send its JSON inside of a form.
Result<std::string> PayloadText(const http::Request& request) {
  if (!Find(request.headers, "Content-Type").starts_with("application/x-www-form-urlencoded")) return request.body;
  std::string text(http::ParseTarget("/?" + request.body).Get("payload"));
  if (text.empty()) return Invalid("the form has no field 'payload': set the hook's content type to application/json");
  return text;
}

Result<Push> ReadPlain(const http::Request& request) {
  Push push;
  const http::Target target = http::ParseTarget(request.target);
  AddUrl(push, target.Get("url"));
  std::string_view ref = target.Get("ref"), after = target.Get("after");
  Document body;
  if (request.body.find_first_not_of(" \t\r\n") != std::string::npos) {
    PLUMB_TRY(parsed, ParseJson(request.body), "webhook");
    body = std::move(parsed);
    const Value root = body.root();
    if (!root.is_map()) return Invalid(fmt::format("webhook: the body is a {}, not a map", KindName(root.kind())));
    AddUrl(push, root.GetString("url"));
    if (ref.empty()) ref = root.GetString("ref");
    if (after.empty()) after = root.GetString("after");
  }
  AddRef(push, ref, after);
  return push;
}

}  // namespace

bool Push::Concerns(std::string_view repository_url) const {
  return urls.empty() ||
         std::any_of(urls.begin(), urls.end(), [&](auto& url) { return SameRepository(url, repository_url); });
}

std::string_view WebhookProvider(const http::Headers& headers) { return HostOf(headers).name; }

Result<WebhookCall> ReadWebhook(const http::Request& request, const WebhookOptions& options) {
  const Host& host = HostOf(request.headers);
  PLUMB_OK(Verify(host, request, options));
  WebhookCall call{.provider = std::string(host.name)};
  if (host.name == "plain") {
    PLUMB_TRY(push, ReadPlain(request));
    call.push = std::move(push);
    return call;
  }
  if (!IsPush(host, Find(request.headers, host.event_header))) return call;
  PLUMB_TRY(text, PayloadText(request), fmt::format("webhook of {}", host.name));
  PLUMB_TRY(document, ParseJson(text), fmt::format("webhook of {}", host.name));
  const Value payload = document.root();
  if (!payload.is_map())
    return Invalid(fmt::format("webhook of {}: the payload is a {}, not a map", host.name, KindName(payload.kind())));
  Push push = host.name == "bitbucket" ? ReadBitbucket(payload) : ReadCommon(payload);
  if (push.urls.empty()) return Invalid(fmt::format("webhook of {}: the payload names no repository", host.name));
  call.push = std::move(push);
  return call;
}

}  // namespace plumb
