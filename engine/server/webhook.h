// Calls of git hosts that say "something was pushed": who sent it, is it genuine, and which repository does it mean?
//
// A push only says where to look: the source then asks the remote itself, so that a forged or a lost call costs a look
// and never deploys anything. Pure functions over plain values; thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "engine/http/message.h"

namespace plumb {

struct WebhookOptions {
  std::vector<std::string>
      secrets{};                 // any of them may sign: two while one is being replaced. Empty ones do not count.
  bool accept_unsigned = false;  // without any secret: take calls as they come. Safe on loopback addresses.
};

struct PushedRef {
  std::string ref;    // "refs/heads/main"; "" where the call does not say
  std::string after;  // the new commit's id; "" where the call does not say or the reference was deleted
};

struct Push {
  std::vector<std::string> urls{};  // all mean one repository; empty: every repository (a plain call without `url`)
  std::vector<PushedRef> refs{};

  // True where `repository_url`, in any of its forms, is the one pushed to (sources/git_url.h, SameRepository).
  bool Concerns(std::string_view repository_url) const;
};

struct WebhookCall {
  std::string provider;        // "github", "gitlab", "gitea", "gogs", "bitbucket", "plain"
  std::optional<Push> push{};  // nullopt: genuine, but no push ("ping")
};

// The host that sent it, told by its headers alone: for metrics, before anything is verified.
std::string_view WebhookProvider(const http::Headers& headers);

// Verifies, then reads a POST. Understood: GitHub (X-Hub-Signature-256), GitLab (X-Gitlab-Token), Gitea and Forgejo
// (X-Gitea-Signature), Gogs (X-Gogs-Signature), Bitbucket Cloud and Data Center (X-Hub-Signature), and plain calls:
// "Authorization: Bearer SECRET" or X-Hub-Signature-256, with `?url=` or a JSON body {"url", "ref", "after"}.
// Signatures are HMAC-SHA256 of the body; all comparisons take constant time.
//
// Errors: kDenied (unsigned, wrong signature; an unsigned call from a web page), kInvalid (not the host's JSON).
Result<WebhookCall> ReadWebhook(const http::Request& request, const WebhookOptions& options);

}  // namespace plumb
