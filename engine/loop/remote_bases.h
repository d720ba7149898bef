// Remote bases of kustomizations, through the sources: git repositories by their mirrors, files by http, from hosts on a
// list alone.
#pragma once

#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "core/mutex.h"
#include "plugins/kustomize/build.h"
#include "sources/git_source.h"

namespace plumb {

struct RemoteBaseOptions {
  // Hosts that may be asked: "github.com", "*.example.com", "*" for any; "file" for repositories on this machine, which
  // "*" does not stand for. None: remote bases are refused.
  std::vector<std::string> hosts;
  bool inner_addresses = false;  // whether a host may have a loopback or link-local address (169.254.169.254)
  size_t bases = 100;            // of one render
  GitOptions git;                // mirrors, bounds; credentials are those of the application's own repository,
  std::string own_url;           // for its host alone
  GitCredentials own_credentials;
};

// An address is opened once: a render that names it twice sees one commit. Thread-safe; fetches one after the other.
//
// A name that has an inner address is refused, and git is held to the address that was looked at, without redirects. Behind
// a proxy of the environment git leaves the name to the proxy.
class RemoteBasesFromSources final : public kustomize::RemoteBases {
 public:
  explicit RemoteBasesFromSources(RemoteBaseOptions options, std::stop_token stop = {}) : options_(std::move(options)), stop_(std::move(stop)) {}

  // Errors: kDenied for a host that is not on the list or has an inner address, kLimit, and those of the source.
  Result<Base> Open(std::string_view url) override;
  Result<std::string> ReadFile(std::string_view url) override;

 private:
  Status CheckHost(const std::string& host, std::string_view url) const;
  Result<Base> Fetch(std::string_view url) REQUIRES(mu_);

  const RemoteBaseOptions options_;
  const std::stop_token stop_;
  Mutex mu_;
  std::map<std::string, Base, std::less<>> bases_ GUARDED_BY(mu_);
  std::map<std::string, std::string, std::less<>> files_ GUARDED_BY(mu_);
};

}  // namespace plumb
