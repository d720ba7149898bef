#include "engine/kube/credentials.h"

#include <fmt/core.h>

#include <fstream>
#include <sstream>

#include "core/hash.h"
#include "engine/kube/exec_plugin.h"

namespace plumb::kube {
namespace {

// client-go re-reads token files at this pace (transport/token_source.go, NewCachedFileTokenSource).
constexpr Duration kTokenFilePeriod = std::chrono::minutes(1);

CredentialPtr Authorization(std::string header) {
  Credential credential;
  credential.authorization = std::move(header);
  return std::make_shared<const Credential>(std::move(credential));
}

std::string Trimmed(std::string text) {
  constexpr std::string_view kSpace = " \t\r\n";
  text.erase(text.find_last_not_of(kSpace) + 1);
  text.erase(0, text.find_first_not_of(kSpace));
  return text;
}

}  // namespace

// The order of precedence is client-go's: a token file over a token, both over a password; a plugin only where the
// kubeconfig gives nothing else (kubeconfig loading refuses mixtures that kubectl refuses).
Credentials::Credentials(const Connection& connection, Clock& clock) : connection_(connection), clock_(clock) {
  if (!connection_.token_file.empty() || !connection_.exec.command.empty()) return;  // Refresh gets them
  good_until_ = TimePoint::max();
  if (!connection_.token.empty()) {
    cached_ = Authorization("Bearer " + connection_.token);
  } else if (!connection_.username.empty() || !connection_.password.empty()) {
    cached_ = Authorization("Basic " + Base64(connection_.username + ":" + connection_.password));
  } else {
    cached_ = Authorization("");
  }
}

CredentialPtr Credentials::Cached() const {
  MutexLock lock(mu_);
  return cached_ && clock_.Now() < good_until_ ? cached_ : nullptr;
}

Result<CredentialPtr> Credentials::Refresh(std::stop_token stop) {
  MutexLock one_at_a_time(refresh_mu_);
  if (CredentialPtr good = Cached()) return good;
  WallTime expires = WallTime::max();
  Result<CredentialPtr> fresh = connection_.token_file.empty() ? RunPlugin(stop, &expires) : ReadTokenFile();
  if (!fresh.ok()) return fresh;
  MutexLock lock(mu_);
  cached_ = *fresh;
  const TimePoint now = clock_.Now();
  if (!connection_.token_file.empty()) {
    good_until_ = now + kTokenFilePeriod;
  } else {
    good_until_ = expires == WallTime::max() ? TimePoint::max() : now + (expires - clock_.Wall());
  }
  return fresh;
}

bool Credentials::Rejected(const CredentialPtr& used) {
  if (connection_.token_file.empty() && connection_.exec.command.empty()) return false;
  MutexLock lock(mu_);
  if (cached_ == used) good_until_ = TimePoint::min();
  return true;
}

Result<CredentialPtr> Credentials::ReadTokenFile() {
  std::ifstream file(connection_.token_file);
  std::ostringstream text;
  text << file.rdbuf();
  std::string token = Trimmed(std::move(text).str());
  if (!file || token.empty()) {
    // client-go keeps the last good token where the file cannot be read for a moment; a static token stands in too.
    MutexLock lock(mu_);
    if (cached_) return cached_;
    if (!connection_.token.empty()) return Authorization("Bearer " + connection_.token);
    return Denied(fmt::format("token file '{}' is missing or empty", connection_.token_file));
  }
  return Authorization("Bearer " + token);
}

Result<CredentialPtr> Credentials::RunPlugin(const std::stop_token& stop, WallTime* expires) const {
  PLUMB_TRY(answer, RunExecPlugin(connection_, ProcessRunner::Real(), stop));
  *expires = answer.expires;
  return std::make_shared<const Credential>(std::move(answer.credential));
}

}  // namespace plumb::kube
