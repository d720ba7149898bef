#include "sources/git_url.h"

#include <fmt/core.h>

#include <algorithm>
#include <cctype>
#include <filesystem>

#include "core/tree.h"

namespace plumb {
namespace {

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

std::string Decode(std::string_view text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && HexDigit(text[i + 1]) >= 0 && HexDigit(text[i + 2]) >= 0) {
      plain += static_cast<char>(HexDigit(text[i + 1]) * 16 + HexDigit(text[i + 2]));
      i += 2;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

bool HasControl(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  return lower;
}

// host, host:port, user@host, user:password@[::1]:port. `escapes`: percent-encoded, as in an address with a scheme.
Status ParseAuthority(std::string_view text, bool escapes, GitUrl& url) {
  if (const size_t at = text.rfind('@'); at != std::string_view::npos) {
    const std::string_view who = text.substr(0, at);
    const size_t colon = who.find(':');
    url.user = escapes ? Decode(who.substr(0, colon)) : std::string(who.substr(0, colon));
    if (colon != std::string_view::npos) url.password = Decode(who.substr(colon + 1));
    if (HasControl(url.user) || HasControl(url.password))
      return Invalid("the user or password holds control characters");
    text.remove_prefix(at + 1);
  }
  const size_t bracket = text.starts_with('[') ? text.find(']') : 0;
  if (bracket == std::string_view::npos) return Invalid("a '[' in the host is not closed");
  const size_t colon = text.find(':', bracket);
  url.host = text.substr(0, colon);
  if (colon != std::string_view::npos) url.port = text.substr(colon + 1);
  if (url.host.empty()) return Invalid("the host is missing");
  if (url.host.starts_with('-') || url.user.starts_with('-')) return Invalid("a host or user may not begin with '-'");
  if (!std::all_of(url.port.begin(), url.port.end(), [](unsigned char c) { return std::isdigit(c); })) {
    return Invalid("the port is not a number");
  }
  return Ok();
}

std::string_view SchemeText(GitUrl::Scheme scheme) {
  switch (scheme) {
    case GitUrl::Scheme::kHttps: return "https";
    case GitUrl::Scheme::kHttp: return "http";
    case GitUrl::Scheme::kSsh: return "ssh";
    case GitUrl::Scheme::kFile: return "file";
  }
  return "";
}

Result<GitUrl> ParseWithScheme(std::string_view scheme, std::string_view rest) {
  GitUrl url;
  const std::string name = Lower(scheme);
  if (name == "https")
    url.scheme = GitUrl::Scheme::kHttps;
  else if (name == "http")
    url.scheme = GitUrl::Scheme::kHttp;
  else if (name == "ssh" || name == "git+ssh" || name == "ssh+git")
    url.scheme = GitUrl::Scheme::kSsh;
  else if (name == "file")
    url.scheme = GitUrl::Scheme::kFile;
  else
    return Invalid(fmt::format("scheme '{}' is not supported; use https, ssh, file or a path", scheme));

  const size_t slash = std::min(rest.find('/'), rest.size());
  const std::string_view authority = rest.substr(0, slash);
  url.path = rest.substr(slash);
  if (url.local()) {
    if (!authority.empty() && authority != "localhost")
      return Invalid("a file address has three slashes: file:///srv/repo.git");
    url.path = Decode(url.path);
    if (url.path.empty()) return Invalid("the path is missing");
    if (HasControl(url.path)) return Invalid("the path holds control characters");
    url.text = "file://" + std::string(rest.substr(slash));
    return url;
  }
  PLUMB_OK(ParseAuthority(authority, true, url));
  url.path.erase(0, url.path.find_first_not_of('/'));
  if (url.path.empty()) return Invalid("the path of the repository is missing");
  // A user of ssh belongs to the address; one of https goes to the credentials.
  const size_t at = authority.rfind('@');
  const bool shown = url.scheme == GitUrl::Scheme::kSsh && !url.user.empty();
  const std::string user = shown ? std::string(authority.substr(0, std::min(authority.find(':'), at))) + "@" : "";
  url.text = fmt::format("{}://{}{}{}{}/{}", SchemeText(url.scheme), user, url.host, url.port.empty() ? "" : ":",
                         url.port, url.path);
  return url;
}

std::string_view TrimRepositoryPath(std::string_view path) {
  while (path.ends_with('/')) path.remove_suffix(1);
  if (path.ends_with("/.git"))
    path.remove_suffix(5);
  else if (path.ends_with(".git"))
    path.remove_suffix(4);
  while (path.starts_with('/')) path.remove_prefix(1);
  return path;
}

std::string ComparisonKey(const GitUrl& url) {
  if (url.local()) return fmt::format("file:{}", TrimRepositoryPath(url.path));
  std::string path = Lower(TrimRepositoryPath(url.path));
  if (path.starts_with("scm/")) path.erase(0, 4);
  return fmt::format("{}/{}", Lower(url.host), path);
}

}  // namespace

std::string GitUrl::Origin() const {
  return fmt::format("{}://{}{}{}", SchemeText(scheme), host, port.empty() ? "" : ":", port);
}

Result<GitUrl> ParseGitUrl(std::string_view text) {
  if (text.empty()) return Invalid("the address of the git repository is empty");
  if (text.size() > 4096) return LimitExceeded("the address of the git repository is longer than 4096 bytes");
  if (HasControl(text)) return Invalid("the address of the git repository holds control characters");
  if (text.starts_with('-'))
    return Invalid(fmt::format("git repository '{}': an address may not begin with '-'", text));
  if (const size_t colons = text.find("://"); colons != std::string_view::npos) {
    auto url = ParseWithScheme(text.substr(0, colons), text.substr(colons + 3));
    if (!url.ok()) return std::move(url).error().Wrap("git repository address");
    return url;
  }
  if (text.find("::") < text.find('/')) {
    return Invalid(
        fmt::format("git repository '{}': remote helpers are not supported", text.substr(0, text.find("::"))));
  }
  const size_t colon = text.find(':');
  if (colon != std::string_view::npos && colon > 0 && colon < text.find('/')) {  // git@host:path
    GitUrl url{.scheme = GitUrl::Scheme::kSsh, .path = std::string(text.substr(colon + 1))};
    PLUMB_OK(ParseAuthority(text.substr(0, colon), false, url), "git repository address");
    if (url.path.empty()) return Invalid("git repository address: the path of the repository is missing");
    url.text = fmt::format("{}{}{}:{}", url.user, url.user.empty() ? "" : "@", url.host, url.path);
    return url;
  }
  std::error_code ignored;
  std::string path = std::filesystem::absolute(text, ignored).lexically_normal().string();
  return GitUrl{.path = path, .text = path};
}

Result<GitUrl> ResolveSubmoduleUrl(const GitUrl& base, std::string_view relative) {
  if (!relative.starts_with("./") && !relative.starts_with("../")) return ParseGitUrl(relative);
  // git resolves against the repository itself: "../other.git" is its sibling.
  std::string_view base_path = base.path;
  while (base_path.ends_with('/')) base_path.remove_suffix(1);
  PLUMB_TRY(path, JoinPath(base_path, relative), "submodule");
  const size_t at = base.text.rfind(base.path);
  const std::string prefix = at == std::string::npos ? "" : base.text.substr(0, at);
  return ParseGitUrl(prefix + (base.local() ? "/" : "") + path);
}

bool SameRepository(std::string_view a, std::string_view b) {
  const auto left = ParseGitUrl(a), right = ParseGitUrl(b);
  return left.ok() && right.ok() && ComparisonKey(*left) == ComparisonKey(*right);
}

}  // namespace plumb
