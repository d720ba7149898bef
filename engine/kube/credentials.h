// What proves who we are to an API server, kept fresh: static tokens and passwords, token files that rotate, and
// exec credential plugins whose answers expire.
#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>

#include "core/clock.h"
#include "core/mutex.h"
#include "core/result.h"
#include "engine/kube/connection.h"

namespace plumb::kube {

// One proof of identity. Immutable once made; a new one replaces it.
struct Credential {
  std::string authorization;             // value of the Authorization header; "" for none
  std::string cert_pem, key_pem;         // from a plugin; "" where the connection's own are to be used
};
using CredentialPtr = std::shared_ptr<const Credential>;

// Thread-safe. Cached() never blocks; Refresh() may (it reads a file or runs a program), so the transport calls it
// from a thread of its own.
class Credentials {
 public:
  Credentials(const Connection& connection, Clock& clock);

  // The credential while it is good, else nullptr: call Refresh.
  CredentialPtr Cached() const;

  // Reads the token file or runs the plugin, if the cached credential is not good any more. One at a time.
  // Errors: kDenied (no such file, the plugin failed; the message says what to do), kCancelled.
  Result<CredentialPtr> Refresh(std::stop_token stop = {});

  // The server answered 401 to `used`. True where a refresh may bring another one and the request is worth repeating.
  bool Rejected(const CredentialPtr& used);

 private:
  Result<CredentialPtr> ReadTokenFile();
  Result<CredentialPtr> RunPlugin(const std::stop_token& stop, WallTime* expires) const;

  const Connection connection_;
  Clock& clock_;
  Mutex refresh_mu_;  // held while refreshing; taken before mu_
  mutable Mutex mu_;
  CredentialPtr cached_ GUARDED_BY(mu_);
  TimePoint good_until_ GUARDED_BY(mu_);
};

}  // namespace plumb::kube
