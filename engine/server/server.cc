#include "engine/server/server.h"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/log.h"

namespace plumb {
namespace {

using nlohmann::json;

http::Response Text(int status, std::string body, std::string type = "text/plain; charset=utf-8") {
  return {status,
          {{"Content-Type", std::move(type)}, {"Cache-Control", "no-store"}, {"X-Content-Type-Options", "nosniff"}},
          std::move(body)};
}

http::Response Json(int status, const json& body) {
  return Text(status, body.dump(-1, ' ', false, json::error_handler_t::replace) + "\n", "application/json");
}

http::Response Failure(int status, std::string_view code, const std::string& message) {
  return Json(status, {{"error", {{"code", code}, {"message", message}}}});
}

http::Response Failure(const Error& error) {
  return Failure(HttpStatus(error.code()), CodeName(error.code()), error.message());
}

http::Response WrongMethod(const std::string& allowed) {
  http::Response response = Failure(405, "invalid", fmt::format("use {} here", allowed));
  response.headers.emplace_back("Allow", allowed);
  return response;
}

constexpr std::string_view kReadOnly[] = {"/", "/metrics", "/healthz", "/readyz", "/api/v1/applications"};

}  // namespace

bool IsLoopback(std::string_view address) {
  return address == "localhost" || address == "::1" || address == "[::1]" || address.starts_with("127.");
}

int HttpStatus(Code code) {
  switch (code) {
    case Code::kInvalid: return 400;
    case Code::kDenied: return 401;
    case Code::kNotFound: return 404;
    case Code::kConflict: return 409;
    case Code::kLimit: return 413;
    case Code::kUnavailable: return 503;
    case Code::kCancelled: return 503;
    case Code::kInternal: return 500;
  }
  return 500;
}

http::Response OperationsHandler::Answer(const http::Request& request) const {
  const std::string path = http::ParseTarget(request.target).path;
  if (path == "/webhook") return request.method == "POST" ? AnswerWebhook(request) : WrongMethod("POST");
  if (std::find(std::begin(kReadOnly), std::end(kReadOnly), path) == std::end(kReadOnly)) {
    return Failure(404, "not found", fmt::format("'{}' is not served here; '/' lists what is", path));
  }
  if (request.method != "GET" && request.method != "HEAD") return WrongMethod("GET, HEAD");
  if (path == "/metrics") {
    if (callbacks_.before_metrics) callbacks_.before_metrics(metrics_);
    return Text(200, metrics_.Text(), "text/plain; version=0.0.4; charset=utf-8");
  }
  if (path == "/healthz") return Text(200, "ok\n");
  if (path == "/readyz") {
    std::string why_not;
    if (!callbacks_.ready || callbacks_.ready(&why_not)) return Text(200, "ready\n");
    return Text(503, "not ready\n" + why_not + (why_not.empty() || why_not.ends_with('\n') ? "" : "\n"));
  }
  if (path == "/") return Text(200, "plumb\n\n/metrics\n/healthz\n/readyz\n/api/v1/applications\n/webhook (POST)\n");
  return Text(200, callbacks_.applications ? callbacks_.applications() : "[]\n", "application/json");
}

Result<WebhookOptions> OperationsHandler::Webhooks() const {
  WebhookOptions webhooks;
  for (const SecretRef& secret : options_.webhook_secrets) {
    PLUMB_TRY(text, secret.Read(), "webhook secret");
    // An empty file must not open the door that a secret was meant to close.
    if (text.empty()) return Unavailable("webhook secret: it is empty");
    webhooks.secrets.push_back(std::move(text));
  }
  webhooks.accept_unsigned = options_.accept_unsigned_webhooks || IsLoopback(options_.address);
  return webhooks;
}

http::Response OperationsHandler::AnswerWebhook(const http::Request& request) const {
  const std::string_view provider = WebhookProvider(request.headers);
  const auto refuse = [&](const Error& error) {
    metrics_.AddWebhook(provider, "refused");
    log::Warning("webhook refused", {{"provider", std::string(provider)}, {"reason", error.message()}});
    return Failure(error);
  };
  if (request.body.size() > options_.webhook_bytes) {
    return refuse(LimitExceeded(fmt::format("webhook: the body is larger than {} bytes", options_.webhook_bytes)));
  }
  auto options = Webhooks();
  if (!options.ok()) {
    // Why the secret cannot be read concerns the operator, not the caller.
    metrics_.AddWebhook(provider, "refused");
    log::Error("webhook refused", {{"provider", std::string(provider)}, {"reason", options.error().message()}});
    return Failure(503, "unavailable", "webhook: the secret cannot be read; see the log of plumb");
  }
  auto call = ReadWebhook(request, *options);
  if (!call.ok()) return refuse(call.error());
  metrics_.AddWebhook(call->provider, call->push ? "accepted" : "ignored");
  const size_t applications = call->push && callbacks_.on_push ? callbacks_.on_push(*call->push) : 0;
  return Json(call->push ? 202 : 200, {{"push", call->push.has_value()}, {"applications", applications}});
}

Result<std::unique_ptr<OperationsServer>> OperationsServer::Start(OperationsOptions options, Metrics& metrics,
                                                                  OperationsCallbacks callbacks) {
  http::ServerOptions server_options;
  server_options.address = options.address;
  server_options.port = options.port;
  server_options.body_bytes = options.webhook_bytes;
  server_options.connections = 200;
  auto handler = std::make_shared<const OperationsHandler>(std::move(options), metrics, std::move(callbacks));
  PLUMB_TRY(server, http::Server::Start(server_options,
                                        [handler](http::Request request, std::shared_ptr<http::Responder> responder) {
                                          responder->Send(handler->Answer(request));
                                        }));
  return std::unique_ptr<OperationsServer>(new OperationsServer(std::move(server)));
}

}  // namespace plumb
