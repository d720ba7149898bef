// No call without the right signature is accepted, whatever its headers and body; a signed one is never called forged,
// and what is read from it is bounded. The first byte chooses the host, the second the event, the rest is the body.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "core/mac.h"
#include "engine/server/webhook.h"

using namespace plumb;

namespace {

constexpr const char* kSecret = "a secret that no input holds: 5b1f";

struct Host {
  const char* event_header;
  const char* event;
  const char* signature_header;
  const char* prefix;
};
constexpr Host kHosts[] = {
    {"X-GitHub-Event", "push", "X-Hub-Signature-256", "sha256="},
    {"X-Gitea-Event", "push", "X-Gitea-Signature", ""},
    {"X-Gogs-Event", "push", "X-Gogs-Signature", ""},
    {"X-Event-Key", "repo:push", "X-Hub-Signature", "sha256="},
    {"X-Plain", "", "X-Hub-Signature-256", "sha256="},
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const Host& host = kHosts[data[0] % std::size(kHosts)];
  const std::string body(reinterpret_cast<const char*>(data + 2), size - 2);
  http::Request request{.method = "POST",
                        .target = "/webhook?" + body.substr(0, 50),
                        .headers = {{host.event_header, host.event}},
                        .body = body};
  if (data[1] % 2 == 1) request.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");

  const WebhookOptions options{.secrets = {kSecret}, .accept_unsigned = true};
  if (ReadWebhook(request, options).ok()) std::abort();
  request.headers.emplace_back(host.signature_header, body.substr(0, 71));
  if (ReadWebhook(request, options).ok()) std::abort();

  request.headers.back().second = host.prefix + HmacSha256Hex(kSecret, body);
  const auto call = ReadWebhook(request, options);
  if (!call.ok()) {
    if (call.error().code() == Code::kDenied) std::abort();
    return 0;
  }
  if (!call->push) return 0;
  if (call->push->urls.size() > 16 || call->push->refs.size() > 1000) std::abort();
  for (const std::string& url : call->push->urls) (void)call->push->Concerns(url);
  return 0;
}
