#include "engine/loop/remote_bases.h"

#include <fmt/core.h>

#include <algorithm>

#include "plugins/kustomize/remote_url.h"
#include "sources/git_url.h"
#include "sources/http_file.h"
#include "sources/inner_address.h"

namespace plumb {
namespace {

bool IsListed(const std::vector<std::string>& hosts, const std::string& host) {
  return std::any_of(hosts.begin(), hosts.end(), [&](const std::string& pattern) {
    if (host.empty() || pattern == "file") return host.empty() && pattern == "file";
    if (pattern == "*" || pattern == host) return true;
    return pattern.starts_with("*.") && host.size() >= pattern.size() && host.ends_with(pattern.substr(1));
  });
}

}  // namespace

Status RemoteBasesFromSources::CheckHost(const std::string& host, std::string_view url) const {
  if (IsListed(options_.hosts, host)) return Ok();
  const std::string what = host.empty() ? "repositories on this machine ('file')" : fmt::format("host '{}'", host);
  return Denied(fmt::format("'{}': {} may not be asked for remote bases; allow it with --remote-bases, or vendor the base into the source",
                            url, what));
}

Result<kustomize::RemoteBases::Base> RemoteBasesFromSources::Fetch(std::string_view text) {
  PLUMB_TRY(url, kustomize::ParseRemoteUrl(text));
  PLUMB_OK(CheckHost(url.host, text));
  GitSpec spec;
  spec.url = url.repository;
  spec.revision = url.revision;
  spec.submodules = url.submodules;
  const auto own = ParseGitUrl(options_.own_url);
  if (own.ok() && !url.host.empty() && own->host == url.host) spec.credentials = options_.own_credentials;
  if (!options_.inner_addresses && !url.host.empty()) {
    PLUMB_TRY(addresses, ResolveOuter(url.host));
    spec.credentials.address = addresses.front();
  }
  GitOptions git = options_.git;
  git.list_timeout = std::max<Duration>(git.list_timeout, url.timeout);
  PLUMB_TRY(source, GitSource::Make(std::move(spec), std::move(git)));
  PLUMB_TRY(resolved, source->Resolve(stop_));
  return Base{resolved.tree, url.path};
}

Result<kustomize::RemoteBases::Base> RemoteBasesFromSources::Open(std::string_view url) {
  MutexLock lock(mu_);
  if (const auto known = bases_.find(url); known != bases_.end()) return known->second;
  if (bases_.size() + files_.size() >= options_.bases) return LimitExceeded(fmt::format("more than {} remote bases and files", options_.bases));
  PLUMB_TRY(base, Fetch(url), fmt::format("remote base '{}'", url));
  bases_.emplace(url, base);
  return base;
}

Result<std::string> RemoteBasesFromSources::ReadFile(std::string_view url) {
  MutexLock lock(mu_);
  if (const auto known = files_.find(url); known != files_.end()) return known->second;
  if (bases_.size() + files_.size() >= options_.bases) return LimitExceeded(fmt::format("more than {} remote bases and files", options_.bases));
  HttpFileOptions http;
  http.inner_addresses = options_.inner_addresses;
  http.bytes = options_.git.file_bytes;
  http.check = [this](const std::string& at) { return CheckHost(kustomize::HostOfUrl(at), at); };
  PLUMB_TRY(text, FetchHttpFile(std::string(url), http, stop_), "remote file");
  files_.emplace(url, text);
  return text;
}

}  // namespace plumb
